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
fn a_folder_as_a_file_fills_the_slots_from_there_on() {
    let mut studio = Studio::new();
    let count = std::fs::read_dir(crate::rig::pieces().join("samples")).expect("it is there").flatten();
    let count = count.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "flac")).count();
    for (line, first) in [
        ("k.slots[5].file = 'samples'", 5),
        ("k.slots[3] = {file = 'samples/', gain = 0.5}", 3),
        ("k = sampler('k', {slots = {{}, {file = 'samples'}}})", 2),
        ("setParam('k.slots[7].file', 'samples')", 7),
        // As late as it goes.
        ("k.slots[#k.slots - 27 + 1].file = 'samples'", 128 - 27 + 1),
    ] {
        assert_eq!(count, 27);
        studio.say("remove('k')").ok();
        studio.say("k = sampler('k')").expect("it is made");
        studio.say(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let last = first + count - 1;
        studio
            .say(&format!(
                "local before, behind = k.slots[{}], {last} < #k.slots and k.slots[{}].file or ''
                 print(before.file .. behind, k.slots[{first}].file, k.slots[{first}].name, k.slots[{last}].name)",
                first - 1,
                last + usize::from(last < 128),
            ))
            .expect("they are there");
        assert_eq!(studio.printed(), ["\tsamples/ambi_choir.flac\tambi_choir\tvinyl_scratch"], "{line}");
    }
    assert_eq!(studio.problems(), Vec::<String>::new());
    // What a list says of slots behind it goes before it.
    studio
        .say("m = sampler('m', {slots = {{file = 'samples'}, {file = 'bd_808.flac', name = 'own'}}})")
        .expect("it is");
    studio.say("print(m.slots[2].file, m.slots[2].name, m.slots[3].name)").expect("they are there");
    assert_eq!(studio.printed(), ["bd_808.flac\town\tbass_hit_c"]);
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
        (
            "kit.slots[103].file = 'samples'",
            "kit.slots[103]: 27 sounds do not fit into 26 slots from there on; set those that you want one by one",
        ),
        ("kit.slots[1].file = '..'", "kit.slots[1].file = \"..\": it has no sound files; name a folder that has some"),
        ("sampler('s', {samples = 1})", "s.samples takes a folder or a list of sound files, not 1"),
        ("sampler('s', {samples = {true}})", "each of a list of samples must be text, not true"),
    ] {
        let error = studio.say(line).expect_err(line).to_string();
        assert!(error.contains(expected), "{line}: {error}");
    }
}
