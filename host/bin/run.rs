//! `cantus run SONG`

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cantus_host::control::{Batch, Commit, Engine, EngineHandle, EngineThread, Origin, journal};
use cantus_host::device::{Cpal, Device, DeviceError, Null, Source};
use cantus_host::model::command::ReloadTypeCommand;
use cantus_host::plugins::ModuleRegistry;
use cantus_lua::watchdog::{Fate, Pulse, supervise};
use cantus_lua::{Evaluation, Options, Script, ScriptError};
use clap::Args;

use crate::console::{counted, tell, warn};
use crate::crash;
use crate::journals::{Journals, Unplayed, broke_off};
use crate::play::{Length, Rendering, problems_with_places, script, start};
use crate::prompt::Prompt;
use crate::rebuilt::Rebuilt;
use crate::render::{positive, print};
use crate::settings::{number, text};
use crate::setup::PluginArguments;
use crate::song::Song;
use crate::watch::Watch;
use crate::{Failure, interrupted};

/// What the device is called that plays to nobody.
pub const NULL: &str = "null";
/// How often the script file is looked at.
const WATCH: Duration = Duration::from_millis(50);
/// Wall time that loading may take before the music begins without what is not there yet.
const PATIENCE: Duration = Duration::from_secs(5);

/// Plays a script or session on a sound device and evaluates the script again whenever it is saved; lines typed
/// meanwhile are evaluated, too. Ctrl-C ends it.
#[derive(Args)]
pub struct Run {
    /// The script, or the folder of a session.
    file: PathBuf,
    /// Sound device, as `cantus devices` names it; "null" plays to nobody [default: the setting "device", or the
    /// system's choice].
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// End after so many bars.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive)]
    bars: Option<f64>,
    /// Write the journal to this file instead of the user's state folder; `cantus replay` plays it.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Begin with what a journal had come to [default: of the last performance of this script].
    #[arg(long, value_name = "JOURNAL", num_args = 0..=1, require_equals = true)]
    recover: Option<Option<PathBuf>>,
    /// Take plugins that are built again, or put there, while it plays.
    #[arg(long)]
    watch_plugins: bool,
    /// Where there is no sound device, render to this WAV file instead (--bars of it, or 16).
    #[arg(long, value_name = "FILE")]
    or_render: Option<PathBuf>,
}

impl Run {
    /// Plays until Ctrl-C or the last bar.
    pub fn run(&self, plugins: &PluginArguments) -> Result<(), Failure> {
        // Before they are opened: what is built from now on is another build.
        let rebuilt = self.watch_plugins.then(|| Rebuilt::of(plugins.search(), Instant::now()));
        let journal = self.journal_to_recover()?;
        let registry = plugins.load_for(&self.file, journal.as_ref())?;
        // Where a journal goes on, what the session was then is not played.
        let lossy = plugins.lossy || journal.is_some();
        let mut song = Song::open(&self.file, registry.catalog(), &plugins.without, lossy)?;
        if let Some(journal) = journal {
            song.go_on_from(journal::recover(&journal, registry.catalog()));
        }
        let config = song.config();
        let (mut engine, processor) = Engine::new(registry.clone(), config.clone());
        let mut device = match self.open(engine.handle(), config.rate) {
            Ok(device) => device,
            Err(DeviceError::None) if self.or_render.is_some() => return self.render(&song, registry),
            Err(error) => return Err(error.into()),
        };
        let journal = self.begin_journal(journal::Header::of(&registry, &config), &mut engine)?;
        song.watch(&mut engine, journal.as_deref(), false);
        let journal = Unplayed::new(journal);
        let engine = EngineThread::start(engine);
        if let Err(error) = device.start(Source::new(processor)) {
            if self.or_render.is_none() {
                return Err(error.into());
            }
            tell(error);
            return self.render(&song, registry);
        }
        let handle = engine.handle().clone();
        let performance = Performance {
            engine: handle,
            song: song.into(),
            bars: self.bars,
            journal: journal.into(),
            prompt: Prompt::open(),
            rebuilt: rebuilt.map(|rebuilt| Arc::new(Mutex::new(rebuilt))),
            begun: Arc::default(),
        };
        let patience = 2.0 * number("script_seconds") + PATIENCE.as_secs_f64();
        let replaced = |fate| {
            let what = match fate {
                Fate::Stuck => "the script does not come back and could not be stopped",
                Fate::Panicked => "a fault of Cantus itself has ended the script; please report it",
            };
            tell(format_args!(
                "error: {what}; what it was to do later is lost. The music goes on: type, or change the script and save \
                 it"
            ));
        };
        let play = move |pulse, before| performance.play(&pulse, before);
        let played = supervise(Duration::from_secs_f64(patience), play, replaced);
        device.stop();
        played.map_err(|lost| Failure(lost.to_string()))?
    }

