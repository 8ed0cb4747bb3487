//! What a module plays, beat by beat: its pattern or chain, walked from where it was sent to an entry. A pure function of
//! the Model, so that a seek, a reload and a replay need nothing else.

use cantus_plugin_api::Random;

use super::chain::{Chain, ChainEntry, Go};
use super::value::Name;
use super::{Model, Pattern};

/// Sections of a chain whose entries say what follows them; behind the last comes the first again. Bars of four beats at
/// 120 beats per minute last nine hours so.
const WALK: usize = 16_384;

/// What is played from a beat on, until the next course's beat.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The beat at which its first section begins.
    pub from: f64,
    /// Beats after which its first section begins again; infinite: silence follows.
    pub beats: f64,
    /// The sections, one after the other.
    pub sections: Vec<Section>,
}

/// A pattern that is played once or several times in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Name of the pattern.
    pub pattern: Name,
    /// Beats from the course's beginning to its own.
    pub start: f64,
    /// Rows that are played each time, at most those of the pattern.
    pub rows: u32,
    /// How many times; `u32::MAX` never ends.
    pub repeats: u32,
    /// Turns of its pattern that come before it in the course.
    pub turn: u32,
    /// Turns of its pattern in all of the course.
    pub turns: u32,
    /// Entry of the chain, from 0.
    pub entry: u32,
    /// Semitones that are added to each note.
    pub transpose: f32,
}

/// The number by which modules know a pattern or chain, and tell its versions from others: FNV-1a of its name.
pub fn origin(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// What a module of that seed plays where it is to play a pattern or chain of that name: from beat 0 on, and from where it
/// was sent to an entry. Empty: there is nothing of that name, or nothing in it.
pub fn courses(model: &Model, module: &str, seed: u64, name: &str) -> Vec<Course> {
    let anchor = model.players.get(module).copied();
    let sent = anchor.map(|anchor| (anchor.beat.get(), anchor.entry));
    let start = sent.is_none_or(|(beat, _)| beat > 0.0).then_some((0.0, 0));
    let places = start.into_iter().chain(sent);
    match (model.patterns.get(name), model.chains.get(name)) {
        (Some(pattern), _) => places.map(|(from, _)| endless(name.into(), pattern, from)).collect(),
        (None, Some(chain)) => {
            let walk = Walk::new(model, chain, seed ^ origin(name));
            if walk.playable() {
                places.map(|(from, entry)| walk.course(from, entry as usize)).collect()
            } else {
                Vec::new()
            }
        }
        (None, None) => Vec::new(),
    }
}

/// Where a module is in what it plays.
#[derive(Clone, Debug, PartialEq)]
pub struct Playing {
    /// Name of the pattern.
    pub pattern: Name,
    /// Entry of the chain, from 0.
    pub entry: u32,
    /// How often the pattern was played before, since the course began.
    pub turn: u64,
    /// The row, from 0, as people see it.
    pub row: u32,
    /// The beat at which the next row begins.
    pub next_row: f64,
    /// The beat at which this turn of the pattern is over.
    pub next_turn: f64,
}

/// Where in its courses a module is at a beat of the grid; `None`: nothing is played there.
pub fn playing(model: &Model, courses: &[Course], beat: f64) -> Option<Playing> {
    // A little is added, as a third of a beat times three is just below one.
    let beat = beat + 1e-6;
    let index = courses.iter().rposition(|course| course.from <= beat)?;
    let course = &courses[index];
    let since = beat - course.from;
    let lap = if course.beats.is_finite() { (since / course.beats).floor() } else { 0.0 };
    let within = if lap > 0.0 { since - lap * course.beats } else { since };
    let section = course.sections.iter().rfind(|section| section.start <= within)?;
    let pattern = model.patterns.get(&*section.pattern)?;
    let pace = pattern.steps_per_beat.get();
    let row = ((within - section.start) * pace.abs()).floor();
    let (rows, repeat) = (f64::from(section.rows), (row / f64::from(section.rows)).floor());
    if section.repeats != u32::MAX && repeat >= f64::from(section.repeats) {
        return None;
    }
    let at =
        |row: f64| course.from + if lap > 0.0 { lap * course.beats } else { 0.0 } + section.start + row / pace.abs();
    let end = courses.get(index + 1).map_or(f64::INFINITY, |next| next.from);
    let place = (row - repeat * rows) as u32;
    Some(Playing {
        pattern: section.pattern.clone(),
        entry: section.entry,
        turn: lap as u64 * u64::from(section.turns) + u64::from(section.turn) + repeat as u64,
        row: if pace < 0.0 { pattern.rows - 1 - place } else { place },
        next_row: at(row + 1.0).min(end),
        next_turn: at((repeat + 1.0) * rows).min(end),
    })
}

/// A pattern, round and round.
fn endless(name: Name, pattern: &Pattern, from: f64) -> Course {
    let rows = pattern.rows;
    let section =
        Section { pattern: name, start: 0.0, rows, repeats: u32::MAX, turn: 0, turns: 0, entry: 0, transpose: 0.0 };
    Course { from, beats: f64::INFINITY, sections: vec![section] }
}

/// The way through a chain.
struct Walk<'a> {
    chain: &'a Chain,
    /// By entry: its pattern, if it is there and the entry is not left out.
    patterns: Vec<Option<&'a Pattern>>,
    seed: u64,
}

