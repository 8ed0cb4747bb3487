//! A module that misbehaves is named and silent; the rest plays on.

use crate::rig::Studio;

/// Renders with a constant 0.5 beside the misfit, and returns what is heard and what is said.
fn beside_a_constant(misfit: &str) -> (Vec<f32>, Vec<String>) {
    let mut studio = Studio::playing(&format!("constant(\"good\", {{value = 0.5}})\n{misfit}"));
    let [left, _] = studio.render(256);
    (left, studio.problems())
}

#[test]
#[cfg_attr(cantus_rtsan, ignore = "a panic allocates")]
fn a_panic_while_playing_silences_the_module_alone() {
    let mut studio = Studio::playing("constant('good', {value = 0.5})\nbad = panics('bad')");
    let [before, _] = studio.render(128);
    assert_eq!(before, [0.75; 128], "both play");
    studio.eval("getModule = engine:getModuleRegistry():getModule('bad'):trigger{}");
    let [after, _] = studio.render(256);
    assert_eq!(after, [0.5; 256], "the other plays on");
    let problems = studio.problems();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].starts_with("bad: it panicked and is silent from now on (a note was too much ("),
        "{problems:?}"
    );
    let [later, _] = studio.render(128);
    assert_eq!(later, [0.5; 128]);
}

#[test]
fn a_panic_when_made_is_a_status() {
    let (heard, said) = beside_a_constant("panics_when_made('bad')");
    assert_eq!(heard, [0.5; 256]);
    assert!(
        said[0]
            .starts_with("bad: plugin \"fixture.misfits\" could not make a PanicsWhenMade: it panicked: not today ("),
        "{said:?}"
    );
}

#[test]
fn a_refusal_when_made_is_a_status() {
    let (heard, said) = beside_a_constant("cannot_be_made('bad')");
    assert_eq!(heard, [0.5; 256]);
    assert_eq!(said, ["bad: plugin \"fixture.misfits\" could not make a CannotBeMade: its tables are missing"]);
}

#[test]
fn what_is_not_a_number_is_silenced() {
    let (heard, said) = beside_a_constant("not_finite('bad')");
    assert_eq!(heard, [0.5; 256]);
    assert_eq!(
        said,
        ["bad: its output was not a number and such quanta are silent; look for a division by zero in it"]
    );
}

#[test]
fn a_missing_sound_file_is_a_status() {
    let (heard, said) = beside_a_constant("sampler('kick').slots[2].file = 'nowhere.flac'");
    assert_eq!(heard, [0.5; 256]);
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("kick.slots[2].file: sound file \"nowhere.flac\": could not open it"), "{said:?}");
}

#[test]
fn a_module_whose_plugin_is_not_there_is_missing_and_the_rest_plays_on() {
    use cantus_host::model::Excerpt;
    use cantus_host::model::command::{AddModuleCommand, KeepTypeCommand, RemoveModuleCommand};
    use cantus_host::plugins::{ModuleRegistry, Search};

    let mut search = Search::default();
    search.add(&crate::rig::fixture("misfits"), true, false);
    let registry = std::sync::Arc::new(ModuleRegistry::load(&search, &[]));
    let mut studio = Studio::with(registry, crate::rig::pieces());
    studio.eval("panics('good')");
    let excerpt = Excerpt::of(crate::rig::registry().catalog().get("Hold").expect("the probes have it"));
    studio.send(KeepTypeCommand { module_type: "Hold".into(), excerpt: Some(excerpt) }).expect("it is not there");
    let add = |studio: &Studio| {
        let id = cantus_host::control::Commit::mint(studio.engine());
        studio.send(AddModuleCommand { module_type: "Hold".into(), name: "h".into(), id }).expect("it is known");
    };
    add(&studio);
    let missing = "h: no plugin provides the type Hold; install one that does, or remove h";
    assert_eq!(studio.problems(), [missing]);
    assert_eq!(studio.render(128)[0], [0.25; 128]);
    studio.send(RemoveModuleCommand { name: "h".into() }).expect("it is there");
    assert_eq!(studio.problems(), [""; 0]);
    add(&studio);
    assert_eq!(studio.render(128)[0], [0.25; 128]);
    assert_eq!(studio.problems(), [missing]);
}
