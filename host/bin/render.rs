//! `cantus render SONG -o OUT`

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use serde_json::json;

use crate::Failure;
use crate::console::{say, warn};
use crate::play::{Length, Rendered, Rendering};
use crate::report::minutes;
use crate::setup::PluginArguments;
use crate::song::Song;

/// Bars of a render when nothing is said.
const BARS: f64 = 16.0;

/// Renders a script or session to a WAV file, faster than real time.
#[derive(Args)]
pub struct Render {
    /// The script, or the folder of a session.
    file: PathBuf,
    /// The WAV file to write.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// How many bars [default: 16].
    #[arg(long, value_name = "N", conflicts_with = "seconds", allow_negative_numbers = true, value_parser = positive)]
    bars: Option<f64>,
    /// How many seconds.
    #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = positive)]
    seconds: Option<f64>,
    /// Bits of a sample; 32 are floats, which cannot clip.
    #[arg(long, default_value = "24", value_parser = PossibleValuesParser::new(["16", "24", "32"]).map(|s| s.parse::<u16>().unwrap_or(24)))]
    bits: u16,
    /// Render although sound files or modules are missing.
    #[arg(long)]
    allow_missing: bool,
    /// Figures for programs to read.
    #[arg(long)]
    json: bool,
}

impl Render {
    /// Renders, and prints what came out.
    pub fn run(&self, plugins: &PluginArguments) -> Result<(), Failure> {
        let bars = Length::Bars(self.bars.unwrap_or(BARS));
        let registry = plugins.load_for(&self.file, None)?;
        let song = Song::open(&self.file, registry.catalog(), &plugins.without, plugins.lossy)?;
        let rendering = Rendering {
            song: &song,
            out: &self.out,
            length: self.seconds.map_or(bars, Length::Seconds),
            bits: self.bits,
            allow_missing: self.allow_missing,
        };
        let rendered = rendering.run(registry)?;
        print(&rendering, &rendered, self.json)
    }
}

/// Says what came out; an error if something went wrong while it played.
pub fn print(rendering: &Rendering<'_>, rendered: &Rendered, as_json: bool) -> Result<(), Failure> {
    let Rendered { meter, speed, faults } = rendered;
    let finite = |x: f64| if x.is_finite() { json!(x) } else { json!(null) };
    if as_json {
        say(json!({"file": rendering.out, "seconds": meter.seconds(), "peak_dbfs": finite(meter.peak_db()),
                   "loudness_lufs": finite(meter.loudness()), "speed": speed, "faults": faults}))?;
    } else {
        say(rendering.out.display())?;
        say(format_args!(
            "  length {}   peak {:.1} dBFS   loudness {:.1} LUFS   made {speed:.0} times faster than real time",
            minutes(meter.seconds()),
            meter.peak_db(),
            meter.loudness()
        ))?;
        say(meter.picture())?;
    }
    if meter.peak_db() == f64::NEG_INFINITY {
        warn("it is silent; does anything play, and is it connected to something that is heard?");
    }
    if meter.clips() && rendering.bits != 32 {
        warn("it is louder than full scale and was clipped; turn it down, or render with --bits 32");
    }
    if faults.is_empty() { Ok(()) } else { Err(Failure(format!("it was rendered, but {}", faults.join("; ")))) }
}

/// A number above 0.
pub fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    if number > 0.0 && number <= 1e6 { Ok(number) } else { Err("more than 0 and at most 1000000 is possible".into()) }
}
