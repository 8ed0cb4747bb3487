//! Host and plugins of different times: what the contract promises of extensions that are released. The extensions here
//! are the tests' own, in two copies of a small contract (`tests/ages`), and no drafts.

use std::sync::Arc;

use cantus_host::plugins::{ModuleRegistry, Plugin, Search};

use crate::rig::fixture;

fn guest(age: &str) -> Arc<Plugin> {
    let mut search = Search::default();
    search.add(&fixture(&format!("{age}_guest")), true, false);
    let registry = ModuleRegistry::load(&search, &[]);
    assert_eq!(registry.failures(), &[], "whatever its extensions, the plugin is loaded");
    assert!(registry.instantiate("Guest", 1, 1, 48_000.0).is_ok(), "and can be used");
    registry.plugins()[0].clone()
}

#[test]
fn what_has_grown_is_used_as_far_as_both_know_it() {
    for (age, second) in [("old", None), ("new", Some(2))] {
        let plugin = guest(age);
        let known = plugin.extension::<ages_old::GrownRef>(ages_old::GROWN).expect("it has only grown");
        assert_eq!(known.expect("it is there").first()(), 1, "an old host, a plugin that is {age}");
        let known = plugin.extension::<ages_new::GrownRef>(ages_new::GROWN).expect("it has only grown");
        let known = known.expect("it is there");
        assert_eq!((known.first()(), known.second().map(|second| second())), (1, second), "a new host, {age}");
    }
}

#[test]
fn what_was_broken_is_refused_alone() {
    let broken = |said: Result<bool, String>| said.expect_err("it is not what it was");
    let (old, new) = (guest("old"), guest("new"));
    for said in [
        broken(old.extension::<ages_new::BrokenRef>(ages_new::BROKEN).map(|known| known.is_some())),
        broken(new.extension::<ages_old::BrokenRef>(ages_old::BROKEN).map(|known| known.is_some())),
    ] {
        assert!(said.starts_with("extension \"cantus.test.broken/1\" has another layout: "), "{said}");
        assert!(said.len() < 600, "short enough to read: {} bytes", said.len());
    }
    let known = old.extension::<ages_old::BrokenRef>(ages_old::BROKEN).expect("the same").expect("it is there");
    assert_eq!(known.only()(7), 7);
    let known = new.extension::<ages_new::BrokenRef>(ages_new::BROKEN).expect("the same").expect("it is there");
    assert_eq!(known.only()(7), 7);
}

#[test]
fn what_only_the_later_know_is_absent_in_the_earlier() {
    let later = |age: &str| guest(age).extension::<ages_new::LaterRef>(ages_new::LATER).expect("no other layout");
    assert!(later("old").is_none());
    assert_eq!(later("new").expect("it is there").new()(), 3);
}
