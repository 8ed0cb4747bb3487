//! Signatures as rows have them: `(path: string, on?: boolean) -> number or () -> string`.

/// One way to call a function.
#[derive(Debug, PartialEq, Eq)]
pub struct Way<'a> {
    /// In order.
    pub params: Vec<Param<'a>>,
    /// Types of what is answered, in order.
    pub returns: Vec<&'a str>,
}

/// What is passed.
#[derive(Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// Its name; `...` for any number of them.
    pub name: &'a str,
    /// It may be left out.
    pub optional: bool,
    /// Its type.
    pub lua_type: &'a str,
}

impl Way<'_> {
    /// As the type of a function: `fun(path: string, on?: boolean): number`.
    pub fn as_type(&self) -> String {
        let param = |p: &Param| format!("{}{}: {}", p.name, if p.optional { "?" } else { "" }, p.lua_type);
        let params: Vec<String> = self.params.iter().map(param).collect();
        let returns = if self.returns.is_empty() { String::new() } else { format!(": {}", self.returns.join(", ")) };
        format!("fun({}){returns}", params.join(", "))
    }
}

/// All ways to call a function; none if the text cannot be read.
pub fn ways(signature: &str) -> Vec<Way<'_>> {
    split(signature, " or ").into_iter().map(way).collect::<Option<Vec<_>>>().unwrap_or_default()
}

fn way(text: &str) -> Option<Way<'_>> {
    let (params, returns) = match split(text, " -> ")[..] {
        [params] => (params, Vec::new()),
        [params, returns] => (params, split(returns, ", ")),
        _ => return None,
    };
    let params = params.strip_prefix('(')?.strip_suffix(')')?;
    let params = if params.is_empty() { Vec::new() } else { split(params, ", ") };
    Some(Way { params: params.into_iter().map(param).collect::<Option<_>>()?, returns })
}

fn param(text: &str) -> Option<Param<'_>> {
    let (name, lua_type) = text.split_once(": ")?;
    let (name, optional) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let good = name == "..." || !name.is_empty() && name.chars().all(word);
    (good && !cantus_manifest::LUA_WORDS.contains(&name)).then_some(Param { name, optional, lua_type })
}

/// Parts between separators that stand in no brackets.
fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '{' | '[' | '<' => depth += 1,
            // The arrow is no bracket.
            '>' if text[..at].ends_with('-') => {}
            ')' | '}' | ']' | '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 && at >= from && text[at..].starts_with(separator) {
            parts.push(&text[from..at]);
            from = at + separator.len();
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures() {
        for (text, expected) in [
            ("()", vec!["fun()"]),
            ("(path: string, on?: boolean) -> number", vec!["fun(path: string, on?: boolean): number"]),
            ("(...: any) -> string, number?", vec!["fun(...: any): string, number?"]),
            (
                "(a: {b: number, c: string}) or (f: fun(x: number, y: number): string) -> table<string, any>",
                vec!["fun(a: {b: number, c: string})", "fun(f: fun(x: number, y: number): string): table<string, any>"],
            ),
            ("(kind: \"a\"|\"b\")", vec!["fun(kind: \"a\"|\"b\")"]),
            ("path: string", vec![]),
            ("(path)", vec![]),
            ("(end: number)", vec![]),
            ("(a b: number)", vec![]),
            ("() -> a -> b", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(ways(text).iter().map(Way::as_type).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
