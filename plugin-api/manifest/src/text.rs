//! Small text helpers that manifest, host and language share.

/// `MultiSampler` -> `multi_sampler`.
pub fn snake_case(type_name: &str) -> String {
    let mut out = String::with_capacity(type_name.len() + 4);
    for (i, c) in type_name.chars().enumerate() {
        if c.is_ascii_uppercase() && i > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The candidate closest to `word`, if it is close enough to be a likely slip of the finger: at most a third of the
/// longer word's letters differ (optimal string alignment distance), or one is a prefix of the other.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody slips that far; and comparing takes as long as both are long.
    if word.len() > 100 {
        return None;
    }
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .filter_map(|candidate| Some((rank(&lower, &candidate.to_lowercase())?, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}

/// The end of a sentence about a word that is not known: `; did you mean "volume"?`, or nothing.
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    did_you_mean(nearest(word, candidates))
}

/// The same for a word that was looked up before.
pub fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|word| format!("; did you mean \"{word}\"?")).unwrap_or_default()
}

/// How far away a candidate is, if it is close enough: what begins alike is as one letter away, and behind what really is.
fn rank(word: &str, candidate: &str) -> Option<(usize, usize)> {
    let longest = word.chars().count().max(candidate.chars().count());
    let distance = distance(word, candidate);
    if word.len() >= 3 && (candidate.starts_with(word) || word.starts_with(candidate)) {
        return Some((distance.min(1), distance));
    }
    // Words of which no letter is the same have nothing to do with each other.
    (distance <= (longest / 3).max(1) && distance < longest).then_some((distance, distance))
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours count one each.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let substituted = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = substituted.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_name() {
        let names = ["volume", "pan", "attack", "release"];
        for (word, expected) in [
            ("volum", Some("volume")),
            ("vol", Some("volume")),
            ("Volume", Some("volume")),
            ("atack", Some("attack")),
            ("relaese", Some("release")),
            ("pam", Some("pan")),
            ("cutoff", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, names), expected, "{word}");
        }
        assert_eq!(nearest("updwn", ["down", "up", "updown"]), Some("updown"));
        assert_eq!(nearest("e", ["d"]), None);
    }

    #[test]
    fn snake() {
        assert_eq!(snake_case("MultiSampler"), "multi_sampler");
        assert_eq!(snake_case("Gain"), "gain");
    }
}
