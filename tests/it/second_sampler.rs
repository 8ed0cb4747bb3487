//! A sampler that a stranger has written against the SDK takes the place of the bundled one: the pieces play on.

use std::sync::Arc;

use cantus_host::plugins::{Choice, ModuleRegistry, Search};

use crate::cli::{cantus, path, text};
use crate::rig::{Studio, bundled, fixture, pieces, rms};

const CHOICE: &str = "MultiSampler=fixture.second-sampler";

/// The bundled plugins and the stranger's.
fn search() -> Search {
    let mut search = Search::default();
    search.add(&bundled(), false, true);
    search.add(&fixture("second_sampler"), true, false);
    search
}

fn strangers() -> Arc<ModuleRegistry> {
    let choice: Choice = CHOICE.parse().expect("a type and a plugin");
    let registry = ModuleRegistry::load(&search(), &[choice]);
    assert_eq!(registry.failures(), &[], "all of them load");
    Arc::new(registry)
}

#[test]
fn it_is_chosen_and_never_taken_by_itself() {
    let provider = |registry: &ModuleRegistry| registry.provider("MultiSampler").map(|p| p.manifest.plugin.id.clone());
    assert_eq!(provider(&ModuleRegistry::load(&search(), &[])).as_deref(), Some("cantus.multi-sampler"));
    assert_eq!(provider(&strangers()).as_deref(), Some("fixture.second-sampler"));
}

#[test]
fn every_piece_plays_with_it_unchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let plugin = fixture("second_sampler");
    let mut seen = 0;
    for piece in std::fs::read_dir(pieces()).expect("the pieces are there").flatten().map(|entry| entry.path()) {
        if piece.extension().is_none_or(|extension| extension != "lua") {
            continue;
        }
        let out = folder.path().join("out.wav");
        let bars = ["render", path(&piece), "-o", path(&out), "--bars", "8"];
        let output = cantus(&[&bars[..], &["--plugins", path(&plugin), "--use", CHOICE]].concat());
        assert!(output.status.success(), "{}: {}", piece.display(), text(&output.stderr));
        let mut reader = hound::WavReader::open(&out).expect("a sound file");
        let scale = 2.0f64.powi(i32::from(reader.spec().bits_per_sample) - 1);
        let samples: Vec<f32> = match reader.spec().sample_format {
            hound::SampleFormat::Float => reader.samples::<f32>().map(|x| x.expect("a sample")).collect(),
            hound::SampleFormat::Int => {
                reader.samples::<i32>().map(|x| (f64::from(x.expect("a sample")) / scale) as f32).collect()
            }
        };
        assert!(rms(&samples) > 0.01, "{}: rms {}", piece.display(), rms(&samples));
        seen += 1;
    }
    assert!(seen >= 5, "{seen} pieces");
}

/// What is heard, left and right, of a second with this sampler.
fn heard(options: &str, notes: &str) -> [f64; 2] {
    let mut studio = Studio::with(strangers(), pieces());
    studio.eval(&format!("k = sampler('k', {{{options}}}) {notes}"));
    let [left, right] = studio.render(48_000);
    assert_eq!(studio.problems(), Vec::<String>::new());
    [rms(&left), rms(&right)]
}

#[test]
fn what_matters_is_heard() {
    let hat = "slots = { {file = 'drum_cymbal_open.flac', choke = 1}, {file = 'drum_cymbal_open.flac', choke = 1} }";
    let note = "k:trigger{length = 4}";
    let [left, right] = heard(hat, note);
    assert!(left > 0.005 && right > 0.005, "{left} {right}");
    type Expected = fn(f64, f64) -> bool;
    let softer: Expected = |was, is| (0.45..0.55).contains(&(is / was));
    let shorter: Expected = |was, is| is < 0.9 * was && is > 0.0;
    let silent: Expected = |_, is| is == 0.0;
    let slot = |more: &str| format!("slots = {{ {{file = 'drum_cymbal_open.flac', {more}}} }}");
    let rows: &[(&str, String, &str, Expected)] = &[
        ("velocity", hat.into(), "k:trigger{velocity = 0.5, length = 4}", softer),
        ("volume", format!("volume = 0.5, {hat}"), note, softer),
        ("gain", slot("gain = 0.5"), note, softer),
        ("pan", format!("pan = 1, {hat}"), note, silent),
        ("pan of a slot", slot("pan = 1"), note, silent),
        ("no slot", hat.into(), "k:trigger{slot = 3, length = 4}", silent),
        ("another slot", hat.into(), "k:trigger{slot = 2, length = 4}", |was, is| was == is),
        ("pitch", hat.into(), "k:trigger{note = 84, length = 4}", shorter),
        ("root", slot("root = 36"), "k:trigger{note = 60, length = 4}", shorter),
        ("tune", slot("tune = 1200"), note, shorter),
        ("speed", format!("speed = 4, {hat}"), note, shorter),
        ("length", hat.into(), "k:trigger{length = 0.1}", shorter),
        ("no gate", slot("gate = false"), "k:trigger{length = 0.1}", |was, is| was == is),
        ("release", format!("release = 4, {hat}"), "k:trigger{length = 0.1}", |was, is| is > 0.6 * was),
        ("attack", format!("attack = 0.5, {hat}"), note, shorter),
        ("sustain", format!("sustain = 0, decay = 0.1, {hat}"), note, shorter),
        // The other slot is silent, and ends this one.
        (
            "choke",
            hat.into(),
            "k.slots[2].gain = 0 k:trigger{length = 4} setTimeout(function() k:trigger{slot = 2} end, 100)",
            shorter,
        ),
    ];
    for (what, options, notes, expected) in rows {
        let is = heard(options, notes)[0];
        assert!(expected(left, is), "{what}: {is}, plain {left}");
    }
}