    /// The journal that is to go on, if one is.
    fn journal_to_recover(&self) -> Result<Option<journal::Read>, Failure> {
        let last = || Journals::of(&self.file).and_then(|journals| journals.newest());
        let none = || Failure(format!("there is no journal of {}; name one", self.file.display()));
        match &self.recover {
            Some(Some(named)) => Ok(Some(journal::read(named).map_err(Failure)?)),
            Some(None) => Ok(Some(last().ok_or_else(none)?.1)),
            None => {
                if let Some((last, _)) = last().filter(|(_, read)| broke_off(read)) {
                    let last = last.display();
                    tell(format_args!(
                        "the last performance of this did not end in order; --recover={last} goes on from there"
                    ));
                }
                if let Some(crash) = Journals::of(&self.file).and_then(|journals| journals.last_crash()) {
                    tell(crash.trim_end());
                }
                Ok(None)
            }
        }
    }

    /// Begins to write a journal; answers where.
    fn begin_journal(&self, header: journal::Header, engine: &mut Engine) -> Result<Option<PathBuf>, Failure> {
        if let Some(path) = &self.journal {
            engine.record(journal::Journal::create(path, header).map_err(Failure)?);
            return Ok(Some(path.clone()));
        }
        let Some(path) = Journals::of(&self.file).and_then(|journals| journals.begin()) else {
            // Of a song that is not there only that is said.
            if self.file.exists() {
                warn("there is no place for a journal; name one with --journal");
            }
            return Ok(None);
        };
        match journal::Journal::create(&path, header) {
            Ok(journal) => {
                engine.record(journal);
                Ok(Some(path))
            }
            Err(error) => {
                warn(error);
                Ok(None)
            }
        }
    }

    fn open(&self, engine: &EngineHandle, rate: f64) -> Result<Box<dyn Device>, DeviceError> {
        let usual = text("device");
        match self.device.as_deref().or(Some(&*usual).filter(|name| !name.is_empty())) {
            Some(NULL) => {
                tell("playing to nobody; Ctrl-C ends it");
                Ok(Box::new(Null::new(rate, 512)))
            }
            name => {
                let card = Cpal::open(name, rate, engine.telemetry().clone())?;
                tell(format_args!("playing on {}; Ctrl-C ends it", card.name()));
                Ok(Box::new(card))
            }
        }
    }

    fn render(&self, song: &Song, registry: Arc<ModuleRegistry>) -> Result<(), Failure> {
        let out = self.or_render.as_deref().unwrap_or(Path::new("out.wav"));
        tell(format_args!("there is no sound device here: rendering to {} instead", out.display()));
        let length = Length::Bars(self.bars.unwrap_or(16.0));
        let rendering = Rendering { song, out, length, bits: 24, allow_missing: false };
        print(&rendering, &rendering.run(registry)?, false)
    }
}

/// What the script thread needs; if one is lost, the next takes it over.
#[derive(Clone)]
struct Performance {
    engine: EngineHandle,
    song: Arc<Song>,
    bars: Option<f64>,
    journal: Arc<Unplayed>,
    prompt: Prompt,
    /// What is built, if that is to be taken.
    rebuilt: Option<Arc<Mutex<Rebuilt>>>,
    /// The music has begun.
    begun: Arc<AtomicBool>,
}

