//! The string functions that could run for ever in C: `find`, `match`, `gmatch`, `gsub` and `rep`.

use std::cell::Cell;

use mlua::{Function, Lua, LuaString, MultiValue, Result, Value};

use crate::context::context;
use crate::error::blame;
use crate::library::{Row, call, native};
use crate::matcher::{Capture, Fault, Matcher};

/// Bytes of the longest text these functions make.
const LONGEST: usize = 16 << 20;

/// The area's functions.
pub const ROWS: &[Row] = &[
    Row {
        name: "string.find",
        signature: "(text: string, pattern: string, start?: integer, plain?: boolean) -> integer?, integer?, string...",
        doc: "Finds a pattern in a text: the first and last position and the captures, or nil.",
        example: r#"assert(("kick drum"):find("drum") == 6)"#,
        function: |lua, args| call(lua, args, find),
    },
    Row {
        name: "string.match",
        signature: "(text: string, pattern: string, start?: integer) -> string...",
        doc: "The captures of the first match of a pattern in a text, or nil.",
        example: r#"assert(("kick_12"):match("%d+") == "12")"#,
        function: |lua, args| call(lua, args, match_),
    },
    Row {
        name: "string.gmatch",
        signature: "(text: string, pattern: string) -> function",
        doc: "Goes over all matches of a pattern in a text.",
        example: r#"for word in ("a b c"):gmatch("%a") do assert(#word == 1) end"#,
        function: |lua, args| call(lua, args, gmatch),
    },
    Row {
        name: "string.gsub",
        signature: "(text: string, pattern: string, replacement: string|table|function, most?: integer) -> string, integer",
        doc: "Replaces the matches of a pattern by a text, a table's values or a function's results.",
        example: r#"assert((("x.x"):gsub("x", "o")) == "o.o")"#,
        function: |lua, args| call(lua, args, gsub),
    },
    Row {
        name: "string.rep",
        signature: "(text: string, times: integer, between?: string) -> string",
        doc: "A text repeated a number of times, with an optional text between.",
        example: r#"assert(("x "):rep(3) == "x x x ")"#,
        function: |lua, args| call(lua, args, rep),
    },
];

