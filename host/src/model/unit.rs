//! Numbers as people write them, with their units: `"-6dB"`, `"250ms"`, `"C4"`, `"1/8t"`.

use cantus_manifest::Unit;
use cantus_plugin_api::math;

/// The parameter's unit; what may stand behind a number, in lower case; what the number then means, in that unit.
type Suffix = (Unit, &'static str, fn(f64) -> f64);

const SUFFIXES: &[Suffix] = &[
    (Unit::None, "%", |x| x / 100.0),
    (Unit::Gain, "db", math::db_to_gain),
    (Unit::Gain, "%", |x| x / 100.0),
    (Unit::Decibels, "db", |x| x),
    (Unit::Seconds, "s", |x| x),
    (Unit::Seconds, "ms", |x| x / 1000.0),
    (Unit::Hertz, "hz", |x| x),
    (Unit::Hertz, "khz", |x| x * 1000.0),
    (Unit::Semitones, "st", |x| x),
    (Unit::Semitones, "ct", |x| x / 100.0),
    (Unit::Cents, "ct", |x| x),
    (Unit::Cents, "st", |x| x * 100.0),
    (Unit::Beats, "beats", |x| x),
    (Unit::Beats, "beat", |x| x),
    (Unit::Percent, "%", |x| x),
];

/// Texts to name in a message, the usual ones first.
const EXAMPLES: &[(Unit, &str)] = &[
    (Unit::Gain, "-6dB"),
    (Unit::Gain, "50%"),
    (Unit::Decibels, "-6dB"),
    (Unit::Decibels, "6dB"),
    (Unit::Seconds, "250ms"),
    (Unit::Seconds, "5ms"),
    (Unit::Seconds, "2s"),
    (Unit::Hertz, "1.2kHz"),
    (Unit::Hertz, "440Hz"),
    (Unit::Hertz, "2Hz"),
    (Unit::Note, "C4"),
    (Unit::Semitones, "7st"),
    (Unit::Semitones, "50ct"),
    (Unit::Semitones, "-12st"),
    (Unit::Cents, "50ct"),
    (Unit::Cents, "-12ct"),
    (Unit::Beats, "1/8"),
    (Unit::Beats, "1/4"),
    (Unit::Beats, "4 beats"),
    (Unit::Percent, "50%"),
];

/// The number that a text means where numbers count `unit`; `None` if it means none there. A plain number always does.
/// A note means its frequency where hertz are counted; `1/4` is a beat, `1/8t` a third of one, `1/8.` three quarters.
/// Blanks do not matter, nor does the case of a unit. May be infinite: the range judges.
pub fn parse(text: &str, unit: Unit) -> Option<f64> {
    let text = text.trim();
    let other = match unit {
        Unit::Note => note_number(text),
        Unit::Hertz => note_number(text).map(|note| 440.0 * math::exp2((note - 69.0) / 12.0)),
        Unit::Beats => note_value(text),
        Unit::Gain => silence(text),
        _ => None,
    };
    other.or_else(|| with_suffix(text, unit))
}

/// A text that says a number of that unit within the range, to show how it is done.
pub fn example(unit: Unit, min: f64, max: f64) -> Option<&'static str> {
    let fits = |text: &str| parse(text, unit).is_some_and(|number| (min..=max).contains(&number));
    EXAMPLES.iter().find(|(of, text)| *of == unit && fits(text)).map(|(_, text)| *text)
}

fn with_suffix(text: &str, unit: Unit) -> Option<f64> {
    // Behind a digit, so that `inf` and `nan` are no numbers.
    let split = text.rfind(|c: char| c.is_ascii_digit() || c == '.').map_or(0, |i| i + 1);
    let (number, suffix) = (text[..split].trim(), text[split..].trim());
    let number: f64 = number.parse().ok()?;
    if suffix.is_empty() {
        return Some(number);
    }
    let meaning = SUFFIXES.iter().find(|(of, known, _)| *of == unit && known.eq_ignore_ascii_case(suffix));
    meaning.map(|(_, _, meaning)| meaning(number))
}

/// `-inf dB` is no sound at all.
fn silence(text: &str) -> Option<f64> {
    let level = text.len().checked_sub(2).filter(|at| text.is_char_boundary(*at)).map(|at| text.split_at(at));
    let (number, suffix) = level?;
    (number.trim().eq_ignore_ascii_case("-inf") && suffix.eq_ignore_ascii_case("db")).then_some(0.0)
}