impl Performance {
    /// The script thread: evaluates, starts, evaluates again on every save. When there were others before, what the script
    /// has made is there already.
    fn play(&self, pulse: &Pulse, before: usize) -> Result<(), Failure> {
        let (engine, song) = (&self.engine, &self.song);
        let shared: Rc<dyn Commit> = Rc::new(engine.clone());
        let wall = Some(Duration::from_secs_f64(number("script_seconds")));
        let mut names = crash::Names::default();
        if before == 0 {
            song.begin(engine)?;
            names.look(engine);
        }
        let options = Options { wall, lockstep: false, stop: pulse.lost(), ..Options::default() };
        let mut script = script(shared, song, options, |_| {})?;
        let mut file = song.script.clone();
        let mut watch = Watch::of(&file);
        if before == 0 {
            let evaluation = song.evaluate(&mut script)?;
            names.look(engine);
            watch.evaluated(script.required(), true, Instant::now());
            self.begin(&evaluation)?;
        }
        let (mut told, mut said, mut strain, mut look) = (Vec::new(), None, Strain::default(), Instant::now());
        while pulse.beat() {
            names.look(engine);
            let until = script.tick().map(|seconds| Instant::now() + Duration::from_secs_f64(seconds.min(1.0)));
            if Instant::now() < look {
                // A line that is typed is done at once.
                self.prompt.listen(&mut script, until.map_or(look, |until| until.min(look)));
                continue;
            }
            look = Instant::now() + WATCH;
            tell_problems(engine, &script, &mut told);
            strain.tell(engine);
            if engine.telemetry().device_lost() {
                return Err(Failure("the sound device has gone; plug it in and run again".into()));
            }
            if let Some(program) = script.loaded() {
                watch = Watch::of(&program);
                watch.evaluated(script.required(), true, Instant::now());
                file = program;
            }
            if let Some(rebuilt) = &self.rebuilt {
                reload(engine, &rebuilt.lock().unwrap_or_else(PoisonError::into_inner).due(Instant::now()));
            }
            watch.also(script.required());
            if watch.is_due(Instant::now()) {
                let evaluated = script.eval_file(&file);
                watch.evaluated(script.required(), evaluated.is_ok(), Instant::now());
                say_evaluated(engine, &file, &evaluated, &mut said);
                if let Ok(evaluation) = evaluated {
                    self.begin(&evaluation)?;
                }
            }
            let beats_per_bar = engine.state().model.signature.beats_per_bar();
            if interrupted() || self.bars.is_some_and(|bars| engine.clock().beat >= bars * beats_per_bar) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Begins the music after the first evaluation that ended well, which may be that of a later thread.
    fn begin(&self, evaluation: &Evaluation) -> Result<(), Failure> {
        if !self.begun.swap(true, Ordering::Relaxed) {
            wait_until_ready(&self.engine);
            self.song.tell_other_sounds(&self.engine);
            start(&self.engine, evaluation)?;
            self.journal.begin();
        }
        Ok(())
    }
}

/// Makes the modules anew whose plugins were built again, or lie there now.
fn reload(engine: &EngineHandle, libraries: &[PathBuf]) {
    if libraries.is_empty() {
        return;
    }
    let command = ReloadTypeCommand { module_type: None };
    let what = match engine.commit(Batch::new(Origin::Host, vec![command.into()])) {
        Ok(_) => "is taken, unless a warning follows".into(),
        Err(error) => format!("could not be taken: {error}"),
    };
    let names: Vec<_> = libraries.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy())).collect();
    tell(format_args!("what was built ({}) {what}", names.join(", ")));
}

/// Says what came of an evaluation; of one that was tried again and failed as before, nothing.
fn say_evaluated(
    engine: &EngineHandle,
    file: &Path,
    evaluated: &Result<Evaluation, ScriptError>,
    said: &mut Option<String>,
) {
    let failed = |error: &ScriptError| format!("error: {error}; the music goes on as it was");
    let text = evaluated.as_ref().err().map(failed);
    match &text {
        None => tell(format_args!("{}: evaluated at beat {:.1}", file.display(), engine.clock().beat)),
        Some(error) if text != *said => tell(error),
        Some(_) => {}
    }
    *said = text;
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
    problems.iter().filter(|p| !told.contains(p)).for_each(warn);
    *told = problems;
}

/// What could not be done in time, as it was told last.
#[derive(Default)]
struct Strain {
    late: u64,
    changes: u64,
    refused: u64,
    reports: u64,
}

impl Strain {
    /// Says what has become worse: each count when it has doubled, so that nobody is drowned in words.
    fn tell(&mut self, engine: &EngineHandle) {
        let (state, figures) = (engine.state(), engine.telemetry());
        if grown(&mut self.late, figures.late_callbacks()) {
            let heaviest = state.heaviest().map_or_else(String::new, |(name, load)| {
                format!("; \"{name}\" takes the longest, {:.0} % of the time there is", 100.0 * load)
            });
            warn(format_args!("the sound came too late {} so far{heaviest}", counted(self.late, "time", "times")));
        }
        if grown(&mut self.changes, figures.late_changes()) {
            let ms = 1000.0 * figures.worst_lateness() as f64 / engine.rate();
            let changes = counted(self.changes, "change", "changes");
            warn(format_args!("{changes} came after their time so far, by {ms:.1} ms at worst"));
        }
        if grown(&mut self.refused, figures.refused_events()) {
            let refused = counted(self.refused, "note or value", "notes or values");
            warn(format_args!("{refused} found no room so far; too many come at once"));
        }
        let new = state.reports.iter().filter(|report| report.number > self.reports);
        new.for_each(|report| warn(format_args!("{}: {}", report.origin, report.text)));
        self.reports = state.reports.last().map_or(self.reports, |report| report.number);
    }
}

fn grown(told: &mut u64, now: u64) -> bool {
    let grown = now > 2 * *told;
    if grown {
        *told = now;
    }
    grown
}
