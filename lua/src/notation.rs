//! From the signs people write to the rows of a [`Pattern`]. Knows nothing of Lua's tables.

use cantus_host::model::{Cell as Place, Note, Num, Pattern, Step, note_number};

/// Rows of a pattern at the most.
const ROWS: usize = 65_536;

/// What stands on one row of a lane.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// The note before lasts one row longer.
    Hold,
    /// Notes that begin together, each in a column; `None` leaves its column out.
    Notes(Vec<Option<Step>>),
}

/// Rows that share their defaults; a drum of a kit, say. Each lane has columns of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    /// What a note has that does not say otherwise.
    pub defaults: Step,
    /// Row, from 0, and what stands there; ascending. Rows that are not here are empty.
    pub cells: Vec<(u32, Cell)>,
    /// Rows of the lane.
    pub rows: u32,
}

/// A hit, at full velocity if accented.
pub fn hit(accented: bool) -> Cell {
    let velocity = accented.then(|| Num::new(1.0)).flatten();
    Cell::Notes(vec![Some(Step { velocity, ..Step::default() })])
}

/// A plain note.
pub fn note(note: Note) -> Cell {
    Cell::Notes(vec![Some(Step { note: Some(note), ..Step::default() })])
}

/// Reads signs between white space; `|` is only for the eye, and signs of one letter may stand without spaces.
///
/// # Errors
/// `row 3: "q" is not a step; ...`
pub fn cells(text: &str) -> Result<Vec<Cell>, String> {
    let mut out = Vec::new();
    for token in text.split_whitespace().filter(|t| t.chars().any(|c| c != '|')) {
        let token = token.trim_matches('|');
        let (row, whole) = (out.len() + 1, whole(token));
        let rows = if whole.is_some() { 1 } else { token.chars().filter(|c| *c != '|').count() };
        if out.len() + rows > ROWS {
            return Err(format!("row {}: a pattern has at most {ROWS} rows", ROWS + 1));
        }
        if let Some(cell) = whole {
            out.push(cell);
            continue;
        }
        let letters = token.chars().filter(|c| *c != '|').map(letter).collect::<Option<Vec<_>>>();
        out.extend(letters.ok_or_else(|| {
            format!("row {row}: \"{token}\" is not a step; write x, X, ., =, a note such as C4 or a number 0 to 127")
        })?);
    }
    Ok(out)
}

/// A token that is one step.
pub fn whole(token: &str) -> Option<Cell> {
    let mut letters = token.chars();
    if let (Some(c), None) = (letters.next(), letters.next())
        && let Some(cell) = letter(c)
    {
        return Some(cell);
    }
    match token {
        "OFF" => return Some(note(Note::Off)),
        "CUT" => return Some(note(Note::Cut)),
        _ => {}
    }
    let number = || token.parse::<f64>().ok().filter(|n| (0.0..=127.0).contains(n));
    note_number(token).or_else(number).and_then(Num::new).map(Note::Pitch).map(note)
}

fn letter(c: char) -> Option<Cell> {
    match c {
        '.' | '-' | '~' => Some(Cell::Empty),
        'x' => Some(hit(false)),
        'X' => Some(hit(true)),
        '=' | '_' => Some(Cell::Hold),
        _ => None,
    }
}

/// Compiles lanes side by side: as long as the longest, or `rows`.
///
/// # Errors
/// `lane 2, row 3: ...`
pub fn compile(lanes: &[Lane], rows: Option<u32>, steps_per_beat: Num) -> Result<Pattern, String> {
    let longest = lanes.iter().map(|lane| lane.rows).max().unwrap_or(0);
    if let Some(rows) = rows.filter(|rows| *rows < longest) {
        return Err(format!("there are {longest} steps but rows = {rows}"));
    }
    let mut steps = Vec::new();
    let mut column = 0;
    for (index, lane) in lanes.iter().enumerate() {
        let place = |row: u32| match lanes.len() {
            1 => format!("row {}", row + 1),
            _ => format!("lane {}, row {}", index + 1, row + 1),
        };
        column += lay(lane, column, &mut steps).map_err(|(row, problem)| format!("{}: {problem}", place(row)))?;
    }
    Ok(Pattern { rows: rows.unwrap_or(longest), steps_per_beat, steps: steps.into_iter().collect() })
}

/// Puts in what is behind the last row.
///
/// # Errors
/// `row 3 is not behind the last row, ...`
pub fn behind(pattern: Pattern, lane: &Lane) -> Result<Pattern, String> {
    if let Some((row, _)) = lane.cells.iter().find(|(row, _)| *row < pattern.rows) {
        return Err(format!("behind: row {} is not behind the last row, which is {}", row + 1, pattern.rows));
    }
    let mut steps: Vec<_> = pattern.steps.iter().map(|(at, step)| (*at, step.clone())).collect();
    lay(lane, 0, &mut steps).map_err(|(row, problem)| format!("behind, row {}: {problem}", row + 1))?;
    Ok(Pattern { steps: steps.into_iter().collect(), ..pattern })
}

