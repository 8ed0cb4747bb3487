//! Chains as scripts hold them, and where modules are sent in them.

use crate::rig::{Rig, on_script_thread};

/// What a chain of patterns a, b and c is after some code, as printed by the session's script.
fn after(code: &str) -> String {
    let mut rig = Rig::new();
    let patterns = "pattern('a', 'x .') pattern('b', '. x') pattern('c', 'x x')";
    rig.say(patterns).expect("they are good");
    rig.say(&format!("song = chain('song', {{'a', {{'b', 2}}}}) {code}")).unwrap_or_else(|e| panic!("{code}: {e}"));
    rig.say("print(script())").expect("there is one");
    let script = rig.printed.borrow().clone();
    script.lines().find(|line| line.starts_with("chain(")).unwrap_or_default().to_owned()
}

#[test]
fn what_is_done_with_a_chain() {
    on_script_thread(|| {
        for (code, expected) in [
            ("", r#"chain("song", {"a", {"b", 2}})"#),
            ("song:insert(1, 'c')", r#"chain("song", {"c", "a", {"b", 2}})"#),
            (
                "song:insert(#song + 1, {'c', transpose = -12})",
                r#"chain("song", {"a", {"b", 2}, {"c", transpose = -12}})"#,
            ),
            ("song:set(1, {'c', 99, rows = 1})", r#"chain("song", {{"c", 99, rows = 1}, {"b", 2}})"#),
            ("song:remove(1)", r#"chain("song", {{"b", 2}})"#),
            ("song:insert(3, 'c'):move(3, 1)", r#"chain("song", {"c", "a", {"b", 2}})"#),
            ("song:move(1, 2)", r#"chain("song", {{"b", 2}, "a"})"#),
            ("song:set(2, {'b', enabled = false})", r#"chain("song", {"a", {"b", enabled = false}})"#),
            (
                "song:set(2, {'b', follow = {next = 3, any = 1}})",
                r#"chain("song", {"a", {"b", follow = "any 1, next 3"}})"#,
            ),
            ("song:set(2, {pattern('b'), follow = 1})", r#"chain("song", {"a", {"b", follow = "1"}})"#),
            ("for n = 1, #song do song:set(n, song:get(n)) end", r#"chain("song", {"a", {"b", 2}})"#),
            (
                "assert(song:get(3) == nil and song == chain('song') and tostring(song) == 'song')",
                r#"chain("song", {"a", {"b", 2}})"#,
            ),
            ("remove(song)", ""),
        ] {
            assert_eq!(after(code), expected, "{code}");
        }
    });
}

#[test]
fn mistakes_with_chains_are_named() {
    on_script_thread(|| {
        let mut rig = Rig::new();
        rig.say("pattern('a', 'x .') song = chain('song', {'a'})").expect("good");
        for (line, expected) in [
            ("song:inset(1, 'a')", "chain song has no field or method \"inset\"; did you mean \"insert\"?"),
            ("song:move(1, 2)", "move: chain \"song\" has no such places; it has 1 entries"),
            ("song:remove(0)", "remove: the entries of a chain are numbered from 1"),
            ("song:set(1, 7)", "set: 7 is not a pattern; write its name, or {\"name\", 4}"),
            ("song[1] = 'a'", "write an entry with set, as in song:set(1, \"pattern\")"),
            ("song:set(1, {'a', 100})", "chain \"song\" entry 1: repeats from 1 to 99 are possible"),
            ("song:set(1, {'a', follow = 'nxt'})", "\"nxt\" cannot follow an entry; did you mean \"next\"?"),
            ("position('nobody')", "there is no module \"nobody\""),
        ] {
            let error = rig.say(line).expect_err(line).to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
    });
}
