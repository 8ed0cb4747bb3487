//! The same session renders to the same bytes: twice, and at any device block size.

use crate::rig::Studio;

const FRAMES: usize = 48_000 * 4;

fn bits(wave: [Vec<f32>; 2]) -> Vec<u32> {
    wave.iter().flatten().map(|x| x.to_bits()).collect()
}

fn check(piece: &str) {
    let first = bits(Studio::piece(piece).render(FRAMES));
    assert!(first.iter().any(|b| *b != 0), "{piece} sounds");
    for block in [1, 32, 64, 441, 512, 4096] {
        let again = bits(Studio::piece(piece).render_in_blocks(FRAMES, block));
        let at = first.iter().zip(&again).position(|(a, b)| a != b);
        assert_eq!(at, None, "{piece} in blocks of {block}: first difference");
    }
}

#[test]
fn a_beat_renders_to_the_same_bytes() {
    check("beat.lua");
}

#[test]
fn chords_render_to_the_same_bytes() {
    check("chords.lua");
}

#[test]
fn sixteen_tracks_render_to_the_same_bytes() {
    check("sixteen.lua");
}
