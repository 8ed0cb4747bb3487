//! `cantus replay JOURNAL -o OUT`

use std::path::PathBuf;

use cantus_host::control::journal::{self, Read, Record};
use cantus_host::control::{Config, Replay as Player};
use cantus_host::model::Name;
use clap::Args;

use crate::Failure;
use crate::console::say;
use crate::output::Output;
use crate::play::write;
use crate::render::positive;
use crate::setup::PluginArguments;

/// Renders a journal of `cantus run`: the samples that were heard, faster than real time.
#[derive(Args)]
pub struct Replay {
    /// The journal.
    journal: PathBuf,
    /// The WAV file to write.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// How many seconds [default: all of it].
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = positive)]
    seconds: Option<f64>,
    /// Folder of the sound files [default: where they were].
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl Replay {
    /// Renders; an error if something is not as it was then.
    pub fn run(&self, plugins: &PluginArguments) -> Result<(), Failure> {
        let output = Output::new(&self.out, std::slice::from_ref(&self.journal))?;
        let read = journal::read(&self.journal).map_err(Failure)?;
        let rate = read.header.rate;
        let config = Config { rate, root: self.root.clone().unwrap_or(read.header.root.clone()) };
        output.is_none_of(sounds(&read), &config.root, "the journal")?;
        let mut player = Player::new(plugins.load_again(&read.header)?, config, read);
        let frames = self.seconds.map_or(player.end(), |seconds| (seconds * rate).round() as u64);
        output.fits(frames, 32, rate)?;
        let meter = write(|block| player.pull(block), &output, rate, 32, frames)?;
        say(self.out.display())?;
        say(format_args!("  {:.1} s   peak {:.1} dBFS", meter.seconds(), meter.peak_db()))?;
        match player.notes() {
            [] => Ok(()),
            notes => Err(Failure(format!("it was rendered, but may sound otherwise than then: {}", notes.join("; ")))),
        }
    }
}

/// The sound files that were read then, and will be read again.
fn sounds(read: &Read) -> impl Iterator<Item = &Name> {
    let brought = read.records.iter().filter_map(|record| match record {
        Record::Brought { results, .. } => Some(results),
        _ => None,
    });
    brought.flatten().filter_map(|result| match result {
        journal::Result::Loaded { file, .. } => Some(file),
        journal::Result::Made { .. } | journal::Result::Reloaded { .. } | journal::Result::Worked { .. } => None,
    })
}
