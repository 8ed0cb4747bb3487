//! From a script to something that can be rendered or played: what `render` and `run` share.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use cantus_host::control::{Batch, Commit, Origin, Problem};
use cantus_host::lockstep::Lockstep;
use cantus_host::model::command::StartTransportCommand;
use cantus_host::model::{self, Model, Num};
use cantus_host::plugins::ModuleRegistry;
use cantus_host::rt::{TempoMap, TempoPoint, samples_of};
use cantus_lua::{Evaluation, Options, Script, ScriptError};
use indicatif::{ProgressBar, ProgressStyle};

use crate::console::{counted, tell};
use crate::crash;
use crate::output::Output;
use crate::report::{Meter, minutes};
use crate::settings::{flag, number, settings};
use crate::song::Song;
use crate::{Failure, interrupted};

/// Frames between two looks at the progress.
const BLOCK: usize = 1024;

/// A script state over an engine, by what the song and the user's settings say, else by `options`. What it prints goes to
/// standard error, and so do errors of timers, besides to `complain`.
pub fn script(
    engine: Rc<dyn Commit>,
    song: &Song,
    options: Options,
    complain: impl Fn(&ScriptError) + 'static,
) -> Result<Script, Failure> {
    let (root, settings, session) = (song.root.clone(), settings().clone(), song.folder());
    let memory = (number("script_memory") as usize) << 20;
    let print = Box::new(|line: &str| tell(line));
    let complain = Box::new(move |error: &ScriptError| {
        tell(format_args!("error: {error}"));
        error.traceback.iter().for_each(tell);
        complain(error);
    });
    let workers = number("workers") as usize;
    Ok(Script::new(engine, Options { root, memory, workers, print, complain, settings, session, ..options })?)
}

/// Runs `work` on a thread with the stack that scripts need: they may recurse deeply.
pub fn on_script_thread<T: Send>(work: impl FnOnce() -> Result<T, Failure> + Send) -> Result<T, Failure> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("script".into()).stack_size(Script::STACK);
        let failed = |e| Failure(format!("could not start the script's thread: {e}; end what else runs and try again"));
        let running = thread.spawn_scoped(scope, work).map_err(failed)?;
        running.join().unwrap_or_else(|_| Err(Failure("the script thread panicked; please report it".into())))
    })
}

/// Beats go on from here, unless the script asked for something else.
pub fn start(engine: &dyn Commit, evaluation: &Evaluation) -> Result<(), Failure> {
    if evaluation.transport.is_none() && !engine.clock().playing {
        engine.commit(Batch::new(Origin::Host, vec![StartTransportCommand.into()]))?;
    }
    Ok(())
}

/// Each problem as a sentence, behind the line of the script that it comes from.
pub fn problems_with_places(problems: &[Problem], script: &Script) -> Vec<String> {
    let sentence = |problem: &Problem| match script.place_of(&problem.path) {
        Some(place) => format!("{place}: {problem}"),
        None => problem.to_string(),
    };
    problems.iter().map(sentence).collect()
}

/// How long a render is.
pub enum Length {
    /// In bars, by the tempo that the script sets; what changes it later counts no more.
    Bars(f64),
    /// In seconds.
    Seconds(f64),
}

/// A render to a WAV file.
pub struct Rendering<'a> {
    /// What is rendered.
    pub song: &'a Song,
    /// The WAV file.
    pub out: &'a Path,
    /// How long.
    pub length: Length,
    /// Bits of a sample: 16, 24, or 32 for floats.
    pub bits: u16,
    /// Render although something is missing.
    pub allow_missing: bool,
}

/// What came out.
pub struct Rendered {
    /// The figures.
    pub meter: Meter,
    /// How many times faster than real time it was made.
    pub speed: f64,
    /// What went wrong while it played, each as a sentence; the rest played on.
    pub faults: Vec<String>,
}

