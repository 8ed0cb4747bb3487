//! `cantus new NAME`

use std::path::{Path, PathBuf};

use cantus_host::files;
use cantus_host::model::Model;
use cantus_host::session::{self, Leftovers, Sounds};
use clap::Args;

use crate::Failure;
use crate::console::say;
use crate::setup::PluginArguments;
use crate::types;

/// Begins a song: the folder of a session, with a script to write on.
#[derive(Args)]
pub struct New {
    /// The folder: letters, digits, `_`, `-` and `.`, beginning with a letter or a digit.
    #[arg(value_name = "NAME")]
    folder: PathBuf,
}

/// Most characters of a folder's name.
const LONGEST: usize = 64;

impl New {
    /// Makes the folder, and says how to go on.
    pub fn run(&self, plugins: &PluginArguments) -> Result<(), Failure> {
        let (folder, shown) = (&*self.folder, self.folder.display());
        self.check()?;
        let registry = plugins.load()?;
        let refuse = |e: std::io::Error| Failure(format!("could not make {shown}: {e}; choose another place"));
        for inner in ["lib", "samples"] {
            std::fs::create_dir_all(folder.join(inner)).map_err(refuse)?;
        }
        for (name, text) in [("main.lua", include_str!("new/main.lua")), (".gitignore", "/.types/\n")] {
            files::write(&folder.join(name), text.as_bytes()).map_err(refuse)?;
        }
        types::write(folder, registry.catalog())?;
        let (sounds, leftovers) = (Sounds::new(), Leftovers::default());
        session::save(folder, &Model::default(), registry.catalog(), &sounds, &leftovers)?;
        say(format_args!(
            "{shown} is there: write on {}, put sounds into {}, and hear it with\n  cantus run {shown}",
            folder.join("main.lua").display(),
            folder.join("samples").display()
        ))
    }

    /// The name is one, and nothing is there that could be lost.
    fn check(&self) -> Result<(), Failure> {
        let refuse = |why: &str| Err(Failure(format!("could not make {}: {why}", self.folder.display())));
        let good = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let name = self.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.starts_with(char::is_alphanumeric) || !name.chars().all(good) || name.chars().count() > LONGEST {
            return refuse(&format!(
                "a song is named with at most {LONGEST} letters, digits, _, - and ., beginning with a letter or a digit"
            ));
        }
        if is_in_use(&self.folder) {
            return refuse("something is there already; choose another name");
        }
        Ok(())
    }
}

/// Anything but an empty folder.
pub fn is_in_use(path: &Path) -> bool {
    match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => path.symlink_metadata().is_ok(),
    }
}