impl<'a> Walk<'a> {
    fn new(model: &'a Model, chain: &'a Chain, seed: u64) -> Walk<'a> {
        let pattern = |entry: &ChainEntry| model.patterns.get(&*entry.pattern).filter(|_| entry.enabled);
        Walk { chain, patterns: chain.entries.iter().map(pattern).collect(), seed }
    }

    fn playable(&self) -> bool {
        self.patterns.iter().any(Option::is_some)
    }

    /// The entries from one on.
    fn course(&self, from: f64, entry: usize) -> Course {
        let plain = self.chain.entries.iter().all(|entry| entry.follow.only(Go::Next));
        let first = self.from(entry).or_else(|| self.chain.repeat.then(|| self.from(0)).flatten());
        let mut course = Course { from, beats: 0.0, sections: Vec::new() };
        let mut next = first;
        let mut ended = first.is_none();
        for step in 0.. {
            let Some(at) = next else { break };
            if self.chain.entries[at].follow.only(Go::Again) && self.chain.entries[at].rows.is_none() {
                self.stay(at, &mut course);
                ended = true;
                break;
            }
            self.play(at, &mut course);
            next = self.after(at, step);
            ended = next.is_none();
            if plain && next == first || course.sections.len() >= WALK {
                break;
            }
        }
        if ended {
            course.beats = f64::INFINITY;
        }
        count_turns(&mut course.sections);
        course
    }

    /// The first entry that is played from one on.
    fn from(&self, entry: usize) -> Option<usize> {
        (entry..self.patterns.len()).find(|at| self.patterns[*at].is_some())
    }

    /// What follows an entry that is the `step`-th of the way.
    fn after(&self, at: usize, step: u64) -> Option<usize> {
        let mut random = Random::new(self.seed, step);
        let played: Vec<usize> = (0..self.patterns.len()).filter(|at| self.patterns[*at].is_some()).collect();
        let round = || played.first().copied().filter(|_| self.chain.repeat);
        match self.chain.entries[at].follow.drawn(random.unit()) {
            Go::Next => self.from(at + 1).or_else(round),
            Go::Previous => played.iter().rfind(|other| **other < at).or(played.last()).copied(),
            Go::First => played.first().copied(),
            Go::Last => played.last().copied(),
            Go::Again => Some(at),
            Go::Any => Some(played[random.below(played.len())]),
            Go::Other => {
                let others: Vec<usize> = played.into_iter().filter(|other| *other != at).collect();
                Some(if others.is_empty() { at } else { others[random.below(others.len())] })
            }
            Go::Entry(entry) => self.from(entry as usize).or_else(round),
            Go::End => None,
        }
    }

    /// Appends an entry that never ends.
    fn stay(&self, at: usize, course: &mut Course) {
        let Some(pattern) = self.patterns[at] else { return };
        let (entry, start) = (&self.chain.entries[at], course.beats);
        let transpose = entry.transpose.get() as f32;
        let (name, rows) = (entry.pattern.clone(), pattern.rows);
        let section =
            Section { pattern: name, start, rows, repeats: u32::MAX, turn: 0, turns: 0, entry: at as u32, transpose };
        course.sections.push(section);
    }

    /// Appends an entry: what it plays beyond its pattern's rows goes round.
    fn play(&self, at: usize, course: &mut Course) {
        let (entry, Some(pattern)) = (&self.chain.entries[at], self.patterns[at]) else { return };
        let rows = entry.rows.unwrap_or(pattern.rows);
        let (whole, rest) = (rows / pattern.rows, rows % pattern.rows);
        let mut section = |rows: u32, repeats: u32| {
            if rows == 0 || repeats == 0 {
                return;
            }
            course.sections.push(Section {
                pattern: entry.pattern.clone(),
                start: course.beats,
                rows,
                repeats,
                turn: 0,
                turns: 0,
                entry: at as u32,
                transpose: entry.transpose.get() as f32,
            });
            course.beats += f64::from(rows) * f64::from(repeats) / pattern.steps_per_beat.get().abs();
        };
        match rest {
            0 => section(pattern.rows, whole * entry.repeats),
            _ if whole == 0 => section(rest, entry.repeats),
            _ => (0..entry.repeats).for_each(|_| {
                section(pattern.rows, whole);
                section(rest, 1);
            }),
        }
    }
}