/// Runs a matcher with the steps the evaluation has left, and pays for what it took.
fn search<R>(
    lua: &Lua,
    text: &[u8],
    pattern: &[u8],
    f: impl FnOnce(&mut Matcher<'_>) -> std::result::Result<R, Fault>,
) -> Result<R> {
    let budget = context(lua).budget.clone();
    let fuel = budget.left();
    let mut matcher = Matcher::new(text, pattern, fuel);
    let answer = f(&mut matcher);
    let used = fuel - matcher.fuel;
    match answer {
        Ok(answer) => budget.spend(lua, used).map(|()| answer),
        Err(Fault::Malformed(what)) => Err(blame(what)),
        Err(Fault::Fuel) => Err(budget.spend(lua, fuel.saturating_add(1)).expect_err("more than there is")),
    }
}

/// The first match at or behind `from`: its start, end and captures.
fn first(
    matcher: &mut Matcher<'_>,
    from: usize,
    last: usize,
    anchored: bool,
) -> std::result::Result<Option<(usize, usize)>, Fault> {
    for start in from..=last {
        if let Some(end) = matcher.match_at(start)? {
            return Ok(Some((start, end)));
        }
        if anchored {
            break;
        }
    }
    Ok(None)
}

/// Where `init` points to, from 0; `None` behind the end.
fn start_of(init: Option<i64>, len: usize) -> Option<usize> {
    let start = match init.unwrap_or(1) {
        0 => 0,
        n @ 1.. => usize::try_from(n - 1).unwrap_or(usize::MAX),
        n => len.saturating_sub(usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    (start <= len).then_some(start)
}

fn anchor(pattern: &[u8]) -> (bool, &[u8]) {
    pattern.strip_prefix(b"^").map_or((false, pattern), |rest| (true, rest))
}

fn capture(lua: &Lua, text: &[u8], capture: Capture) -> Result<Value> {
    match capture {
        Capture::Position(at) => Ok(Value::Integer(at as i64 + 1)),
        Capture::Span(from, to) => lua.create_string(&text[from..to]).map(Value::String),
        Capture::Open(_) => Err(blame("unfinished capture")),
    }
}

/// All captures; the whole match if there are none.
fn captures(lua: &Lua, text: &[u8], found: (usize, usize), all: &[Capture]) -> Result<MultiValue> {
    let whole = [Capture::Span(found.0, found.1)];
    let all = if all.is_empty() { &whole } else { all };
    all.iter().map(|c| capture(lua, text, *c)).collect()
}

type Search = (LuaString, LuaString, Option<i64>, Option<bool>);

fn find(lua: &Lua, (text, pattern, init, plain): Search) -> Result<MultiValue> {
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    let Some(from) = start_of(init, text.len()) else { return Ok(MultiValue::from_iter([Value::Nil])) };
    let span = |(start, end): (usize, usize)| [Value::Integer(start as i64 + 1), Value::Integer(end as i64)];
    // As in Lua, a pattern without any of these signs is plain text, a lone `)` too.
    if plain == Some(true) || !pattern.iter().any(|c| b"^$*+?.([%-".contains(c)) {
        context(lua).budget.spend(lua, (text.len() - from) as u64 / 8 + pattern.len() as u64)?;
        let found = plain_find(&text[from..], &pattern).map(|at| (from + at, from + at + pattern.len()));
        return Ok(found.map_or_else(|| MultiValue::from_iter([Value::Nil]), |f| MultiValue::from_iter(span(f))));
    }
    let (anchored, rest) = anchor(&pattern);
    let found = search(lua, &text, rest, |m| {
        Ok(first(m, from, text.len(), anchored)?.map(|found| (found, std::mem::take(&mut m.captures))))
    })?;
    let Some((found, all)) = found else { return Ok(MultiValue::from_iter([Value::Nil])) };
    let mut out = MultiValue::from_iter(span(found));
    for c in all {
        out.push_back(capture(lua, &text, c)?);
    }
    Ok(out)
}

/// Linear in the text whatever it holds (the standard library's two-way search needs UTF-8; this one is for bytes).
fn plain_find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    if wanted.is_empty() || wanted.len() > text.len() {
        return wanted.is_empty().then_some(0);
    }
    // Knuth, Morris and Pratt: how much of `wanted` still holds after a mismatch.
    let mut holds = vec![0; wanted.len()];
    let mut k = 0;
    for i in 1..wanted.len() {
        while k > 0 && wanted[i] != wanted[k] {
            k = holds[k - 1];
        }
        k += usize::from(wanted[i] == wanted[k]);
        holds[i] = k;
    }
    k = 0;
    for (i, byte) in text.iter().enumerate() {
        while k > 0 && *byte != wanted[k] {
            k = holds[k - 1];
        }
        k += usize::from(*byte == wanted[k]);
        if k == wanted.len() {
            return Some(i + 1 - k);
        }
    }
    None
}

fn match_(lua: &Lua, (text, pattern, init): (LuaString, LuaString, Option<i64>)) -> Result<MultiValue> {
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    let Some(from) = start_of(init, text.len()) else { return Ok(MultiValue::from_iter([Value::Nil])) };
    let (anchored, rest) = anchor(&pattern);
    let found = search(lua, &text, rest, |m| {
        Ok(first(m, from, text.len(), anchored)?.map(|found| (found, std::mem::take(&mut m.captures))))
    })?;
    found.map_or_else(|| Ok(MultiValue::from_iter([Value::Nil])), |(found, all)| captures(lua, &text, found, &all))
}

fn gmatch(lua: &Lua, (text, pattern, init): (LuaString, LuaString, Option<i64>)) -> Result<Function> {
    let from = Cell::new(start_of(init, text.as_bytes().len()).unwrap_or(usize::MAX));
    let last_end = Cell::new(None);
    native(lua, move |lua, _: MultiValue| {
        let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
        if from.get() > text.len() {
            return Ok(MultiValue::new());
        }
        // An empty match right behind the last match is none.
        let found = search(lua, &text, &pattern, |m| {
            for start in from.get()..=text.len() {
                let end = m.match_at(start)?;
                if let Some(end) = end.filter(|e| Some(*e) != last_end.get()) {
                    return Ok(Some(((start, end), std::mem::take(&mut m.captures))));
                }
            }
            Ok(None)
        })?;
        let Some((found, all)) = found else {
            from.set(usize::MAX);
            return Ok(MultiValue::new());
        };
        from.set(found.1);
        last_end.set(Some(found.1));
        captures(lua, &text, found, &all)
    })
}

fn gsub(
    lua: &Lua,
    (text, pattern, by, most): (LuaString, LuaString, Value, Option<i64>),
) -> Result<(LuaString, usize)> {
    if !matches!(by, Value::String(_) | Value::Integer(_) | Value::Number(_) | Value::Table(_) | Value::Function(_)) {
        return Err(blame(format!("gsub replaces by a text, a table or a function, not by {}", by.type_name())));
    }
    let (text, pattern) = (text.as_bytes(), pattern.as_bytes());
    let (anchored, rest) = anchor(&pattern);
    let most = most.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(0));
    let (mut out, mut at, mut last_end, mut count) = (Vec::new(), 0, None, 0);
    while count < most {
        let found =
            search(lua, &text, rest, |m| Ok(m.match_at(at)?.map(|end| (end, std::mem::take(&mut m.captures)))))?;
        match found {
            Some((end, all)) if Some(end) != last_end => {
                count += 1;
                replace(lua, &mut out, &text, (at, end), &all, &by)?;
                at = end;
                last_end = Some(end);
            }
            _ if at < text.len() => {
                out.push(text[at]);
                at += 1;
            }
            _ => break,
        }
        if out.len() > LONGEST {
            return Err(too_long());
        }
        if anchored {
            break;
        }
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    Ok((lua.create_string(out)?, count))
}

fn replace(
    lua: &Lua,
    out: &mut Vec<u8>,
    text: &[u8],
    found: (usize, usize),
    all: &[Capture],
    by: &Value,
) -> Result<()> {
    let value = match by {
        Value::Table(table) => {
            let key = all.first().copied().unwrap_or(Capture::Span(found.0, found.1));
            table.get::<Value>(capture(lua, text, key)?)?
        }
        Value::Function(function) => function.call::<Value>(captures(lua, text, found, all)?)?,
        template => {
            let template = lua.coerce_string(template.clone())?.expect("a text or a number");
            return expand(lua, out, text, found, all, &template.as_bytes());
        }
    };
    match value {
        Value::Nil | Value::Boolean(false) => out.extend_from_slice(&text[found.0..found.1]),
        Value::String(_) | Value::Integer(_) | Value::Number(_) => {
            let value = lua.coerce_string(value)?.expect("a text or a number");
            out.extend_from_slice(&value.as_bytes());
        }
        other => return Err(blame(format!("invalid replacement value (a {})", other.type_name()))),
    }
    Ok(())
}

/// `%1` is a capture, `%0` the whole match, `%%` a percent sign.
fn expand(
    lua: &Lua,
    out: &mut Vec<u8>,
    text: &[u8],
    found: (usize, usize),
    all: &[Capture],
    template: &[u8],
) -> Result<()> {
    context(lua).budget.spend(lua, template.len() as u64 / 8)?;
    let mut bytes = template.iter();
    while let Some(&byte) = bytes.next() {
        if out.len() > LONGEST {
            return Err(too_long());
        }
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let index = match bytes.next() {
            Some(b'%') => {
                out.push(b'%');
                continue;
            }
            Some(digit) if digit.is_ascii_digit() => usize::from(digit - b'0'),
            _ => return Err(blame("invalid use of '%' in replacement text; write %% for a percent sign")),
        };
        let whole = Capture::Span(found.0, found.1);
        let wanted = match index {
            0 => Some(whole),
            1 if all.is_empty() => Some(whole),
            n => all.get(n - 1).copied(),
        };
        match wanted {
            Some(Capture::Span(from, to)) => out.extend_from_slice(&text[from..to]),
            Some(Capture::Position(at)) => out.extend_from_slice((at + 1).to_string().as_bytes()),
            Some(Capture::Open(_)) => return Err(blame("unfinished capture")),
            None => return Err(blame(format!("invalid capture index %{index} in replacement text"))),
        }
    }
    Ok(())
}

fn rep(lua: &Lua, (text, count, between): (LuaString, i64, Option<LuaString>)) -> Result<LuaString> {
    let text = text.as_bytes();
    let between = between.as_ref().map(|b| b.as_bytes());
    let between = between.as_deref().unwrap_or_default();
    let count = usize::try_from(count).unwrap_or(0);
    if text.is_empty() && between.is_empty() {
        return lua.create_string("");
    }
    let len = count.saturating_mul(text.len() + between.len());
    if len > LONGEST {
        return Err(too_long());
    }
    context(lua).budget.spend(lua, (len / 8 + count) as u64)?;
    let mut out = Vec::with_capacity(len);
    for i in 0..count {
        if i > 0 {
            out.extend_from_slice(between);
        }
        out.extend_from_slice(&text);
    }
    lua.create_string(out)
}

fn too_long() -> mlua::Error {
    blame(format!("the resulting text is too long; {} MB are possible", LONGEST >> 20))
}
