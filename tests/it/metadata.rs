//! What files say of themselves, on its way to the voices and to scripts.

use std::path::Path;

use crate::rig::{Studio, registry};
use crate::soundfiles::Coding;

/// Frames of a ramp.
const FRAMES: usize = 3_000;

/// Each frame tells which one it is, and floats hold it exactly.
fn ramp(frame: usize) -> f32 {
    (frame + 1) as f32 / 4_096.0
}

fn words<const BYTES: usize>(words: &[u32], bytes: fn(u32) -> [u8; BYTES]) -> Vec<u8> {
    words.iter().flat_map(|word| bytes(*word)).collect()
}

/// A ramp with root 72, a loop from frame 100 up to 200, and cues at 1000 and 2000. `kind` as WAV counts them: forward,
/// there and back, backward.
fn wav(kind: u32) -> Vec<u8> {
    let words = |of: &[u32]| words(of, u32::to_le_bytes);
    // Manufacturer, product, period, note, its fraction, SMPTE, loops; of the loop: id, kind, first, last, fraction, count.
    let sampler = words(&[0, 0, 0, 72, 0, 0, 0, 1, 0, 0, kind, 100, 199, 0, 0]);
    // Of each: id, place, chunk, its start, block's start, frame.
    let cues = words(&[2, 1, 0, 0, 0, 0, 1_000, 2, 0, 0, 0, 0, 2_000]);
    let sound = (0..FRAMES).map(|frame| ramp(frame).into()).collect();
    Coding::WavFloat(32).file_with(48_000, &[sound], &[(b"smpl", sampler), (b"cue ", cues)])
}

/// The same; the loop lies between the first two of four markers. `mode` as AIFF counts them: forward, there and back.
fn aiff(mode: u8) -> Vec<u8> {
    let marker = |id: u8, frame: u32| [&[0, id][..], &frame.to_be_bytes(), &[0, 0]].concat();
    let markers = [marker(1, 100), marker(2, 200), marker(3, 1_000), marker(4, 2_000)].concat();
    // Note, its detuning, ranges, gain; of the loop while the note is held, and of that after it: mode, begin, end.
    let instrument = [72, 0, 0, 127, 0, 127, 0, 0, 0, mode, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0];
    let sound = (0..FRAMES).map(|frame| ramp(frame).into()).collect();
    let others = [(b"INST", instrument.to_vec()), (b"MARK", [&[0, 4], &markers[..]].concat())];
    Coding::Aifc(b"fl32", 32).file_with(48_000, &[sound], &others)
}

/// A sampler `s` with a file in slot 1.
fn studio(folder: &Path, name: &str, bytes: &[u8]) -> Studio {
    std::fs::write(folder.join(name), bytes).expect("the folder can be written");
    let mut studio = Studio::with(registry(), folder.to_owned());
    studio.eval(&format!("s = sampler('s', {{interpolation = 'linear'}}) s.slots[1].file = '{name}'"));
    assert_eq!(studio.problems(), Vec::<String>::new());
    studio
}

/// The frame of the sound that is heard at frame `n` of a note that goes round the loop.
type Round = fn(usize) -> usize;

const FORWARD: Round = |n| if n < 200 { n } else { 100 + (n - 200) % 100 };
const BACKWARD: Round = |n| if n < 200 { n } else { 199 - (n - 200) % 100 };
const THERE_AND_BACK: Round = |n| match n.checked_sub(200).map(|late| late % 200) {
    None => n,
    Some(late) if late < 100 => 199 - late,
    Some(late) => late,
};

#[test]
fn the_loop_and_the_root_of_a_file_are_played() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let table: [(&str, Vec<u8>, Round); 5] = [
        ("forward.wav", wav(0), FORWARD),
        ("there-and-back.wav", wav(1), THERE_AND_BACK),
        ("backward.wav", wav(2), BACKWARD),
        ("forward.aifc", aiff(1), FORWARD),
        ("there-and-back.aifc", aiff(2), THERE_AND_BACK),
    ];
    for (name, bytes, round) in table {
        let mut studio = studio(folder.path(), name, &bytes);
        // At its root each frame is heard as it is.
        studio.eval("s = sampler('s') s.slots[1].style = 'loop' s:trigger{note = 72}");
        let heard = studio.render(FRAMES);
        let expected: Vec<f32> = (0..FRAMES).map(|n| ramp(round(n))).collect();
        let wrong = (0..FRAMES).find(|n| heard[0][*n] != expected[*n] || heard[1][*n] != expected[*n]);
        assert_eq!(wrong, None, "{name}: {:?}", wrong.map(|n| (heard[0][n], expected[n])));
    }
}