/// Lays a lane's notes from a column on; answers how many columns it has.
fn lay(lane: &Lane, column: u16, steps: &mut Vec<(Place, Step)>) -> Result<u16, (u32, String)> {
    let mut columns = 1;
    // The notes that a hold makes longer, and the row on which it must stand.
    let (mut held, mut next) = (0..0, 0);
    for (row, cell) in &lane.cells {
        match cell {
            Cell::Empty => held = 0..0,
            Cell::Notes(notes) => {
                let begin = steps.len();
                for (i, step) in notes.iter().enumerate() {
                    let i = u16::try_from(i).ok().filter(|i| *i < 64).ok_or((*row, "has too many notes".to_owned()))?;
                    let at = Place { row: *row, column: column.saturating_add(i) };
                    steps.extend(step.as_ref().map(|step| (at, step.or(&lane.defaults))));
                    columns = columns.max(i + 1);
                }
                (held, next) = (begin..steps.len(), row + 1);
            }
            Cell::Hold if held.is_empty() || *row != next => {
                return Err((*row, "= has no note before it to make longer".to_owned()));
            }
            Cell::Hold => {
                for (_, step) in &mut steps[held.clone()] {
                    step.length = Num::new(step.length.map_or(1.0, Num::get).max(1.0) + 1.0);
                }
                next += 1;
            }
        }
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(text: &str) -> Lane {
        let cells = cells(text).expect("readable");
        let rows = u32::try_from(cells.len()).expect("few");
        Lane { cells: (0..).zip(cells).collect(), rows, ..Lane::default() }
    }

    /// `row.column:note*length@velocity` of each step.
    fn show(pattern: &Pattern) -> String {
        let shown = pattern.steps.iter().map(|(at, s)| {
            let note = match s.note {
                None => "x".to_owned(),
                Some(Note::Pitch(number)) => number.get().to_string(),
                Some(end) => format!("{end:?}"),
            };
            let velocity = s.velocity.map(|v| format!("@{}", v.get())).unwrap_or_default();
            format!("{}.{}:{note}*{}{velocity}", at.row, at.column, s.length.map_or(1.0, Num::get))
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn signs() {
        for (lanes, rows, expected) in [
            (vec!["x . x ."], 4, "0.0:x*1 2.0:x*1"),
            (vec!["x - ~ X"], 4, "0.0:x*1 3.0:x*1@1"),
            (vec!["x..X"], 4, "0.0:x*1 3.0:x*1@1"),
            (vec!["x . | x ."], 4, "0.0:x*1 2.0:x*1"),
            (vec!["|x...|x...|"], 8, "0.0:x*1 4.0:x*1"),
            (vec!["C4 = _ 64"], 4, "0.0:60*3 3.0:64*1"),
            (vec!["C-4 ."], 2, "0.0:60*1"),
            (vec!["x . x .", ". x"], 4, "0.0:x*1 1.1:x*1 2.0:x*1"),
            (vec![". ."], 2, ""),
            (vec!["C4 OFF CUT"], 3, "0.0:60*1 1.0:Off*1 2.0:Cut*1"),
        ] {
            let lanes: Vec<Lane> = lanes.into_iter().map(lane).collect();
            let pattern = compile(&lanes, None, Num::new(4.0).expect("finite")).expect("compiles");
            assert_eq!((pattern.rows, show(&pattern)), (rows, expected.to_owned()), "{lanes:?}");
            assert_eq!(pattern.problem(), None);
        }
    }

    #[test]
    fn mistakes() {
        let advice = "write x, X, ., =, a note such as C4 or a number 0 to 127";
        assert_eq!(cells("x . q"), Err(format!("row 3: \"q\" is not a step; {advice}")));
        assert_eq!(cells("x H4"), Err(format!("row 2: \"H4\" is not a step; {advice}")));
        assert_eq!(cells("200"), Err(format!("row 1: \"200\" is not a step; {advice}")));
        let four = Num::new(4.0).expect("finite");
        let hold = "= has no note before it to make longer";
        assert_eq!(compile(&[lane(". =")], None, four), Err(format!("row 2: {hold}")));
        assert_eq!(compile(&[lane("x ."), lane("= x")], None, four), Err(format!("lane 2, row 1: {hold}")));
        assert_eq!(compile(&[lane("x . .")], Some(2), four), Err("there are 3 steps but rows = 2".to_owned()));
    }
}
