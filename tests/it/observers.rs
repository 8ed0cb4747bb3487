//! Who is told of changes, how often, and because of what.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use cantus_host::control::{Batch, Commit, CommitError, Notice, Observers, Origin, Subscription};
use cantus_host::model::Num;
use cantus_host::model::command::SetBPMCommand;

use crate::rig::Studio;

fn tempo(bpm: f64) -> Batch {
    Batch::new(Origin::Host, vec![SetBPMCommand { bpm: Num::of(bpm), over: Num::ZERO }.into()])
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Somebody who writes down the tempi they are told.
fn listener(observers: &Observers) -> (Rc<RefCell<Vec<f64>>>, Subscription) {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let ear = heard.clone();
    let listen = move |notice: &Notice| {
        ear.borrow_mut().push(notice.state.model.bpm.get());
        Ok(())
    };
    (heard, observers.subscribe(listen))
}

#[test]
fn many_changes_are_one_notice_and_none_are_none() {
    let studio = Studio::new();
    let engine = studio.engine();
    let observers = Observers::since(&engine.state());
    let (heard, subscription) = listener(&observers);
    observers.dispatch(&engine.state(), ms(0));
    for bpm in [100.0, 110.0, 120.0, 130.0] {
        engine.commit(tempo(bpm)).expect("a tempo");
    }
    observers.dispatch(&engine.state(), ms(1));
    engine.commit(tempo(140.0)).expect("a tempo");
    // Too soon after the last, and then in one with what comes until then.
    observers.dispatch(&engine.state(), ms(10));
    engine.commit(tempo(150.0)).expect("a tempo");
    observers.dispatch(&engine.state(), ms(11));
    observers.dispatch(&engine.state(), ms(100));
    // The clock goes on, the state does not.
    assert_eq!(*heard.borrow(), [130.0, 150.0]);
    drop(subscription);
    engine.commit(tempo(160.0)).expect("a tempo");
    observers.dispatch(&engine.state(), ms(200));
    assert_eq!(*heard.borrow(), [130.0, 150.0]);
}

#[test]
fn callbacks_come_and_go_inside_of_callbacks() {
    let studio = Studio::new();
    let engine = studio.engine();
    let observers = Observers::since(&engine.state());
    let slots: Rc<RefCell<Vec<Option<Subscription>>>> = Rc::default();
    let calls = Rc::new(RefCell::new(Vec::new()));
    let add = |name: &'static str, act: Box<dyn Fn()>| {
        let calls = calls.clone();
        observers.subscribe(move |_| {
            calls.borrow_mut().push(name);
            act();
            Ok(())
        })
    };
    let (mine, told, late) = (slots.clone(), calls.clone(), observers.clone());
    let first = add(
        "first",
        Box::new(move || {
            // It ends itself and the next, and begins another.
            let told = told.clone();
            let third = late.subscribe(move |_| {
                told.borrow_mut().push("third");
                Ok(())
            });
            let ended = std::mem::replace(&mut *mine.borrow_mut(), vec![Some(third)]);
            drop(ended);
        }),
    );
    let second = add("second", Box::new(|| ()));
    slots.borrow_mut().extend([Some(first), Some(second)]);
    for (bpm, now) in [(100.0, 0), (110.0, 20), (121.0, 40)] {
        engine.commit(tempo(bpm)).expect("a tempo");
        observers.dispatch(&engine.state(), ms(now));
    }
    assert_eq!(*calls.borrow(), ["first", "third", "third"]);
}

#[test]
fn one_that_fails_is_reported_and_kept() {
    let studio = Studio::new();
    let engine = studio.engine();
    let observers = Observers::since(&engine.state());
    let count = Rc::new(Cell::new(0));
    let times = count.clone();
    let bad = observers.subscribe(move |_| {
        times.set(times.get() + 1);
        if times.get() == 2 { panic!("on purpose") } else { Err("out of luck".into()) }
    });
    let (heard, _good) = listener(&observers);
    let mut failures = Vec::new();
    for n in 0..3u32 {
        engine.commit(tempo(f64::from(n) + 100.0)).expect("a tempo");
        failures.extend(observers.dispatch(&engine.state(), ms(u64::from(n) * 20)));
    }
    let what = |text: &str| format!("a callback on changes of the state failed and is kept: {text}");
    assert_eq!(failures, [what("out of luck"), what("it panicked; please report it"), what("out of luck")]);
    assert_eq!(heard.borrow().len(), 3);
    drop(bad);
}

/// Two callbacks that answer each other for ever are cut after eight; a person in between starts it anew.
#[test]
fn a_cascade_is_cut() {
    let studio = Rc::new(Studio::new());
    let observers = Observers::since(&studio.engine().state());
    let errors: Rc<RefCell<Vec<CommitError>>> = Rc::default();
    let (shared, failed) = (studio.clone(), errors.clone());
    let _answer = observers.subscribe(move |notice| {
        let bpm = notice.state.model.bpm.get() + 1.0;
        let batch = Batch { origin: Origin::Callback("song.lua".into()), ..tempo(bpm) }.because(notice.cause);
        let answer = shared.engine().commit(batch);
        answer.map(drop).or_else(|e| {
            failed.borrow_mut().push(e);
            Ok(())
        })
    });
    let bpm = || studio.engine().state().model.bpm.get();
    for (start, end, from) in [(100.0, 108.0, 0), (200.0, 208.0, 1000)] {
        studio.engine().commit(tempo(start)).expect("a tempo");
        (0..100).for_each(|n| drop(observers.dispatch(&studio.engine().state(), ms(from + 10 * n))));
        assert_eq!(bpm(), end);
    }
    assert_eq!(*errors.borrow(), [CommitError::Cascade, CommitError::Cascade]);
}
