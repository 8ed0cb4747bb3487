//! `cantus devices`

use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::console::{say, tell};

/// Lists the sound devices.
#[derive(Args)]
pub struct Devices {
    /// For programs to read.
    #[arg(long)]
    json: bool,
}

impl Devices {
    /// Prints one line a device, the system's choice marked with a star.
    pub fn run(&self) -> Result<(), Failure> {
        let cards = cantus_host::device::list();
        if self.json {
            let cards: Vec<_> = cards
                .iter()
                .map(|c| json!({"name": c.name, "default": c.default, "channels": c.channels, "rate": c.rate}))
                .collect();
            return say(json!(cards));
        }
        for card in &cards {
            let star = if card.default { '*' } else { ' ' };
            say(format_args!("{star} {}  {} channels, {} Hz", card.name, card.channels, card.rate))?;
        }
        if cards.is_empty() {
            tell("no sound device found; `cantus render` needs none");
        }
        Ok(())
    }
}
