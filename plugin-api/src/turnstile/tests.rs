//! One at a time, from several threads.

use super::*;

#[test]
fn one_at_a_time() {
    let value = Turnstile::new(1);
    let mut inside = value.enter().expect("nobody is inside");
    *inside = 2;
    assert!(value.enter().is_none(), "somebody is inside");
    drop(inside);
    assert_eq!(value.enter().as_deref(), Some(&2));
    let sum = Turnstile::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let add = || (0..1000).filter_map(|_| sum.enter()).map(|mut sum| *sum += 1).count();
            scope.spawn(add);
        }
    });
    assert!((1000..=4000).contains(&*sum.enter().expect("nobody is inside")));
}
