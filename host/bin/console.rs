//! What the program says: results on standard output, everything else on standard error. Whoever listens may go away at
//! any time, as `head` does; that is no fault of theirs, and no reason to stop the music.

use std::fmt::Display;
use std::io::{ErrorKind, Write, stderr, stdout};

use crate::Failure;

/// Says a result, which ends with its line. When nobody reads it any more, nobody misses it.
///
/// # Errors
/// When it could not be written for another reason, such as a full disk.
pub fn say(result: impl Display) -> Result<(), Failure> {
    match writeln!(stdout().lock(), "{result}") {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Failure(format!("could not write the result: {e}; send it to another place")))
        }
        _ => Ok(()),
    }
}

/// Tells people something: progress, a warning, an error. There is nobody to be told that it could not be.
pub fn tell(message: impl Display) {
    let _ = writeln!(stderr().lock(), "{message}");
}

/// Tells people of something that will not be as they want it.
pub fn warn(message: impl Display) {
    tell(format_args!("warning: {message}"));
}