/// Counts how often each section's pattern is played.
fn count_turns(sections: &mut [Section]) {
    let mut turns = std::collections::BTreeMap::<Name, u32>::new();
    for section in &mut *sections {
        let before = turns.entry(section.pattern.clone()).or_default();
        section.turn = *before;
        *before = before.saturating_add(section.repeats);
    }
    sections.iter_mut().for_each(|section| section.turns = turns[&section.pattern]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Anchor, Num};

    /// Patterns a (4 rows of a beat), b (6 rows of half a beat) and c (2 rows of a beat), in a chain of such entries.
    fn model(entries: &[&str], repeat: bool) -> Model {
        let mut model = Model::default();
        for (name, rows, pace) in [("a", 4, 1.0), ("b", 6, 2.0), ("c", 2, 1.0)] {
            model.patterns.put(name.into(), Pattern::new(rows, Num::of(pace)));
        }
        let entries = entries.iter().map(|text| {
            let mut words = text.split_whitespace();
            let mut entry = ChainEntry::new(words.next().expect("a name"));
            for word in words {
                let number = word[1..].parse::<u32>();
                match (&word[..1], number) {
                    ("x", Ok(repeats)) => entry.repeats = repeats,
                    ("r", Ok(rows)) => entry.rows = Some(rows),
                    _ if word == "off" => entry.enabled = false,
                    _ => entry.follow = word.parse().expect("what follows"),
                }
            }
            entry
        });
        model.chains.put("song".into(), Chain { entries: entries.collect(), repeat });
        model
    }

    /// `a0 x2` for entry 0 with pattern a played twice, with the beat of each, and how many beats the course lasts.
    fn shown(course: &Course) -> String {
        let one = |s: &Section| {
            format!("{}:{}{}r{}x{}t{}/{}", s.start, s.pattern, s.entry, s.rows, s.repeats, s.turn, s.turns)
        };
        format!("{}: {} | {}", course.from, course.sections.iter().map(one).collect::<Vec<_>>().join(" "), course.beats)
    }

    #[test]
    fn ways_through_chains() {
        for (entries, repeat, expected) in [
            (&["a x2", "b"][..], true, "0: 0:a0r4x2t0/2 8:b1r6x1t0/1 | 11"),
            (&["a x2", "b"], false, "0: 0:a0r4x2t0/2 8:b1r6x1t0/1 | inf"),
            (&["a", "b off", "a r6"], true, "0: 0:a0r4x1t0/3 4:a2r4x1t1/3 8:a2r2x1t2/3 | 10"),
            (&["b r2 x3", "missing"], true, "0: 0:b0r2x3t0/3 | 3"),
            (&["a r8", "c"], true, "0: 0:a0r4x2t0/2 8:c1r2x1t0/1 | 10"),
            (&["a", "c end", "b"], true, "0: 0:a0r4x1t0/1 4:c1r2x1t0/1 | inf"),
        ] {
            let courses = courses(&model(entries, repeat), "seq", 1, "song");
            assert_eq!(courses.iter().map(shown).collect::<Vec<_>>(), [expected], "{entries:?}");
        }
    }

    #[test]
    fn what_follows_decides_the_way() {
        let way = |entries: &[&str]| -> Vec<u32> {
            let course = &courses(&model(entries, true), "seq", 1, "song")[0];
            course.sections.iter().map(|section| section.entry).take(6).collect()
        };
        assert_eq!(way(&["a", "b previous", "c"]), [0, 1, 0, 1, 0, 1]);
        assert_eq!(way(&["a last", "b", "c first"]), [0, 2, 0, 2, 0, 2]);
        assert_eq!(way(&["a 3", "b", "c again"]), [0, 2]);
        let again = &courses(&model(&["a", "b again"], true), "seq", 1, "song")[0];
        assert_eq!(shown(again), format!("0: 0:a0r4x1t0/1 4:b1r6x{}t0/{} | inf", u32::MAX, u32::MAX));
        assert_eq!(way(&["a other", "b off", "c other"]), [0, 2, 0, 2, 0, 2]);
        let any = |seed| -> Vec<u32> {
            let course = &courses(&model(&["a any", "b any", "c any"], true), "seq", seed, "song")[0];
            assert_eq!(course.sections.len(), WALK);
            course.sections.iter().map(|section| section.entry).collect()
        };
        assert_eq!(any(1), any(1));
        assert_ne!(any(1), any(2));
        assert!((0..3).all(|entry| any(1)[..100].contains(&entry)));
    }

    #[test]
    fn where_it_is_at_a_beat() {
        let mut model = model(&["a x2", "b r4"], true);
        model.patterns.edit("b").expect("there").steps_per_beat = Num::of(-2.0);
        // a lasts 4 beats, b 2 of its 3: 10 in all.
        let courses = courses(&model, "seq", 1, "song");
        let at = |beat| playing(&model, &courses, beat).map(|p| (p.entry, p.turn, p.row, p.next_row, p.next_turn));
        for (beat, expected) in [
            (0.0, (0, 0, 0, 1.0, 4.0)),
            (5.5, (0, 1, 1, 6.0, 8.0)),
            (8.5, (1, 0, 4, 9.0, 10.0)),
            (10.0, (0, 2, 0, 11.0, 14.0)),
            (19.9, (1, 1, 2, 20.0, 20.0)),
        ] {
            assert_eq!(at(beat), Some(expected), "beat {beat}");
        }
    }

    #[test]
    fn who_was_sent_somewhere_goes_on_from_there() {
        let mut model = model(&["a", "b"], true);
        model.players.put("seq".into(), Anchor { entry: 1, beat: Num::of(8.0) });
        let shown = |name: &str| courses(&model, "seq", 1, name).iter().map(shown).collect::<Vec<_>>();
        assert_eq!(shown("song"), ["0: 0:a0r4x1t0/1 4:b1r6x1t0/1 | 7", "8: 0:b1r6x1t0/1 3:a0r4x1t0/1 | 7"]);
        let endless = format!("0:a0r4x{}t0/0 | inf", u32::MAX);
        assert_eq!(shown("a"), [format!("0: {endless}"), format!("8: {endless}")]);
        assert!(courses(&model, "seq", 1, "nothing").is_empty());
    }
}
