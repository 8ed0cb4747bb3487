//! The program `cantus`: arguments in, exit code out. Results go to standard output, everything else to standard error.

mod console;
mod crash;
mod devices;
mod journals;
mod new;
mod output;
mod play;
mod plugins;
mod prompt;
mod rebuilt;
mod render;
mod replay;
mod report;
mod run;
mod settings;
mod setup;
mod song;
mod stall;
mod types;
mod watch;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use cantus_host::control::CommitError;
use cantus_host::device::DeviceError;
use cantus_host::model::Refusal;
use cantus_host::session::SessionError;
use cantus_host::settings::SettingsError;
use cantus_lua::ScriptError;
use clap::{Parser, Subcommand};

/// A live-coding audio engine: plugin modules, scripted in Lua.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    plugins: setup::PluginArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays a script or session on a sound device and evaluates the script again whenever it is saved.
    Run(run::Run),
    /// Renders a script or session to a WAV file, faster than real time.
    Render(render::Render),
    /// Renders a journal of `cantus run`: the same sound again.
    Replay(replay::Replay),
    /// Begins a song: the folder of a session, with a script to write on.
    New(new::New),
    /// Writes definitions for editors: functions, modules, and what a song has made, with types and documentation.
    Types(types::Types),
    /// Shows what the plugins provide, and begins new ones.
    #[command(subcommand)]
    Plugins(plugins::Plugins),
    /// Lists the sound devices.
    Devices(devices::Devices),
    /// Shows and changes what you want of this machine, whatever the song.
    #[command(subcommand)]
    Settings(settings::Settings),
}

/// Something went wrong; the text says what was attempted, on what, why, and what to do.
pub struct Failure(pub String);

/// Errors that say all of that by themselves. Others are given an attempt and advice where they come up.
trait Sentence: std::error::Error {}

impl Sentence for CommitError {}
impl Sentence for DeviceError {}
impl Sentence for Refusal {}
impl Sentence for ScriptError {}
impl Sentence for SessionError {}
impl Sentence for SettingsError {}

impl<E: Sentence> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure(error.to_string())
    }
}

/// Ctrl-C, or a request to end.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Lets the program end.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Somebody wants the program to end: what it is at is to be left tidy.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

fn main() -> ExitCode {
    // Without it Ctrl-C still ends the program, though less tidily.
    let _ = ctrlc::set_handler(interrupt);
    let Arguments { plugins, command } = Arguments::parse();
    let result = match command {
        Command::Run(run) => run.run(&plugins),
        Command::Render(render) => render.run(&plugins),
        Command::Replay(replay) => replay.run(&plugins),
        Command::New(new) => new.run(&plugins),
        Command::Types(types) => types.run(&plugins),
        Command::Plugins(command) => command.run(&plugins),
        Command::Devices(devices) => devices.run(),
        Command::Settings(command) => command.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(text)) => {
            console::tell(format_args!("error: {text}"));
            ExitCode::FAILURE
        }
    }
}
