//! `cantus plugins validate PATH`

use std::path::{Path, PathBuf};
use std::time::Duration;

use cantus_host::validate::{self, Asked, Outcome, Row};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::console::{counted, say};
use crate::settings::flag;
use crate::{Failure, interrupted};

/// Checks whether plugins keep the contract, each check in a process of its own; ends with 1 if one does not.
#[derive(Args)]
pub struct Validate {
    /// A library, the folder of a crate that was built, or a folder of libraries.
    #[arg(required_unless_present = "list")]
    path: Option<PathBuf>,
    /// How much is asked: 1 reads the file, 2 opens it, 3 makes instances, 4 plays them, 5 what others may expect,
    /// 7 threads and chance, 9 real time.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=9))]
    level: u8,
    /// Nothing but this check, whatever its level; may be given several times.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Seed of everything random: the same seed finds the same.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds after which a check that does not end is ended.
    #[arg(long, value_name = "S", default_value_t = 60)]
    timeout: u64,
    /// Shows what passes, too.
    #[arg(long, short)]
    verbose: bool,
    /// For programs to read.
    #[arg(long)]
    json: bool,
    /// Shows all checks, and runs none.
    #[arg(long)]
    list: bool,
}

impl Validate {
    /// Runs the checks, and says what came of them.
    pub fn run(&self) -> Result<(), Failure> {
        if self.list {
            return list(self.json);
        }
        let path = self.path.as_deref().unwrap_or(Path::new("."));
        let mut all = Vec::new();
        for library in validate::libraries(path).map_err(Failure)? {
            let rows = self.check(&library)?;
            if !self.json {
                self.tell(&library, &rows)?;
            }
            all.push((library, rows));
        }
        let rows = || all.iter().flat_map(|(_, rows)| rows);
        if self.json {
            say(json!(
                all.iter()
                    .flat_map(|(library, rows)| rows.iter().map(|row| self.row(library, row)))
                    .collect::<Vec<_>>()
            ))?;
        } else {
            say(self.count(rows()))?;
        }
        let bad = rows().filter(|row| row.verdict.outcome.is_bad()).count() as u64;
        let checks = counted(bad, "check", "checks");
        if bad == 0 {
            Ok(())
        } else {
            Err(Failure(format!("{} did not pass: {checks}; mend the plugin", path.display())))
        }
    }

    fn check(&self, library: &Path) -> Result<Vec<Row>, Failure> {
        let asked = Asked {
            path: library.to_owned(),
            probe: probe()?,
            level: self.level,
            only: self.only.clone(),
            seed: self.seed,
            timeout: Duration::from_secs(self.timeout),
        };
        let bar = progress(asked.wanted().map_err(Failure)?.len() as u64);
        let rows = validate::validate(&asked, &|row| {
            bar.inc(1);
            bar.set_message(row.check);
            !interrupted()
        });
        bar.finish_and_clear();
        if interrupted() {
            return Err(Failure("interrupted; not all checks were run".into()));
        }
        rows.map_err(Failure)
    }

    /// A table of what is worth reading.
    fn tell(&self, library: &Path, rows: &[Row]) -> Result<(), Failure> {
        say(library.display())?;
        for row in rows {
            let worth = !matches!(row.verdict.outcome, Outcome::Pass | Outcome::Skip);
            if worth || self.verbose {
                let of = row.module_type.as_ref().map_or_else(String::new, |module_type| format!("{module_type}: "));
                let text = if row.verdict.text.is_empty() { row.doc } else { &row.verdict.text };
                say(format_args!("  {:<5} {:<14} {of}{text}", row.verdict.outcome.name(), row.check))?;
            }
        }
        Ok(())
    }

    fn row(&self, library: &Path, row: &Row) -> serde_json::Value {
        json!({
            "path": library, "check": row.check, "level": row.level, "doc": row.doc, "type": row.module_type,
            "outcome": row.verdict.outcome, "text": row.verdict.text, "seed": self.seed,
        })
    }

    /// `211 passed, 2 skipped, 1 warned, 0 failed, 0 crashed, 0 hung (level 5, seed 1)`
    fn count<'a>(&self, rows: impl Iterator<Item = &'a Row> + Clone) -> String {
        let of = |outcome| rows.clone().filter(|row| row.verdict.outcome == outcome).count();
        let [pass, skip, warn, fail, crash, hang] =
            [Outcome::Pass, Outcome::Skip, Outcome::Warn, Outcome::Fail, Outcome::Crash, Outcome::Hang].map(of);
        format!(
            "{pass} passed, {skip} skipped, {warn} warned, {fail} failed, {crash} crashed, {hang} hung (level {}, seed {})",
            self.level, self.seed
        )
    }
}

/// All checks, by level.
fn list(as_json: bool) -> Result<(), Failure> {
    let mut checks: Vec<_> = validate::checks().collect();
    checks.sort_by_key(|check| check.level);
    if as_json {
        let row = |check: &&validate::Check| json!({"check": check.name, "level": check.level, "doc": check.doc});
        return say(json!(checks.iter().map(row).collect::<Vec<_>>()));
    }
    checks.iter().try_for_each(|check| say(format_args!("{}  {:<14} {}", check.level, check.name, check.doc)))
}

/// The program that runs checks: it lies beside this one.
fn probe() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().unwrap_or_default();
    let probe = own.with_file_name(format!("cantus-probe{}", std::env::consts::EXE_SUFFIX));
    if probe.is_file() {
        return Ok(probe);
    }
    Err(Failure(format!("could not run checks: there is no {}; install it beside cantus", probe.display())))
}

/// A bar on a terminal; nothing elsewhere.
fn progress(checks: u64) -> ProgressBar {
    let bar = if flag("progress") { ProgressBar::new(checks) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("  {bar:40} {pos:>4}/{len}  {msg}") {
        bar.set_style(style);
    }
    bar
}
