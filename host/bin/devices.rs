//! `cantus devices`

use cantus_host::device::{Card, list};
use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::console::{say, tell};
use crate::run::NULL;

/// Lists the sound devices.
#[derive(Args)]
pub struct Devices {
    /// For programs to read.
    #[arg(long)]
    json: bool,
}

impl Devices {
    /// Prints one line a device, the system's choice marked with a star, and the one that is always there last.
    pub fn run(&self) -> Result<(), Failure> {
        let cards = list();
        if self.json {
            let card = |c: &Card| json!({"name": c.name, "default": c.default, "channels": c.channels, "rate": c.rate});
            let null = json!({"name": NULL, "default": false});
            return say(json!(cards.iter().map(card).chain([null]).collect::<Vec<_>>()));
        }
        for card in &cards {
            let star = if card.default { '*' } else { ' ' };
            say(format_args!("{star} {}  {} channels, {} Hz", card.name, card.channels, card.rate))?;
        }
        say(format_args!("  {NULL}  plays to nobody"))?;
        if cards.is_empty() {
            tell("no sound device found; `cantus render` needs none");
        }
        Ok(())
    }
}
