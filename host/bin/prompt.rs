//! What people type, or their editors send, while it plays: a line at a time, and lines that belong together.

use std::io::BufRead;
use std::string::FromUtf8Error;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cantus_host::control::Origin;
use cantus_lua::{Script, ScriptError};

use crate::console::{say, tell};
use crate::interrupt;

/// How long the rest of something may be on its way before people are told that it is waited for.
const PAUSE: Duration = Duration::from_millis(500);

/// The lines, for whichever thread evaluates them now.
#[derive(Clone)]
pub struct Prompt(Arc<Mutex<Typed>>);

struct Typed {
    lines: Receiver<Result<String, FromUtf8Error>>,
    begun: Option<Begun>,
}

/// Lines of something that is not whole yet.
struct Begun {
    text: String,
    /// What is missing, in case nothing more comes.
    error: ScriptError,
    since: Instant,
    told: bool,
}

impl Prompt {
    /// Reads standard input from now on, on a thread that ends with the program.
    pub fn open() -> Prompt {
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let lines = std::io::stdin().lock().split(b'\n').map_while(Result::ok);
            lines.map(String::from_utf8).all(|line| sender.send(line).is_ok())
        });
        Prompt(Arc::new(Mutex::new(Typed { lines, begun: None })))
    }

    /// Waits for a line until then, and evaluates it, unless it is the beginning of something: then with what follows.
    pub fn listen(&self, script: &mut Script, until: Instant) {
        let wait = until.saturating_duration_since(Instant::now());
        // A thread that got stuck did so evaluating, and what it had begun is gone.
        let mut typed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = typed.lines.recv_timeout(wait);
        let begun = typed.begun.take();
        drop(typed);
        let begun = match line {
            Ok(Ok(line)) => evaluate(script, begun, &line),
            Ok(Err(error)) => {
                tell(format_args!("error: could not read that line: {error}; type it again in UTF-8"));
                begun
            }
            Err(RecvTimeoutError::Timeout) => begun.map(Begun::remind),
            Err(RecvTimeoutError::Disconnected) => {
                if let Some(begun) = begun {
                    tell(format_args!("error: {}", begun.error));
                }
                std::thread::sleep(wait);
                None
            }
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).begun = begun;
    }
}

impl Begun {
    /// Says once that the rest is waited for.
    fn remind(mut self) -> Begun {
        if !self.told && self.since.elapsed() >= PAUSE {
            tell("this goes on: type the rest, or an empty line to leave it");
            self.told = true;
        }
        self
    }
}

/// Evaluates a line with what it is the rest of; answers what is not whole yet.
fn evaluate(script: &mut Script, begun: Option<Begun>, line: &str) -> Option<Begun> {
    if begun.is_none() && ["exit", "quit", "exit()", "quit()"].contains(&line.trim()) {
        interrupt();
        return None;
    }
    let told = begun.as_ref().is_some_and(|begun| begun.told);
    let text = begun.map_or_else(String::new, |begun| begun.text + "\n") + line;
    match script.eval(&text, "prompt", Origin::Repl) {
        Ok(evaluation) if evaluation.values.is_empty() => {}
        // The music goes on when nobody reads them.
        Ok(evaluation) => _ = say(evaluation.values.join("  ")),
        // An empty line may be part of it; after the reminder it is the end.
        Err(error) if error.incomplete && !(told && line.trim().is_empty()) => {
            return Some(Begun { text, error, since: Instant::now(), told });
        }
        Err(error) => tell(format_args!("error: {error}")),
    }
    None
}
