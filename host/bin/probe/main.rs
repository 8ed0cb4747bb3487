//! The program `cantus-probe`: a process in which plugins that nobody knows yet may crash, hang and exit. `cantus` runs it
//! and judges by its end. What it finds it writes to a file, for what a plugin prints must not be taken for it.

#[cfg(all(target_os = "linux", not(cantus_rtsan)))]
mod allocator;
#[cfg(target_os = "linux")]
mod check;
mod look;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs the code of a plugin in a process of its own, for `cantus`.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Opens a plugin, makes an instance of each of its types and ends it.
    Look(look::Look),
    /// Runs one check of one plugin.
    #[cfg(target_os = "linux")]
    Check(check::Check),
}

fn main() -> ExitCode {
    leave_no_core();
    let Arguments { command } = Arguments::parse();
    match command {
        Command::Look(look) => look.run(),
        #[cfg(target_os = "linux")]
        Command::Check(check) => check.run(),
    }
}

/// A crash here is an answer; nobody needs an image of the memory.
fn leave_no_core() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // Without it there is a file that nobody needs.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}
