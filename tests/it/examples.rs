//! The pieces are worth hearing, and every example in every manifest runs.

use cantus_host::control::Commit;
use cantus_host::model::command::RemoveModuleCommand;
use cantus_host::model::{Model, Name};
use cantus_manifest::Kind;

use crate::rig::{Studio, peak, registry, rms};

const PIECES: [&str; 5] = ["beat.lua", "chords.lua", "chop.lua", "sixteen.lua", "tracker.lua"];
/// Those of many voices.
const SONGS: [&str; 3] = ["beat.lua", "chords.lua", "sixteen.lua"];

fn model(studio: &Studio) -> std::sync::Arc<Model> {
    studio.engine().state().model.clone()
}

/// Frames of one bar.
fn bar(model: &Model) -> usize {
    (model.signature.beats_per_bar() * 60.0 / model.bpm.get() * 48_000.0).round() as usize
}

fn instruments(studio: &Studio) -> Vec<Name> {
    let catalog = studio.engine().catalog();
    let is = |m: &cantus_host::model::Module| {
        catalog.get(&m.module_type).is_some_and(|t| t.manifest.kind == Kind::Instrument)
    };
    model(studio).modules.iter().filter(|(_, m)| is(m)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn pieces_are_heard_and_do_not_clip() {
    for piece in PIECES {
        let mut studio = Studio::piece(piece);
        let frames = 16 * bar(&model(&studio));
        let [left, right] = studio.render(frames);
        let highest = peak(&left).max(peak(&right));
        assert!((0.3..1.0).contains(&highest), "{piece}: peak {highest}");
        assert!(rms(&left) > 0.03 && rms(&right) > 0.03, "{piece}: rms {} {}", rms(&left), rms(&right));
        assert_eq!(studio.problems(), Vec::<String>::new(), "{piece}");
    }
}

#[test]
fn no_voice_is_over_half_of_a_song() {
    for piece in SONGS {
        let mut studio = Studio::piece(piece);
        let frames = 16 * bar(&model(&studio));
        let all = rms(&studio.render(frames)[0]);
        let names = instruments(&studio);
        assert!(names.len() >= 3, "{piece}");
        let share = |name: &Name| {
            let mut alone = Studio::piece(piece);
            for other in names.iter().filter(|n| *n != name) {
                alone.send(RemoveModuleCommand { name: other.clone() }).expect("it is there");
            }
            (rms(&alone.render(frames)[0]) / all * 100.0).round()
        };
        let shares: Vec<(&Name, f64)> = names.iter().map(|name| (name, share(name))).collect();
        let fair = shares.iter().all(|(_, percent)| (1.0..=50.0).contains(percent));
        assert!(fair, "{piece}: per cent of the whole: {shares:?}");
    }
}

#[test]
fn pieces_vary_over_sixteen_bars() {
    for piece in PIECES {
        let mut studio = Studio::piece(piece);
        let bar = bar(&model(&studio));
        let mut bars: Vec<Vec<u32>> = Vec::new();
        for _ in 0..16 {
            let [left, _] = studio.render(bar);
            let levels = left.chunks(bar / 16).map(|part| (rms(part) * 200.0).round() as u32).collect();
            if !bars.contains(&levels) {
                bars.push(levels);
            }
        }
        assert!(bars.len() >= 8, "{piece}: {} different bars of 16", bars.len());
    }
}

/// Every sequencer's onsets, seen through a module that clicks, are those its pattern has written down.
#[test]
fn onsets_of_pieces_are_those_written() {
    // What a tracker's steps leave to chance and conditions is not read off their rows.
    for piece in PIECES.into_iter().filter(|piece| *piece != "tracker.lua") {
        let wanted = model(&Studio::piece(piece));
        let catalog = registry().catalog().clone();
        let steps_of = |name: &str| {
            let module = wanted.modules.get(name)?;
            let known = catalog.get(&module.module_type)?;
            let (index, _) = known.manifest.params.iter().enumerate().find(|(_, p)| p.kind.is_data())?;
            let cantus_host::model::Value::Text(pattern) = &module.params[index] else { return None };
            wanted.patterns.get(pattern)
        };
        let mut checked = 0;
        for name in wanted.modules.keys() {
            let Some(pattern) = steps_of(name) else { continue };
            let bars = 4;
            let frames = bars * bar(&wanted);
            let (bpm, speed) = (wanted.bpm.get(), pattern.steps_per_beat.get());
            let mut written: Vec<usize> = Vec::new();
            for cycle in 0.. {
                let row =
                    |r: u32| ((f64::from(cycle * pattern.rows + r) / speed) * 60.0 / bpm * 48_000.0).round() as usize;
                if row(0) >= frames {
                    break;
                }
                written.extend(pattern.steps.keys().map(|cell| row(cell.row)).filter(|n| *n < frames));
            }
            written.dedup();
            let mut studio = Studio::piece(piece);
            for other in instruments(&studio) {
                studio.send(RemoveModuleCommand { name: other }).expect("it is there");
            }
            studio.eval(&format!("connect('{name}', click('probe'))  connect('probe', out)"));
            let [left, _] = studio.render(frames);
            let heard: Vec<usize> = (0..frames).filter(|n| left[*n] != 0.0).collect();
            assert_eq!(heard, written, "{piece}: {name}");
            checked += 1;
        }
        assert!(checked >= 3, "{piece}");
    }
}

#[test]
fn every_example_of_every_manifest_runs() {
    let mut run = 0;
    for plugin in registry().plugins() {
        for module in &plugin.manifest.modules {
            assert!(
                !module.examples.is_empty() || plugin.manifest.plugin.id.starts_with("fixture."),
                "{} has no example",
                module.name
            );
            for example in &module.examples {
                let mut studio = Studio::new();
                if let Err(error) = studio.try_eval(&example.code) {
                    panic!("{}, \"{}\": {error}\n{}", module.name, example.doc, example.code);
                }
                studio.start();
                studio.render(4_800);
                run += 1;
            }
        }
    }
    assert!(run >= 5, "{run}");
}

/// What a preset says is what the module then holds.
#[test]
fn every_preset_of_every_manifest_is_set() {
    let (mut set, registry) = (0, registry());
    for module in registry.plugins().iter().flat_map(|plugin| &plugin.manifest.modules) {
        for preset in &module.presets {
            let mut studio = Studio::new();
            studio.eval(&format!("preset(make('{}', 'x'), '{}')", module.name, preset.key));
            let model = model(&studio);
            let made = model.modules.get("x").expect("it was made");
            for (slot, key, setting) in preset.settings() {
                let index = |params: &[cantus_manifest::Param]| params.iter().position(|param| param.key == key);
                let value = match (slot, &module.slots) {
                    (Some(slot), Some(slots)) => {
                        &made.slots[usize::from(slot)][index(&slots.params).expect("it is one")]
                    }
                    _ => &made.params[index(&module.params).expect("it is one")],
                };
                assert_eq!(value.to_string(), setting.to_string(), "{}: {}: {key}", module.name, preset.key);
            }
            studio.start();
            studio.render(4_800);
            set += 1;
        }
    }
    assert!(set >= 10, "{set}");
}
