//! Rhythms that are spread evenly.

/// Hits over so many rows, 1 to 1024, as evenly as whole rows allow, beginning with one. Bjorklund's way, as Toussaint
/// describes it ("The Euclidean algorithm generates traditional musical rhythms", 2005): groups of the two kinds are
/// paired until at most one is left over. `euclid` of the musical library says the same.
///
/// # Errors
/// For numbers that are out of range.
pub(super) fn euclid(hits: u16, steps: u16) -> Result<Vec<bool>, String> {
    if !(1..=1024).contains(&steps) {
        return Err(format!("cannot have a rhythm of {steps} steps; 1 to 1024 are possible"));
    }
    if hits > steps {
        return Err(format!("cannot have {hits} hits in {steps} steps; 0 to {steps} are possible"));
    }
    let mut heads = vec![vec![true]; usize::from(hits)];
    let mut tails = vec![vec![false]; usize::from(steps - hits)];
    while !heads.is_empty() && tails.len() > 1 {
        let count = heads.len().min(tails.len());
        let left = if heads.len() > tails.len() { heads.split_off(count) } else { tails.split_off(count) };
        heads.iter_mut().zip(&tails).for_each(|(head, tail)| head.extend(tail));
        tails = left;
    }
    Ok(heads.into_iter().chain(tails).flatten().collect())
}
