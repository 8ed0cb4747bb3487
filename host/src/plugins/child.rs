//! A program run in a process of its own, because what it does may crash it, hang it or end it.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Most that is kept of what it says, in bytes.
const MOST_SAID: u64 = 64 * 1024;
/// How long its last words are waited for: what it has started may hold on to its output.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_micros(500);

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub ending: Ending,
    /// What it wrote to standard output, the first 64 KiB.
    pub out: String,
    /// What it wrote to standard error, the first 64 KiB.
    pub err: String,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with an exit code.
    Exited(i32),
    /// By a signal, such as 11, which is SIGSEGV.
    Killed(i32),
    /// It took too long, and was ended.
    TooLong,
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ending::Exited(code) => write!(f, "it ended the program, with exit code {code}"),
            Ending::Killed(signal) => match name_of(*signal) {
                Some(name) => write!(f, "it crashed ({name})"),
                None => write!(f, "it crashed (signal {signal})"),
            },
            Ending::TooLong => write!(f, "it did not come back"),
        }
    }
}

/// The signals by which programs crash, where their numbers are everywhere the same.
fn name_of(signal: i32) -> Option<&'static str> {
    match signal {
        4 => Some("SIGILL"),
        6 => Some("SIGABRT"),
        8 => Some("SIGFPE"),
        9 => Some("SIGKILL"),
        11 => Some("SIGSEGV"),
        _ if cfg!(target_os = "linux") && signal == 7 => Some("SIGBUS"),
        _ => None,
    }
}

/// Runs a command with nothing to read, and ends it and all it has started after `patience`.
///
/// # Errors
/// It could not be started.
pub fn run(command: &mut Command, patience: Duration) -> std::io::Result<Ran> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (out, err) = (child.stdout.take().map(listen), child.stderr.take().map(listen));
    let status = wait(&mut child, Instant::now() + patience)?;
    let end = Instant::now() + LAST_WORDS;
    let said = |heard: Option<Receiver<Vec<u8>>>| {
        let all = heard.and_then(|heard| heard.recv_timeout(end.saturating_duration_since(Instant::now())).ok());
        String::from_utf8_lossy(&all.unwrap_or_default()).into_owned()
    };
    Ok(Ran { ending: status.map_or(Ending::TooLong, ending), out: said(out), err: said(err) })
}

/// `None`: it had to be ended.
fn wait(child: &mut Child, end: Instant) -> std::io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            kill_all(child);
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
}

/// Ends it and what it has started.
fn kill_all(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    // It may have ended by itself meanwhile.
    let _ = child.kill();
}

#[cfg(unix)]
fn ending(status: ExitStatus) -> Ending {
    use std::os::unix::process::ExitStatusExt;
    status.signal().map_or_else(|| Ending::Exited(status.code().unwrap_or(-1)), Ending::Killed)
}

#[cfg(not(unix))]
fn ending(status: ExitStatus) -> Ending {
    Ending::Exited(status.code().unwrap_or(-1))
}

/// Reads to the end on a thread of its own; what is too much is read and forgotten.
fn listen(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        let mut said = Vec::new();
        let _ = from.by_ref().take(MOST_SAID).read_to_end(&mut said);
        let _ = std::io::copy(&mut from, &mut std::io::sink());
        // Nobody waits for it any more if it came too late.
        let _ = tell.send(said);
    });
    heard
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Ran {
        run(Command::new("sh").args(["-c", script]), patience).expect("there is a shell")
    }

    #[test]
    fn endings_are_told_apart() {
        let long = Duration::from_secs(60);
        for (script, ending, said) in [
            ("echo good; echo bad >&2", Ending::Exited(0), "good\n"),
            ("exit 3", Ending::Exited(3), ""),
            ("kill -SEGV $$", Ending::Killed(11), ""),
            ("head -c 100000 /dev/zero | tr '\\0' x; echo behind", Ending::Exited(0), "x"),
        ] {
            let ran = shell(script, long);
            assert_eq!(ran.ending, ending, "{script}");
            assert!(ran.out.starts_with(said) && ran.out.len() <= MOST_SAID as usize, "{script}: {}", ran.out.len());
        }
        assert_eq!(shell("echo bad >&2", long).err, "bad\n");
    }

    #[test]
    fn what_does_not_end_is_ended_with_all_it_started() {
        let ran = shell("sleep 1000 & echo begun; wait", Duration::from_millis(100));
        assert_eq!((ran.ending, &*ran.out), (Ending::TooLong, "begun\n"));
    }
}
