//! Patterns as tracker text, a line for each row.

use std::iter::Peekable;

use super::super::value::Num;
use super::words::{Radix, columns, note_text, read, words};
use super::{Cell, Pattern, ROWS, Step};

/// The words with which a header begins.
const HEADER: [&str; 4] = ["rows", "steps_per_beat", "hex", "decimal"];

impl Pattern {
    /// The pattern as tracker text, in columns below each other: a header, every row, an empty line before each beat, and
    /// behind a remark those rows with steps that are behind the last. [`Pattern::from_tracker`] reads it back.
    pub fn tracker(&self, radix: Radix) -> String {
        let (sheet, cells) = Sheet::of(self, radix);
        let mut cells = cells.into_iter().peekable();
        let speed = self.steps_per_beat.get();
        let beat = if speed.fract() == 0.0 && speed >= 2.0 { speed as u32 } else { u32::MAX };
        let kind = if radix == Radix::Hex { "hex" } else { "decimal" };
        let mut text = format!("rows {} steps_per_beat {speed} {kind}\n", self.rows);
        for row in 0..self.rows {
            text.push_str(if row > 0 && row % beat == 0 { "\n" } else { "" });
            sheet.line(row, &mut cells, &mut text);
        }
        text.push_str(if cells.peek().is_some() { "-- behind the last row\n" } else { "" });
        while let Some((Cell { row, .. }, _)) = cells.peek() {
            sheet.line(*row, &mut cells, &mut text);
        }
        text
    }

    /// A pattern from tracker text: lines such as `05: C-4 01 80 .. l1.5 | ... | x ?0.5 cutoff=800`.
    ///
    /// ```text
    /// text    = { line }
    /// line    = "" | "#" remark | "--" remark | header | row
    /// header  = { "rows" NUMBER | "steps_per_beat" NUMBER | "hex" | "decimal" }
    /// row     = [ NUMBER ":" ] cell { "|" cell }
    /// cell    = [ "..." | "---" | note [ slot [ velocity [ delay ] ] ] { word } ]
    /// note    = "C-4" | "C#4" | "C4" | NUMBER | "OFF" | "===" | "CUT" | "^^^" | "x"
    /// ```
    ///
    /// A header is the first line, or missing: then the pattern ends with the last line, four rows are a beat, and numbers
    /// are in hex. Its own numbers are decimal. Rows are numbered from 1, upwards; a row without a number follows the one
    /// before. What no line says is empty. Rows behind those of the header are kept and not played.
    ///
    /// Nothing, `...` and `---` are an empty cell, `OFF` ends the notes of its column, `CUT` ends them at once, and `x` is
    /// a step without a note. What stands right behind the note and has two capital hex digits or `..`, in decimal three
    /// digits or `...`, is a column:
    ///
    /// | column | hex | decimal | is |
    /// |---|---|---|---|
    /// | slot | `01` to `80` | `001` to `128` | the slot |
    /// | velocity | `00` to `80` | `000` to `128` | so many 128ths |
    /// | delay | `00` to `FF` | `000` to `255` | so many 256ths of a row |
    ///
    /// All else is words, in any order:
    ///
    /// | word | is |
    /// |---|---|
    /// | `i2` | instrument: the target |
    /// | `s2` | slot, from 1 |
    /// | `v0.8` | velocity, 0 to 1 |
    /// | `l1.5` | length in rows; 0: it is held |
    /// | `d-0.25` | delay in rows |
    /// | `g2` | glide in rows |
    /// | `?0.5` | chance |
    /// | `2:4` | ratio: the second of four turns |
    /// | `first` `pre` `fill` `every4` | condition; with `!` before it, not so |
    /// | `r4` `r4:-0.5` `r4:1:0.5` | ratchet: hits, how its loudness goes, how its time goes |
    /// | `cutoff=800` | lock |
    ///
    /// # Errors
    /// What is wrong in which line, row and column, and what is expected.
    pub fn from_tracker(text: &str) -> Result<Pattern, String> {
        let mut reader =
            Reader { radix: Radix::Hex, rows: None, speed: None, next: 0, begun: false, steps: Vec::new() };
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if !line.is_empty() && !is_remark(line) {
                reader.line(line).map_err(|problem| format!("line {}: {problem}", index + 1))?;
            }
        }
        let mut pattern = Pattern::new(reader.rows.unwrap_or(reader.next), reader.speed.unwrap_or(Num::of(4.0)));
        pattern.steps = reader.steps.into_iter().collect();
        pattern.problem().map_or(Ok(pattern), |problem| Err(format!("it {problem}")))
    }
}

/// A step in its three parts.
struct Written {
    note: String,
    columns: String,
    words: String,
}

impl Written {
    fn of(step: &Step, radix: Radix) -> Written {
        let (said, rest) = columns(step);
        let column = |number: Option<u32>| number.map_or_else(|| radix.blank().to_owned(), |n| radix.digits(n));
        Written { note: note_text(step.note, true), columns: said.map(column).join(" "), words: words(&rest) }
    }
}

/// How wide the parts of a pattern's text are, in characters.
struct Sheet {
    radix: Radix,
    digits: usize,
    /// Of the notes and the words of each column.
    widths: Vec<(usize, usize)>,
}

