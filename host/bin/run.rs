//! `cantus run FILE`

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cantus_host::control::{Commit, Engine, EngineHandle, EngineThread};
use cantus_host::device::{Cpal, Device, DeviceError, Null, Source};
use cantus_host::plugins::ModuleRegistry;
use cantus_lua::Script;
use clap::Args;

use crate::play::{Length, Rendering, on_script_thread, problems_with_places, script, start};
use crate::render::{positive, print};
use crate::settings::{number, text};
use crate::setup::{PluginArguments, RATE, config};
use crate::{Failure, interrupted};

/// How often the script file is looked at.
const WATCH: Duration = Duration::from_millis(50);
/// Wall time that loading may take before the music begins without what is not there yet.
const PATIENCE: Duration = Duration::from_secs(5);

/// Plays a script on a sound device and evaluates it again whenever it is saved. Ctrl-C ends it.
#[derive(Args)]
pub struct Run {
    /// The script.
    file: PathBuf,
    /// Sound device, as `cantus devices` names it; "null" plays to nobody [default: the setting "device", or the
    /// system's choice].
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// End after so many bars.
    #[arg(long, value_name = "N", value_parser = positive)]
    bars: Option<f64>,
    /// Where there is no sound device, render to this WAV file instead (--bars of it, or 16).
    #[arg(long, value_name = "FILE")]
    or_render: Option<PathBuf>,
}

impl Run {
    /// Plays until Ctrl-C or the last bar.
    pub fn run(&self, plugins: &PluginArguments) -> Result<(), Failure> {
        let registry = plugins.load()?;
        let (engine, processor) = Engine::new(registry.clone(), config(&self.file));
        let mut device = match self.open(engine.handle()) {
            Ok(device) => device,
            Err(DeviceError::None) if self.or_render.is_some() => return self.render(registry),
            Err(error) => return Err(error.into()),
        };
        let engine = EngineThread::start(engine);
        if let Err(error) = device.start(Source::new(processor)) {
            if self.or_render.is_none() {
                return Err(error.into());
            }
            eprintln!("{error}");
            return self.render(registry);
        }
        let handle = engine.handle().clone();
        let result = on_script_thread(|| perform(handle, &self.file, self.bars));
        device.stop();
        result
    }

    fn open(&self, engine: &EngineHandle) -> Result<Box<dyn Device>, DeviceError> {
        let usual = text("device");
        match self.device.as_deref().or(Some(&*usual).filter(|name| !name.is_empty())) {
            Some("null") => Ok(Box::new(Null::new(RATE, 512))),
            name => {
                let card = Cpal::open(name, RATE, engine.telemetry().clone())?;
                eprintln!("playing on {}; Ctrl-C ends it", card.name());
                Ok(Box::new(card))
            }
        }
    }

    fn render(&self, registry: Arc<ModuleRegistry>) -> Result<(), Failure> {
        let out = self.or_render.as_deref().unwrap_or(Path::new("out.wav"));
        eprintln!("there is no sound device here: rendering to {} instead", out.display());
        let length = Length::Bars(self.bars.unwrap_or(16.0));
        let rendering = Rendering { file: &self.file, out, length, bits: 24, allow_missing: false };
        print(&rendering, &rendering.run(registry)?, false)
    }
}

/// The script thread: evaluates, starts, evaluates again on every save.
fn perform(engine: EngineHandle, file: &Path, bars: Option<f64>) -> Result<(), Failure> {
    let shared: Rc<dyn Commit> = Rc::new(engine.clone());
    let mut script = script(shared, file, Some(Duration::from_secs_f64(number("script_seconds"))))?;
    let mut seen = stamp(file);
    let evaluation = script.eval_file(file)?;
    let mut told = Vec::new();
    wait_until_ready(&engine);
    start(&engine, &evaluation)?;
    loop {
        tell_problems(&engine, &script, &mut told);
        if engine.telemetry().device_lost() {
            return Err(Failure("the sound device has gone; plug it in and run again".into()));
        }
        let now = stamp(file);
        if now != seen {
            seen = now;
            match script.eval_file(file) {
                Ok(_) => eprintln!("{}: evaluated at beat {:.1}", file.display(), engine.clock().beat),
                Err(error) => eprintln!("error: {error}; the music goes on as it was"),
            }
        }
        if interrupted() {
            return Ok(());
        }
        let beats_per_bar = engine.state().model.signature.beats_per_bar();
        if bars.is_some_and(|bars| engine.clock().beat >= bars * beats_per_bar) {
            return Ok(());
        }
        std::thread::sleep(WATCH);
    }
}

/// Waits until nothing loads, a few seconds at most: what comes later comes in.
fn wait_until_ready(engine: &EngineHandle) {
    let end = Instant::now() + PATIENCE;
    let loading = || engine.state().status.loading();
    while loading() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Says each problem once.
fn tell_problems(engine: &EngineHandle, script: &Script, told: &mut Vec<String>) {
    let problems = problems_with_places(&engine.state().status.problems(), script);
    problems.iter().filter(|p| !told.contains(p)).for_each(|p| eprintln!("warning: {p}"));
    *told = problems;
}

/// When a file was last written, and how long it is.
fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let metadata = file.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