#[test]
fn the_cues_of_a_file_are_slices() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Of the AIFF, its loop's edges are markers, too.
    for (name, bytes, first) in [("x.wav", wav(0), 73), ("x.aifc", aiff(1), 75)] {
        for (note, begin) in [(first, 1_000), (first + 1, 2_000)] {
            let mut studio = studio(folder.path(), name, &bytes);
            studio.eval(&format!("s = sampler('s') s.slots[1].slice_by = 'cues' s:trigger{{note = {note}}}"));
            let [heard, _] = studio.render(1_100);
            // The first 5 ms are faded in without what is taken off, of the first slice the last 5 ms out.
            for (n, heard) in heard.iter().enumerate().take(760).skip(241) {
                assert_eq!(*heard, ramp(begin + n), "{name}, note {note}: frame {n}");
            }
            assert!(heard[1_000..].iter().all(|x| *x == 0.0), "{name}, note {note}: it ends with its slice");
        }
    }
}

#[test]
fn scripts_know_what_a_file_says() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut studio = studio(folder.path(), "x.wav", &wav(1));
    studio.eval(
        "s = sampler('s').slots[1]
         local known = s:sound()
         print(known.frames, known.seconds, known.channels, known.rate, known.format, known.root, #known.onsets)
         local loop, cue = known.loops[1], known.cues[2]
         print(#known.loops, loop.start == 100 / 3000, loop.finish == 200 / 3000, loop.mode)
         print(#known.cues, cue.frame, cue.seconds == 2000 / 48000, cue.place == 2000 / 3000)
         local halves, last = s:peaks(2), s:peaks(1, 0.999, 1, 1)
         print(halves[1].min * 4096, halves[1].max * 4096, halves[2].min * 4096, last[1].min * 4096)
         help(s)",
    );
    let printed = studio.printed();
    assert_eq!(printed[0], "3000\t0.0625\t1\t48000.0\tWAV\t72.0\t1");
    assert_eq!(printed[1], "1\ttrue\ttrue\tping_pong");
    assert_eq!(printed[2], "2\t2000\ttrue\ttrue");
    assert_eq!(printed[3], "1.0\t1500.0\t1501.0\t2998.0");
    let figures = "\n  0.062 s, 1 channel, WAV of 48000 Hz, 1 onset, 2 cues, root 72, loop 0.033 to 0.067 ping_pong\n";
    assert!(printed[4].contains(figures), "{}", printed[4]);
    assert!(printed[4].lines().nth(1).is_some_and(|outline| outline.ends_with("▇▇████")), "{}", printed[4]);
}

/// Whatever loads, a render stands still for it: what a timer finds does not depend on how fast the disk is.
#[test]
fn a_render_knows_a_sound_from_the_first_frame_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("x.wav"), wav(0)).expect("the folder can be written");
    let mut studio = Studio::with(registry(), folder.path().to_owned());
    studio.eval(
        "s = sampler('s') s.slots[1].file = 'x.wav'
         print(s.slots[1]:sound(), s.slots[1]:peaks(4))
         setTimeout(function() print(s.slots[1]:sound().frames, #s.slots[1]:peaks(4)) end, 0)",
    );
    studio.render(64);
    assert_eq!(studio.printed(), ["nil\tnil", "3000\t4"]);
}

#[test]
fn a_file_that_fails_is_silent_and_the_rest_plays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("broken.wav"), b"this is no sound, however one looks at it").expect("it can be");
    std::fs::write(folder.path().join("good.wav"), wav(0)).expect("it can be written");
    let mut studio = Studio::with(registry(), folder.path().to_owned());
    studio.eval(
        "s = sampler('s', {interpolation = 'linear', slots = {
             {file = 'broken.wav'}, {file = 'good.wav'}, {file = 'none.wav'}}})
         s:trigger{slot = 1} s:trigger{slot = 2, note = 72} s:trigger{slot = 3}",
    );
    let problems = studio.problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
    for (problem, slot, file) in [(&problems[0], 1, "broken.wav"), (&problems[1], 3, "none.wav")] {
        let begins = format!("s.slots[{slot}].file: sound file \"{file}\"");
        assert!(problem.starts_with(&begins), "{problem}");
        studio.eval(&format!("help(sampler('s').slots[{slot}]) print(sampler('s').slots[{slot}]:sound())"));
        let printed = studio.printed();
        let why = problem.split_once(": ").map(|(_, why)| why.to_owned()).unwrap_or_default();
        assert!(printed[0].contains(&format!("\n  {why}\n")), "{}", printed[0]);
        assert_eq!(printed[1], "nil");
    }
    let [heard, _] = studio.render(FRAMES);
    let expected: Vec<f32> = (0..FRAMES).map(ramp).collect();
    assert!(heard == expected, "{:?}", &heard[..8]);
}
