//! Who goes, who fades, who is released.

use super::*;

/// A voice is a constant; the rate makes a fade 4 frames.
fn pool(most: usize) -> Voices<f32> {
    Voices::new(most, 800.0)
}

fn heard(pool: &mut Voices<f32>, frames: usize) -> Vec<f32> {
    let mut out = vec![0.0; frames];
    pool.render([&mut out], |voice, [out]| {
        out.iter_mut().for_each(|x| *x += *voice);
        *voice > 0.0
    });
    out
}

fn notes(pool: &Voices<f32>) -> Vec<u32> {
    let mut notes: Vec<u32> = pool.iter().map(|(note, _)| note.0).collect();
    notes.sort_unstable();
    notes
}

#[test]
fn released_and_oldest_first_then_oldest() {
    for (released, left) in [(&[][..], [2, 3, 4]), (&[3][..], [1, 2, 4]), (&[3, 2][..], [1, 3, 4])] {
        let mut pool = pool(3);
        (1..=3).for_each(|n| _ = pool.start(NoteId(n), 1.0));
        heard(&mut pool, 1);
        released.iter().for_each(|n| pool.release(NoteId(*n), |_| {}));
        pool.start(NoteId(4), 1.0);
        assert_eq!(notes(&pool), left, "released {released:?}");
    }
}

#[test]
fn layers_do_not_steal_one_another_while_others_sound() {
    let mut pool = pool(3);
    pool.start(NoteId(1), 1.0);
    pool.start(NoteId(2), 1.0);
    (0..3).for_each(|_| _ = pool.start(NoteId(3), 1.0));
    assert_eq!(notes(&pool), [3, 3, 3]);
    pool.clear();
    pool.limit(2);
    (1..=2).for_each(|n| _ = pool.start(NoteId(n), 1.0));
    pool.start(NoteId(1), 1.0);
    assert_eq!(notes(&pool), [1, 1], "the other one goes, though it came later");
    pool.clear();
    (0..3).for_each(|_| _ = pool.start(NoteId(3), 1.0));
    pool.start(NoteId(3), 7.0);
    assert_eq!(pool.of(NoteId(3)).map(|v| *v).fold(0.0, f32::max), 7.0);
    assert_eq!(pool.len(), 3);
}

#[test]
fn what_is_stolen_or_choked_fades_in_5_ms() {
    for what in ["stolen", "choked", "of a group", "all"] {
        let mut pool = pool(1);
        pool.start(NoteId(1), 1.0);
        assert_eq!(heard(&mut pool, 2), [1.0, 1.0], "{what}");
        match what {
            "stolen" => _ = pool.start(NoteId(2), 0.5),
            "choked" => pool.choke(NoteId(1)),
            "of a group" => pool.choke_if(|voice| *voice == 1.0),
            _ => pool.choke_all(),
        }
        let rest = if what == "stolen" { 0.5 } else { 0.0 };
        let fade = [0.75, 0.5, 0.25, 0.0, 0.0].map(|gain| gain + rest);
        assert_eq!([heard(&mut pool, 3), heard(&mut pool, 2)].concat(), fade, "{what}");
        assert_eq!(pool.is_empty(), what != "stolen", "{what}");
    }
}

#[test]
fn what_was_never_heard_does_not_fade() {
    let mut pool = pool(1);
    (0..100).for_each(|n| _ = pool.start(NoteId(n), 1.0));
    assert_eq!(heard(&mut pool, 3), [1.0; 3]);
}

#[test]
fn the_softest_is_cut_when_there_is_no_place_to_fade() {
    let mut pool = pool(2); // two sound, two fade
    (1..=2).for_each(|n| _ = pool.start(NoteId(n), 1.0));
    heard(&mut pool, 1);
    pool.release(NoteId(2), |_| {});
    pool.start(NoteId(3), 1.0);
    heard(&mut pool, 1); // 2 is at 0.75
    pool.start(NoteId(4), 1.0);
    heard(&mut pool, 1); // 2 is at 0.5, 1 at 0.75
    pool.start(NoteId(5), 1.0);
    assert_eq!(notes(&pool), [4, 5]);
    assert_eq!(heard(&mut pool, 1), [2.0 + 0.75 + 0.5], "3 fades beside 1, and 2 is cut");
}

#[test]
fn each_voice_is_released_once_and_ends_when_it_says() {
    let mut pool = pool(4);
    pool.start(NoteId(1), 1.0);
    pool.start(NoteId(1), 2.0);
    pool.start(NoteId(2), 4.0);
    let mut released = Vec::new();
    pool.release(NoteId(1), |voice| released.push(*voice));
    pool.release_all(|voice| released.push(*voice));
    assert_eq!(released, [1.0, 2.0, 4.0]);
    pool.of(NoteId(1)).for_each(|voice| *voice = 0.0);
    assert_eq!((heard(&mut pool, 1), notes(&pool)), (vec![4.0], vec![2]));
}

#[test]
fn fewer_may_sound_from_the_next_start_on() {
    let mut pool = pool(4);
    (1..=4).for_each(|n| _ = pool.start(NoteId(n), 1.0));
    pool.limit(2);
    assert_eq!(pool.len(), 4);
    pool.start(NoteId(5), 1.0);
    assert_eq!(notes(&pool), [4, 5]);
    pool.clear();
    (1..=9).for_each(|n| _ = pool.start(NoteId(n), 1.0));
    assert_eq!(notes(&pool), [6, 7, 8, 9], "as new");
}
