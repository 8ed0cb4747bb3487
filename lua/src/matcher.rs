//! Lua's patterns, with a limit on the steps a match may take.
//!
//! Written from section 6.4.1 of the Lua 5.4 reference manual. Lua's own matcher may take exponential time and cannot be
//! stopped; this one counts every comparison and gives up when the fuel is used up. Texts and patterns are bytes.

/// Captures of one pattern at most.
const CAPTURES: usize = 32;

/// How deep a match may nest.
const DEPTH: u32 = 200;

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// The steps are used up.
    Fuel,
    /// The pattern cannot be one.
    Malformed(&'static str),
}

/// What a pair of parentheses holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// Opened, not closed; begins here. An error for whoever wants its text.
    Open(usize),
    /// `()`: a position.
    Position(usize),
    /// From, to.
    Span(usize, usize),
}

/// One search.
pub struct Matcher<'a> {
    text: &'a [u8],
    pattern: &'a [u8],
    depth: u32,
    /// Steps left.
    pub fuel: u64,
    /// Captures of the last match.
    pub captures: Vec<Capture>,
}

type Answer = Result<Option<usize>, Fault>;

impl<'a> Matcher<'a> {
    /// A matcher of a pattern, whose anchor `^` the caller has taken off, with that many steps.
    pub fn new(text: &'a [u8], pattern: &'a [u8], fuel: u64) -> Matcher<'a> {
        Matcher { text, pattern, depth: 0, fuel, captures: Vec::new() }
    }

    /// The end of a match that begins exactly at `start`.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn match_at(&mut self, start: usize) -> Answer {
        self.captures.clear();
        self.depth = 0;
        self.run(start, 0)
    }

    fn step(&mut self) -> Result<(), Fault> {
        self.fuel = self.fuel.checked_sub(1).ok_or(Fault::Fuel)?;
        Ok(())
    }

    fn run(&mut self, s: usize, p: usize) -> Answer {
        if self.depth == DEPTH {
            return Err(Fault::Malformed("pattern too complex"));
        }
        self.depth += 1;
        let answer = self.run_here(s, p);
        self.depth -= 1;
        answer
    }

    fn run_here(&mut self, mut s: usize, mut p: usize) -> Answer {
        loop {
            self.step()?;
            let next = self.pattern.get(p + 1).copied();
            match self.pattern.get(p) {
                None => return Ok(Some(s)),
                Some(b'(') if next == Some(b')') => return self.open(s, p + 2, Capture::Position(s)),
                Some(b'(') => return self.open(s, p + 1, Capture::Open(s)),
                Some(b')') => return self.close(s, p + 1),
                Some(b'$') if next.is_none() => return Ok((s == self.text.len()).then_some(s)),
                Some(b'%') if next == Some(b'b') => match self.balance(s, p + 2)? {
                    Some(end) => (s, p) = (end, p + 4),
                    None => return Ok(None),
                },
                Some(b'%') if next == Some(b'f') => match self.frontier(s, p + 2)? {
                    Some(after) => p = after,
                    None => return Ok(None),
                },
                Some(b'%') if next.is_some_and(|c| c.is_ascii_digit()) => match self.again(s, p + 1)? {
                    Some(end) => (s, p) = (end, p + 2),
                    None => return Ok(None),
                },
                Some(_) => {
                    let end = self.class_end(p)?;
                    let fits = self.fits(s, p, end)?;
                    match self.pattern.get(end) {
                        Some(b'?') => {
                            if fits && let Some(found) = self.run(s + 1, end + 1)? {
                                return Ok(Some(found));
                            }
                            p = end + 1;
                        }
                        Some(b'+') => return if fits { self.most(s + 1, p, end) } else { Ok(None) },
                        Some(b'*') => return self.most(s, p, end),
                        Some(b'-') => return self.least(s, p, end),
                        _ if fits => (s, p) = (s + 1, end),
                        _ => return Ok(None),
                    }
                }
            }
        }
    }

    /// As many as possible, then fewer.
    fn most(&mut self, s: usize, p: usize, end: usize) -> Answer {
        let mut count = 0;
        while self.fits(s + count, p, end)? {
            self.step()?;
            count += 1;
        }
        loop {
            if let Some(found) = self.run(s + count, end + 1)? {
                return Ok(Some(found));
            }
            if count == 0 {
                return Ok(None);
            }
            count -= 1;
        }
    }

    /// As few as possible, then more.
    fn least(&mut self, mut s: usize, p: usize, end: usize) -> Answer {
        loop {
            if let Some(found) = self.run(s, end + 1)? {
                return Ok(Some(found));
            }
            if !self.fits(s, p, end)? {
                return Ok(None);
            }
            s += 1;
        }
    }

    fn open(&mut self, s: usize, p: usize, capture: Capture) -> Answer {
        if self.captures.len() == CAPTURES {
            return Err(Fault::Malformed("too many captures"));
        }
        let level = self.captures.len();
        self.captures.push(capture);
        let found = self.run(s, p)?;
        if found.is_none() {
            self.captures.truncate(level);
        }
        Ok(found)
    }

    fn close(&mut self, s: usize, p: usize) -> Answer {
        let open = self.captures.iter().rposition(|c| matches!(c, Capture::Open(_)));
        let Some(level) = open else { return Err(Fault::Malformed("invalid pattern capture")) };
        let Capture::Open(start) = self.captures[level] else { unreachable!("found as open") };
        self.captures[level] = Capture::Span(start, s);
        let found = self.run(s, p)?;
        if found.is_none() {
            self.captures[level] = Capture::Open(start);
        }
        Ok(found)
    }

    /// `%bxy`: from x to the y that balances it.
    fn balance(&mut self, s: usize, p: usize) -> Answer {
        let &[open, close, ..] = self.pattern.get(p..).unwrap_or_default() else {
            return Err(Fault::Malformed("malformed pattern (missing arguments to '%b')"));
        };
        if self.text.get(s) != Some(&open) {
            return Ok(None);
        }
        let mut nested = 1;
        for at in s + 1..self.text.len() {
            self.step()?;
            let c = self.text[at];
            if c == close {
                nested -= 1;
                if nested == 0 {
                    return Ok(Some(at + 1));
                }
            } else if c == open {
                nested += 1;
            }
        }
        Ok(None)
    }

    /// `%f[set]`: where the byte before is not in the set and the next is. The place behind it in the pattern.
    fn frontier(&mut self, s: usize, p: usize) -> Answer {
        if self.pattern.get(p) != Some(&b'[') {
            return Err(Fault::Malformed("malformed pattern (missing '[' after '%f')"));
        }
        let end = self.class_end(p)?;
        let before = if s == 0 { 0 } else { self.text[s - 1] };
        let here = self.text.get(s).copied().unwrap_or(0);
        self.step()?;
        Ok((!self.in_set(before, p, end) && self.in_set(here, p, end)).then_some(end))
    }

    /// `%1`: what a capture held, again.
    fn again(&mut self, s: usize, p: usize) -> Answer {
        let index = usize::from(self.pattern[p]).wrapping_sub(usize::from(b'1'));
        let (from, to) = match self.captures.get(index).copied() {
            Some(Capture::Span(from, to)) => (from, to),
            // A position never comes again.
            Some(Capture::Position(_)) => return Ok(None),
            Some(Capture::Open(_)) | None => return Err(Fault::Malformed("invalid capture index in pattern")),
        };
        self.fuel = self.fuel.checked_sub((to - from) as u64).ok_or(Fault::Fuel)?;
        Ok(self.text[s..].starts_with(&self.text[from..to]).then_some(s + to - from))
    }

    /// The place behind the single-byte class at `p`.
    fn class_end(&mut self, p: usize) -> Result<usize, Fault> {
        match self.pattern[p] {
            b'%' if p + 1 == self.pattern.len() => Err(Fault::Malformed("malformed pattern (ends with '%')")),
            b'%' => Ok(p + 2),
            b'[' => {
                let missing = Fault::Malformed("malformed pattern (missing ']')");
                let mut at = p + 1 + usize::from(self.pattern.get(p + 1) == Some(&b'^'));
                // A `]` right at the beginning is a member.
                let first = at;
                while self.pattern.get(at) != Some(&b']') || at == first {
                    self.step()?;
                    match self.pattern.get(at) {
                        None => return Err(missing),
                        Some(b'%') => at += 2,
                        Some(_) => at += 1,
                    }
                }
                Ok(at + 1)
            }
            _ => Ok(p + 1),
        }
    }

    fn fits(&mut self, s: usize, p: usize, end: usize) -> Result<bool, Fault> {
        let Some(&byte) = self.text.get(s) else { return Ok(false) };
        self.fuel = self.fuel.checked_sub((end - p) as u64).ok_or(Fault::Fuel)?;
        Ok(match self.pattern[p] {
            b'.' => true,
            b'%' => in_class(byte, self.pattern[p + 1]),
            b'[' => self.in_set(byte, p, end),
            literal => literal == byte,
        })
    }

    /// Whether a byte is in the set `[...]` from `p` to before `end`.
    fn in_set(&self, byte: u8, p: usize, end: usize) -> bool {
        let mut at = p + 1;
        let negated = self.pattern[at] == b'^';
        at += usize::from(negated);
        let last = end - 1;
        while at < last {
            let c = self.pattern[at];
            if c == b'%' {
                if in_class(byte, self.pattern[at + 1]) {
                    return !negated;
                }
                at += 2;
            } else if self.pattern[at + 1] == b'-' && at + 2 < last {
                if (c..=self.pattern[at + 2]).contains(&byte) {
                    return !negated;
                }
                at += 3;
            } else {
                if c == byte {
                    return !negated;
                }
                at += 1;
            }
        }
        negated
    }
}

/// Whether a byte is in the class `%class`; an upper-case letter is the complement, no letter is itself.
fn in_class(byte: u8, class: u8) -> bool {
    let inside = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'g' => byte.is_ascii_graphic(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => byte.is_ascii_whitespace() || byte == 0x0b,
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        _ => return class == byte,
    };
    inside != class.is_ascii_uppercase()
}