impl Sheet {
    fn of(pattern: &Pattern, radix: Radix) -> (Sheet, Vec<(Cell, Written)>) {
        let cells: Vec<_> = pattern.steps.iter().map(|(cell, step)| (*cell, Written::of(step, radix))).collect();
        let columns = cells.iter().map(|(cell, _)| usize::from(cell.column) + 1).max().unwrap_or(1);
        let mut widths = vec![(3, 0); columns];
        for (cell, Written { note, words, .. }) in &cells {
            let (notes, rest) = &mut widths[usize::from(cell.column)];
            *notes = note.chars().count().max(*notes);
            *rest = words.chars().count().max(*rest);
        }
        let last = cells.last().map_or(pattern.rows, |(cell, _)| pattern.rows.max(cell.row + 1));
        (Sheet { radix, digits: radix.digits(last).len(), widths }, cells)
    }

    /// Writes a row with those of the cells that stand in it; they are taken.
    fn line(&self, row: u32, cells: &mut Peekable<std::vec::IntoIter<(Cell, Written)>>, text: &mut String) {
        text.push_str(&format!("{:0>width$}:", self.radix.digits(row + 1), width = self.digits));
        let blank = [self.radix.blank(); 3].join(" ");
        for (column, (notes, rest)) in (0..).zip(&self.widths) {
            text.push_str(if column > 0 { " |" } else { "" });
            let step = cells.next_if(|(cell, _)| *cell == Cell { row, column }).map(|(_, step)| step);
            let (note, columns, words) =
                step.as_ref().map_or(("...", blank.as_str(), ""), |step| (&step.note, &step.columns, &step.words));
            text.push_str(&format!(" {note:notes$} {columns}{words:rest$}"));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
}

/// What was read so far.
struct Reader {
    radix: Radix,
    rows: Option<u32>,
    speed: Option<Num>,
    /// The row of a line without a number, from 0.
    next: u32,
    /// The header is over.
    begun: bool,
    steps: Vec<(Cell, Step)>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let first = !std::mem::replace(&mut self.begun, true);
        if line.split_whitespace().next().is_some_and(|word| HEADER.contains(&word)) {
            return if first { self.header(line) } else { Err(format!("\"{line}\" must be the first line")) };
        }
        let (number, cells) = numbered(line, self.radix)?;
        let (row, expected) = (number.unwrap_or(self.next), self.next);
        let shown = |row: u32| self.radix.digits(row.saturating_add(1));
        if row < expected {
            return Err(format!("row {} stands behind row {}; rows go upwards", shown(row), shown(expected - 1)));
        }
        if row >= *ROWS.end() {
            return Err(format!("row {}: a pattern has at most {} rows", shown(row), shown(ROWS.end() - 1)));
        }
        for (column, text) in cells.split('|').enumerate() {
            let cell = Cell { row, column: column.try_into().unwrap_or(u16::MAX) };
            let wrong = |what: String| format!("row {}, column {}: {what}", shown(row), column + 1);
            if let Some(step) = read(text, Some(self.radix)).map_err(wrong)? {
                step.wrong(cell).map_or(Ok(()), |problem| Err(wrong(problem)))?;
                self.steps.push((cell, step));
            }
        }
        self.next = row + 1;
        Ok(())
    }

    fn header(&mut self, line: &str) -> Result<(), String> {
        let expected = "a header is such as: rows 64 steps_per_beat 4 hex";
        let mut words = line.split_whitespace();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("behind {word} stands a number; {expected}"));
            match word {
                "rows" => {
                    let rows = value()?;
                    let count = rows.parse().ok().filter(|rows| ROWS.contains(rows));
                    self.rows = Some(count.ok_or_else(|| format!("rows {rows}: 1 to 65536 are possible"))?);
                }
                "steps_per_beat" => {
                    let speed = value()?;
                    let number = speed.parse().ok().and_then(Num::new);
                    self.speed = Some(number.ok_or_else(|| format!("steps_per_beat {speed} is not a number"))?);
                }
                "hex" => self.radix = Radix::Hex,
                "decimal" => self.radix = Radix::Decimal,
                _ => return Err(format!("{word} says nothing here; {expected}")),
            }
        }
        Ok(())
    }
}

fn is_remark(line: &str) -> bool {
    let first = line.split(|c: char| c.is_whitespace() || c == '|').next();
    line.starts_with('#') || (line.starts_with("--") && first != Some("---"))
}

/// A line's row, from 0, if it has a number, and its cells.
///
/// # Errors
/// If what stands before the colon is not the number of a row.
pub(super) fn numbered(line: &str, radix: Radix) -> Result<(Option<u32>, &str), String> {
    let Some((number, cells)) = line.split_once(':') else { return Ok((None, line)) };
    // Else the colon is that of a word.
    if number.contains('|') || number.split_whitespace().nth(1).is_some() {
        return Ok((None, line));
    }
    let base = if radix == Radix::Hex { 16 } else { 10 };
    let row = u32::from_str_radix(number.trim(), base).ok().and_then(|row| row.checked_sub(1));
    let kind = if radix == Radix::Hex { " in hex" } else { "" };
    row.map(|row| (Some(row), cells)).ok_or_else(|| format!("{number}: rows are numbered from 1{kind}"))
}