/// What may stand behind a note value, and by what it multiplies: a triplet, dots.
const SIGNS: [(&str, (f64, f64)); 4] = [("t", (2.0, 3.0)), ("d", (3.0, 2.0)), ("..", (7.0, 4.0)), (".", (3.0, 2.0))];

/// Beats of `1/4`, `1/8t` (triplet), `1/8.` or `1/8d` (dotted), `1/8..` (twice).
fn note_value(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let sign = SIGNS.iter().find_map(|(sign, factor)| Some((text.strip_suffix(sign)?, *factor)));
    let (fraction, (times, over)) = sign.unwrap_or((&text, (1.0, 1.0)));
    let (number, of) = fraction.split_once('/')?;
    let (number, of) = (number.trim().parse::<u16>().ok()?, of.trim().parse::<u16>().ok().filter(|of| *of > 0)?);
    Some(4.0 * f64::from(number) * times / (f64::from(of) * over))
}

/// Beats of a duration as people write it: a note value, a number, `2 beats`, `bar`, `1.5 bars`; a bar has `bar` beats.
pub fn duration(text: &str, bar: f64) -> Option<f64> {
    let text = text.trim();
    let split = text.rfind(|c: char| c.is_ascii_digit() || c == '.').map_or(0, |i| i + 1);
    let (number, word) = (text[..split].trim(), text[split..].trim().to_ascii_lowercase());
    let unit = match word.as_str() {
        "" | "beat" | "beats" => 1.0,
        "bar" | "bars" => bar,
        _ => return note_value(text),
    };
    let count = if number.is_empty() && !word.is_empty() { Some(1.0) } else { number.parse().ok() };
    let beats = count.map(|count: f64| count * unit).or_else(|| note_value(text));
    beats.filter(|beats| beats.is_finite())
}

/// Seconds of a time as people write it: `250ms`, `2s`; of a plain number so many are a second.
pub fn seconds(text: &str, per_second: f64) -> Option<f64> {
    let plain = !text.trim_end().ends_with(char::is_alphabetic);
    let time = parse(text, Unit::Seconds).filter(|time| time.is_finite())?;
    Some(if plain { time / per_second } else { time })
}

