//! `cantus devices`

use clap::Args;
use serde_json::json;

use crate::Failure;

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
            println!("{}", json!(cards));
            return Ok(());
        }
        for card in &cards {
            let star = if card.default { '*' } else { ' ' };
            println!("{star} {}  {} channels, {} Hz", card.name, card.channels, card.rate);
        }
        if cards.is_empty() {
            eprintln!("no sound device found; `cantus render` needs none");
        }
        Ok(())
    }
}
