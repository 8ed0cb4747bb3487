//! Folders of sounds, and slots by their names.

use crate::rig::Studio;

#[test]
fn a_folder_fills_the_slots() {
    let mut studio = Studio::new();
    studio.say("kit = sampler('kit', {samples = 'samples'})").expect("there are fewer than slots");
    studio.say("print(kit.slots[1].file, kit.slots[1].name, kit.slots.bd_haus.file)").expect("they have names");
    assert_eq!(studio.printed(), ["samples/ambi_choir.flac\tambi_choir\tsamples/bd_haus.flac"]);
    studio.say("kit.slots.bd_haus = {gain = 0.5} kit:trigger{slot = 'bd_haus'}").expect("it is there");
    studio.start();
    let heard = studio.render(4800);
    assert!(crate::rig::peak(&heard[0]) > 0.1);
    // By a list, under names of one's own.
    studio.say("few = sampler('few', {samples = {'bd_808.flac', 'perc_snap.flac'}})").expect("they are there");
    studio.say("few.slots[2].name = 'clap' print(few.slots.clap.file, few.slots.bd_808.name)").expect("it is renamed");
    assert_eq!(studio.printed(), ["perc_snap.flac\tbd_808"]);
}

#[test]
fn what_is_no_bank_is_refused() {
    let mut studio = Studio::new();
    studio.say("kit = sampler('kit', {samples = {'bd_808.flac'}})").expect("it is there");
    for (line, expected) in [
        ("kit:trigger{slot = 'bd_809'}", "kit has no slot called \"bd_809\"; did you mean \"bd_808\"?"),
        ("kit.slots.sn.gain = 1", "kit has no slot called \"sn\""),
        ("gain('g', {samples = 'samples'})", "g.samples: Gain has no slots for sounds"),
        ("sampler('s', {samples = 'nowhere'})", "s.samples = \"nowhere\": could not read it"),
        ("sampler('s', {samples = 1})", "s.samples takes a folder or a list of sound files, not 1"),
        ("sampler('s', {samples = {true}})", "each of a list of samples must be text, not true"),
    ] {
        let error = studio.say(line).expect_err(line).to_string();
        assert!(error.contains(expected), "{line}: {error}");
    }
}