/// `"C4"` and `"C-4"` are 60, `"F#3"` 54, `"Bb2"` 46; `None` for anything else. The dash is the tracker's, as in `C-4`,
/// so there are no octaves below 0: the notes 0 to 11 are written as numbers.
pub fn note_number(text: &str) -> Option<f64> {
    let mut chars = text.chars();
    let base = match chars.next()?.to_ascii_uppercase() {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let (shift, octave) = match chars.clone().next()? {
        '#' => (1, &chars.as_str()[1..]),
        'b' => (-1, &chars.as_str()[1..]),
        _ => (0, chars.as_str()),
    };
    let octave = octave.strip_prefix('-').unwrap_or(octave);
    let octave = match octave.as_bytes() {
        [digit @ b'0'..=b'9'] => i32::from(digit - b'0'),
        _ => return None,
    };
    Some(f64::from((octave + 1) * 12 + base + shift)).filter(|n| (0.0..=127.0).contains(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes() {
        for (text, expected) in [
            ("C4", Some(60.0)),
            ("c4", Some(60.0)),
            ("C-4", Some(60.0)),
            ("A4", Some(69.0)),
            ("F#3", Some(54.0)),
            ("Bb2", Some(46.0)),
            ("C-1", Some(24.0)),
            ("F#-3", Some(54.0)),
            ("C--1", None),
            ("C+4", None),
            ("Çé", None),
            ("G9", Some(127.0)),
            ("H4", None),
            ("C", None),
            ("C10", None),
            ("", None),
            ("60", None),
        ] {
            assert_eq!(note_number(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_with_units() {
        for (text, unit, expected) in [
            ("0 dB", Unit::Gain, Some(1.0)),
            ("0DB", Unit::Gain, Some(1.0)),
            (" 50 % ", Unit::Gain, Some(0.5)),
            ("-inf dB", Unit::Gain, Some(0.0)),
            ("-INFdb", Unit::Gain, Some(0.0)),
            ("inf dB", Unit::Gain, None),
            ("-inf", Unit::Gain, None),
            ("-inf dB", Unit::Decibels, None),
            ("éB", Unit::Gain, None),
            ("nan", Unit::Gain, None),
            ("inf", Unit::Seconds, None),
            ("1e999", Unit::Seconds, Some(f64::INFINITY)),
            ("-6dB", Unit::Decibels, Some(-6.0)),
            ("50%", Unit::None, Some(0.5)),
            ("50%", Unit::Percent, Some(50.0)),
            ("50%", Unit::Seconds, None),
            ("250ms", Unit::Seconds, Some(0.25)),
            ("1.5s", Unit::Seconds, Some(1.5)),
            (".5 S", Unit::Seconds, Some(0.5)),
            ("1.2kHz", Unit::Hertz, Some(1200.0)),
            ("440 hz", Unit::Hertz, Some(440.0)),
            ("A4", Unit::Hertz, Some(440.0)),
            ("a3", Unit::Hertz, Some(220.0)),
            ("A4", Unit::Note, Some(69.0)),
            ("A4", Unit::Seconds, None),
            ("12st", Unit::Semitones, Some(12.0)),
            ("50ct", Unit::Semitones, Some(0.5)),
            ("1st", Unit::Cents, Some(100.0)),
            ("-50 ct", Unit::Cents, Some(-50.0)),
            ("1/4", Unit::Beats, Some(1.0)),
            ("3/16", Unit::Beats, Some(0.75)),
            ("1/8t", Unit::Beats, Some(1.0 / 3.0)),
            ("1/8.", Unit::Beats, Some(0.75)),
            ("1/8T", Unit::Beats, Some(1.0 / 3.0)),
            ("1/8d", Unit::Beats, Some(0.75)),
            ("1/4..", Unit::Beats, Some(1.75)),
            ("1 / 1", Unit::Beats, Some(4.0)),
            ("1/0", Unit::Beats, None),
            ("-1/4", Unit::Beats, None),
            ("1/4", Unit::Seconds, None),
            ("2 beats", Unit::Beats, Some(2.0)),
            ("1 beat", Unit::Beats, Some(1.0)),
            ("2.5", Unit::Beats, Some(2.5)),
            ("", Unit::None, None),
            ("ms", Unit::Seconds, None),
        ] {
            assert_eq!(parse(text, unit), expected, "{text} {unit:?}");
        }
    }

    #[test]
    fn durations() {
        for (text, expected) in [
            ("1/8", Some(0.5)),
            ("1/ 8", Some(0.5)),
            ("1/8t", Some(1.0 / 3.0)),
            ("1/8D", Some(0.75)),
            ("1/4..", Some(1.75)),
            (" 0.25 ", Some(0.25)),
            ("-1", Some(-1.0)),
            ("beat", Some(1.0)),
            ("2 beats", Some(2.0)),
            ("2 Bars", Some(6.0)),
            ("1.5bars", Some(4.5)),
            ("bar", Some(3.0)),
            ("1/8 bar", None),
            ("1/0", None),
            ("1e999", None),
            ("inf", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(duration(text, 3.0), expected, "{text}");
        }
    }

    #[test]
    fn times_in_seconds() {
        for (text, expected) in [
            ("250 ms", Some(0.25)),
            (".5 S", Some(0.5)),
            ("2s ", Some(2.0)),
            ("250", Some(0.25)),
            ("-1e3 ", Some(-1.0)),
            ("1e999", None),
            ("inf", None),
            ("nans", None),
            ("2 beats", None),
            ("", None),
        ] {
            assert_eq!(seconds(text, 1000.0), expected, "{text}");
        }
    }

    #[test]
    fn examples_lie_in_the_range() {
        for (unit, min, max, expected) in [
            (Unit::Gain, 0.0, 2.0, Some("-6dB")),
            (Unit::Seconds, 0.0, 10.0, Some("250ms")),
            (Unit::Seconds, 0.0, 0.01, Some("5ms")),
            (Unit::Seconds, 100.0, 200.0, None),
            (Unit::Hertz, 20.0, 1000.0, Some("440Hz")),
            (Unit::None, 0.0, 1.0, None),
        ] {
            assert_eq!(example(unit, min, max), expected, "{unit:?} {min} {max}");
        }
    }
}
