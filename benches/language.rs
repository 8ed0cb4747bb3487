//! What the language costs: `cargo bench --bench language`.
//!
//! Beside each row stands the bound it is measured against. Builds the plugins first if need be.

#[allow(dead_code)]
#[path = "../lua/tests/it/rig.rs"]
mod fake;
#[path = "../tests/it/rig.rs"]
mod rig;

use std::cell::RefCell;

use cantus_host::control::{Batch, Commit, Origin};
use cantus_host::model::Num;
use cantus_host::model::command::SetBPMCommand;
use divan::Bencher;
use divan::counter::ItemsCount;
use mlua::{Function, Lua, LuaString, UserData, UserDataMethods};
use rig::Studio;

fn main() {
    divan::main();
}

/// Sets in one call of Lua.
const SETS: usize = 1000;

/// The least that mlua can do for `h:set("key", v)`: what the next row is measured by.
#[divan::bench(sample_count = 200)]
fn a_thousand_bare_sets(bencher: Bencher) {
    struct Bare(f64);
    impl UserData for Bare {
        fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
            methods.add_method_mut("set", |_, this, (key, value): (LuaString, f64)| {
                this.0 += value + key.as_bytes().len() as f64;
                Ok(())
            });
        }
    }
    let lua = Lua::new();
    lua.globals().set("h", Bare(0.0)).expect("a state");
    let code = format!("return function() for n = 1, {SETS} do h:set('volume', n / {SETS}) end end");
    let sets: Function = lua.load(code).eval().expect("it is Lua");
    bencher.counter(ItemsCount::new(SETS)).bench_local(|| sets.call::<()>(()).expect("it runs"));
}

/// A parameter set through a handle, checked and done on the working copy; other values each time, in one evaluation: at
/// most 5 times the row before.
#[divan::bench(sample_count = 200)]
fn a_thousand_sets_through_a_handle(bencher: Bencher) {
    let mut studio = Studio::new();
    studio.say("kick = sampler('kick')").expect("it runs");
    let line = format!("for n = 1, {SETS} do kick.volume = n / {SETS} end kick.volume = 1");
    bencher.counter(ItemsCount::new(SETS)).bench_local(|| studio.say(&line).expect("it runs"));
}

/// The same, two parameters in turn: at most 5 times the first row.
#[divan::bench(sample_count = 200)]
fn a_thousand_sets_in_turn(bencher: Bencher) {
    let mut studio = Studio::new();
    studio.say("kick = sampler('kick')").expect("it runs");
    let line = format!(
        "for n = 1, {SETS} / 2 do kick.volume = n / {SETS} kick.pan = n / {SETS} end \
                        kick.volume, kick.pan = 1, 0"
    );
    bencher.counter(ItemsCount::new(SETS)).bench_local(|| studio.say(&line).expect("it runs"));
}

/// A callback that reads two fields of a session of 1,000 modules, with all that leads to it, while nothing else takes
/// the processor's caches: under 5 us.
#[divan::bench(sample_count = 2000, sample_size = 1)]
fn a_callback_that_reads_two_fields(bencher: Bencher) {
    let mut fake = fake::Rig::new();
    fake.say("for n = 1, 1000 do tone('t' .. n) end").expect("it runs");
    fake.say(
        "engine:onStateChange(function(state)
             heard_bpm = state.clock.bpm
             heard_volume = state.modules.t500.parameters.volume
         end)",
    )
    .expect("it runs");
    fake.script.tick();
    let fake = RefCell::new(fake);
    let mut bpm = 100.0;
    bencher
        .with_inputs(|| {
            bpm = if bpm > 900.0 { 100.0 } else { bpm + 1.0 };
            let fake = fake.borrow();
            // Callbacks hear of changes every 10 ms.
            fake.engine.seconds.set(fake.engine.seconds.get() + 0.02);
            let command = SetBPMCommand { bpm: Num::of(bpm), over: Num::ZERO };
            fake.engine.commit(Batch::new(Origin::Host, vec![command.into()])).expect("a tempo");
        })
        .bench_local_values(|()| _ = fake.borrow_mut().script.tick());
    let heard = fake.borrow_mut().say("return heard_bpm, heard_volume").expect("it runs").values;
    assert_eq!(heard, [bpm.to_string(), "1".to_owned()]);
}

/// A second of 10,000 timers that are not yet due, in a session without modules: under 10 ms (1 % of a core).
#[divan::bench(sample_count = 20)]
fn a_second_of_ten_thousand_timers(bencher: Bencher) {
    let mut studio = Studio::new();
    studio.say("for n = 1, 10000 do setTimeout(print, 3600000 + n) end").expect("it runs");
    bencher.bench_local(|| (0..750).for_each(|_| studio.tick()));
}

/// A timer that makes 3,000 tables at each call, beside 300,000 that are kept: one call with the garbage that is collected
/// behind it. The slowest, under 50 ms, the lookahead: else what a timer does comes too late.
#[divan::bench(sample_count = 1000, sample_size = 1)]
fn a_timer_that_makes_garbage_beside_much_that_is_kept(bencher: Bencher) {
    let mut fake = fake::Rig::with(|options| options.instructions = 100_000_000);
    fake.say(
        "kept = {} for n = 1, 300000 do kept[n] = {n} end
         setInterval(function() local made = {} for n = 1, 3000 do made[n] = {n} end end, 30)",
    )
    .expect("it runs");
    let fake = RefCell::new(fake);
    bencher
        .with_inputs(|| {
            let fake = fake.borrow();
            fake.engine.seconds.set(fake.engine.seconds.get() + 0.03);
        })
        .bench_local_values(|()| _ = fake.borrow_mut().script.tick());
}

/// A thousand coroutines that wait 10 ms each time, of which nothing is heard: the time of each turn.
#[divan::bench(sample_count = 20)]
fn a_thousand_turns(bencher: Bencher) {
    let mut studio = Studio::new();
    studio
        .say("for n = 1, 1000 do clock.run(function() while true do clock.sleep(0.01) end end) end")
        .expect("it runs");
    let studio = RefCell::new(studio);
    let bencher = bencher.counter(ItemsCount::new(1000usize));
    bencher.with_inputs(|| studio.borrow_mut().skip(480)).bench_local_values(|()| studio.borrow_mut().tick());
}