impl Rendering<'_> {
    /// Renders. On an error no file is left behind.
    pub fn run(&self, registry: Arc<ModuleRegistry>) -> Result<Rendered, Failure> {
        on_script_thread(|| self.render(registry))
    }

    fn render(&self, registry: Arc<ModuleRegistry>) -> Result<Rendered, Failure> {
        let output = Output::new(self.out, &self.song.files())?;
        let config = self.song.config();
        let (rate, root) = (config.rate, config.root.clone());
        let mut studio = Lockstep::new(registry, config);
        let engine: Rc<dyn Commit> = Rc::new(studio.engine().clone());
        let handle = self.song.watch(&mut studio.engine().0.borrow_mut(), None, true);
        self.song.begin(&*engine)?;
        let failed = Rc::<RefCell<Vec<String>>>::default();
        let heard = failed.clone();
        let complain = move |error: &ScriptError| heard.borrow_mut().push(error.to_string());
        let mut script = script(engine.clone(), self.song, Options::default(), complain)?;
        let evaluation = self.song.evaluate(&mut script)?;
        studio.settle();
        crash::Names::default().look(&handle);
        self.song.tell_other_sounds(&*engine);
        let problems = engine.state().status.problems();
        let said = problems_with_places(&problems, &script);
        if !problems.is_empty() && !self.allow_missing {
            return Err(Failure(format!("could not render {}: {}", self.song.path.display(), said.join("; "))));
        }
        start(&*engine, &evaluation)?;
        let frames = self.frames(&*engine, rate);
        output.fits(frames, self.bits, rate)?;
        output.is_none_of(engine.state().model.sound_files(&engine.catalog()), &root, "the script")?;
        let began = std::time::Instant::now();
        let pull = |block: &mut [f32]| studio.pull_with(block, || _ = script.tick());
        let meter = write(pull, &output, rate, self.bits, frames)?;
        let speed = meter.seconds() / began.elapsed().as_secs_f64();
        let new: Vec<Problem> =
            engine.state().status.problems().into_iter().filter(|p| !problems.contains(p)).collect();
        let mut faults = problems_with_places(&new, &script);
        faults.extend(failed.take());
        faults.extend(engine.state().reports.iter().map(|report| format!("{}: {}", report.origin, report.text)));
        let engine = studio.engine().0.borrow();
        let figures = engine.handle().telemetry();
        if figures.late_changes() > 0 {
            let changes = counted(figures.late_changes(), "change", "changes");
            faults.push(format!("{changes} came after their time: too many at once"));
        }
        if figures.refused_events() > 0 {
            let refused = counted(figures.refused_events(), "note or value", "notes or values");
            faults.push(format!("{refused} found no room: too many at once"));
        }
        Ok(Rendered { meter, speed, faults })
    }

    fn frames(&self, engine: &dyn Commit, rate: f64) -> u64 {
        let model = &engine.state().model;
        match self.length {
            Length::Seconds(seconds) => (seconds * rate).round() as u64,
            Length::Bars(bars) => samples_of_bars(model, bars, rate),
        }
    }
}

/// Bars from beat 0 on, by the tempo map.
fn samples_of_bars(model: &Model, bars: f64, rate: f64) -> u64 {
    let point = |(beat, point): (&Num, &model::TempoPoint)| TempoPoint {
        beat: beat.get(),
        bpm: point.bpm.get(),
        ramp: point.ramp,
    };
    let map = TempoMap::new(model.tempo_map.iter().map(point).collect());
    let around = model.loop_range.map(|(start, end)| (start.get(), end.get()));
    samples_of(bars * model.signature.beats_per_bar(), model.bpm.get(), map, around, rate)
}

/// Puts a WAV file of so many frames of what `pull` makes, interleaved stereo at `rate` Hz, in its place, and measures
/// them.
pub fn write(
    mut pull: impl FnMut(&mut [f32]),
    output: &Output,
    rate: f64,
    bits: u16,
    frames: u64,
) -> Result<Meter, Failure> {
    let mut wav = output.begin(rate, bits)?;
    let mut meter = Meter::new(rate, frames)?;
    let bar = progress(frames, rate);
    let mut block = vec![0.0f32; BLOCK * 2];
    let mut left = frames;
    while left > 0 {
        if interrupted() {
            return Err(Failure("interrupted; nothing was written".into()));
        }
        let now = left.min(BLOCK as u64) as usize;
        let block = &mut block[..now * 2];
        pull(block);
        meter.add(block)?;
        wav.write(block)?;
        left -= now as u64;
        bar.set_position(frames - left);
    }
    wav.finish()?;
    bar.finish_and_clear();
    Ok(meter)
}

/// A bar on a terminal; nothing elsewhere.
fn progress(frames: u64, rate: f64) -> ProgressBar {
    let bar = if flag("progress") { ProgressBar::new(frames) } else { ProgressBar::hidden() };
    let total = minutes(frames as f64 / rate);
    let template = format!("  {{bar:40}} {{percent:>3}} %  of {total}  {{elapsed}}");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}
