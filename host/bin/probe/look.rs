//! `cantus-probe look`: whether a plugin can be opened without harm.

use std::path::PathBuf;
use std::process::ExitCode;

use cantus_host::plugins::probe;
use clap::Args;

/// Opens a plugin, makes an instance of each of its types and ends it.
#[derive(Args)]
pub struct Look {
    /// The library.
    path: PathBuf,
    /// Where to write what was found.
    #[arg(long, value_name = "FILE")]
    result: PathBuf,
}

impl Look {
    /// Writes what was found, when all is over.
    pub fn run(&self) -> ExitCode {
        if std::fs::write(&self.result, probe::BEGUN).is_err() {
            return ExitCode::FAILURE;
        }
        let found = probe::look(&self.path);
        match std::fs::write(&self.result, format!("{}{found}", probe::BEGUN)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    }
}
