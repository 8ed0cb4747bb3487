//! What is done at one look at what is due: how much, what of that which asks for too much, and how it ends.

use std::cell::RefCell;
use std::rc::Rc;

use cantus_lua::Options;

use crate::rig::{Rig, on_script_thread};

/// A rig whose complaints are kept.
fn rig(change: impl FnOnce(&mut Options)) -> (Rig, Rc<RefCell<Vec<String>>>) {
    let complaints = Rc::<RefCell<Vec<String>>>::default();
    let heard = complaints.clone();
    let rig = Rig::with(|options| {
        options.complain = Box::new(move |error| heard.borrow_mut().push(error.to_string()));
        change(options);
    });
    (rig, complaints)
}

#[test]
fn whoever_waits_comes_between_what_takes_long() {
    on_script_thread(|| {
        let (mut rig, _) = rig(|options| options.instructions = 200_000);
        let spin = "for i = 1, 30 do clock.run(function() print(i) while true do end end) end";
        let busy = "for i = 1, 30 do clock.run(function() print(i) for n = 1, 6000 do end end) end";
        let told = "for i = 1, 30 do engine:onStateChange(function() print(i) for n = 1, 6000 do end end) end";
        // How many begin at a look: of what never ends one, of what takes half of a look's share a few.
        for (code, at_once) in [(spin, 1..=1), (busy, 2..=4), (told, 2..=4)] {
            rig.say("hush()").expect("runs");
            rig.script.tick();
            rig.printed.take();
            rig.say(code).expect("runs");
            rig.say("bpm(bpm() + 1)").expect("runs");
            rig.engine.seconds.set(rig.engine.seconds.get() + 1.0);
            let mut all = Vec::new();
            for _ in 0..30 {
                rig.script.tick();
                let printed = rig.printed.take();
                let now: Vec<&str> = printed.lines().collect();
                assert!(
                    now.is_empty() || at_once.contains(&now.len()) || all.len() + now.len() == 30,
                    "{code}: {now:?}"
                );
                all.extend(now.into_iter().map(String::from));
            }
            // None is lost, and none comes twice.
            assert_eq!(all, (1..=30).map(|i: i32| i.to_string()).collect::<Vec<_>>(), "{code}");
        }
    });
}
