//! `cantus plugins new NAME`

use std::path::{Path, PathBuf};

use cantus_host::files;
use cantus_host::plugins::ModuleRegistry;
use cantus_manifest::{Manifest, snake_case};
use clap::{Args, ValueEnum};

use crate::Failure;
use crate::console::say;
use crate::new::is_in_use;

/// Begins a plugin: a crate of its own that builds, is tested and makes sound.
#[derive(Args)]
pub struct New {
    /// The folder, which gives the plugin its name: small letters and digits, words divided by - or _.
    #[arg(value_name = "NAME")]
    folder: PathBuf,
    /// What it is in a session.
    #[arg(long, value_enum, default_value_t = Kind::Effect)]
    kind: Kind,
    /// What sessions will know the plugin by, for ever: a reverse domain name, `local.NAME` unless given.
    #[arg(long)]
    id: Option<String>,
    /// Where the SDK comes from: a folder, the address of a git repository, or a version.
    #[arg(long, value_name = "PATH|URL|VERSION")]
    sdk: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Effect,
    Instrument,
    Sequencer,
    Modulator,
    Analyser,
}

/// What a kind's crate is made of.
struct Template {
    kind: &'static str,
    doc: &'static str,
    manifest: &'static str,
    code: &'static str,
    example: &'static str,
    sound: Option<Sound>,
}

/// A sound that an example plays.
#[derive(Clone, Copy)]
struct Sound {
    file: &'static str,
    bytes: &'static [u8],
    origin: &'static str,
}

const CHOIR: Sound = Sound {
    file: "ambi_choir.flac",
    bytes: include_bytes!("../../../lua/examples/samples/ambi_choir.flac"),
    origin: "by Exsomniel, http://freesound.org/people/Exsomniel/sounds/207809/",
};
const TABLA: Sound = Sound {
    file: "tabla_na.flac",
    bytes: include_bytes!("../../../lua/examples/samples/tabla_na.flac"),
    origin: "by dio_333, http://freesound.org/people/dio_333/sounds/130421/",
};

/// The files of a kind.
macro_rules! template {
    ($kind:literal, $doc:literal, $sound:expr) => {
        Template {
            kind: $kind,
            doc: $doc,
            manifest: include_str!(concat!("new/", $kind, "/manifest.toml")),
            code: include_str!(concat!("new/", $kind, "/lib.rs")),
            example: include_str!(concat!("new/", $kind, "/example.lua")),
            sound: $sound,
        }
    };
}

impl Kind {
    fn template(self) -> Template {
        match self {
            Kind::Effect => template!("effect", "Makes a sound come and go in time with the beat.", Some(CHOIR)),
            Kind::Instrument => template!("instrument", "A small synthesizer of eight voices.", None),
            Kind::Sequencer => template!("sequencer", "Spreads notes evenly over a round of steps.", Some(TABLA)),
            Kind::Modulator => template!("modulator", "A slow wave that moves parameters.", Some(CHOIR)),
            Kind::Analyser => template!("analyser", "Shows how loud a sound is, and passes it on.", Some(TABLA)),
        }
    }
}

/// Most characters of a plugin's name.
const LONGEST: usize = 64;
/// Names of crates that its own would be taken for.
const CRATES: &[&str] = &["alloc", "cantus_plugin_api", "core", "proc_macro", "std", "test", "tests"];
/// Names that the code means something else by.
const TYPES: &[&str] = &[
    "Bench", "Block", "Box", "Default", "Err", "Event", "Glide", "Init", "Meter", "Module", "None", "NoteId", "NoteOn",
    "Ok", "Option", "Param", "Peak", "Range", "Result", "Self", "Shape", "Smooth", "Some", "Stretch", "String", "Vec",
    "Voice",
];

/// What follows from the folder's name.
struct Names {
    /// `tape-echo`
    name: String,
    /// `TapeEcho`
    module_type: String,
    id: String,
}

impl New {
    /// Makes the folder, and says how to go on.
    pub fn run(&self, registry: &ModuleRegistry) -> Result<(), Failure> {
        let (folder, shown, template) = (&*self.folder, self.folder.display(), self.kind.template());
        let refuse = |why: String| Failure(format!("could not make the plugin {shown}: {why}"));
        let names = names(folder, self.id.as_deref()).map_err(refuse)?;
        let sdk = sdk(self.sdk.as_deref()).map_err(refuse)?;
        let files = crate_files(&template, &names, &sdk);
        check(&files.manifest, &names).map_err(refuse)?;
        if is_in_use(folder) {
            return Err(refuse("something is there already; choose another name".into()));
        }
        files.write(folder).map_err(|e| refuse(format!("{e}; choose another place")))?;
        say(next_steps(folder, &template, &names, registry))
    }
}

/// The names, or why they cannot be.
fn names(folder: &Path, id: Option<&str>) -> Result<Names, String> {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(good) || name.len() > LONGEST {
        return Err(format!(
            "a plugin is named with at most {LONGEST} small letters, digits, - and _, beginning with a letter, as tape-echo is"
        ));
    }
    let module_type: String = name.split(['-', '_']).map(capitalised).collect();
    if CRATES.contains(&name.replace('-', "_").as_str()) || TYPES.contains(&module_type.as_str()) {
        return Err(format!("\"{name}\" means something else in a plugin's code; choose another name"));
    }
    let id = id.map_or_else(|| format!("local.{}", name.replace('_', "-")), str::to_owned);
    Ok(Names { name, module_type, id })
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The line of Cargo.toml that says where the SDK comes from, behind the `=`.
fn sdk(wanted: Option<&str>) -> Result<String, String> {
    let version = format!("\"={}\"", cantus_plugin_api::raw::CONTRACT);
    let Some(wanted) = wanted else {
        // The one this program was built with, as long as it is there.
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugin-api");
        return Ok(if own.join("Cargo.toml").is_file() { by_path(&own) } else { version });
    };
    if wanted.contains("://") || wanted.starts_with("git@") {
        return Ok(format!("{{ git = {wanted:?} }}"));
    }
    let is_version = wanted.trim_start_matches(['=', '^', '~']).starts_with(|c: char| c.is_ascii_digit());
    let folder = [Path::new(wanted).join("plugin-api"), PathBuf::from(wanted)];
    match folder.into_iter().find(|folder| is_sdk(folder)).and_then(|folder| folder.canonicalize().ok()) {
        Some(folder) => Ok(by_path(&folder)),
        None if is_version => Ok(format!("{wanted:?}")),
        None => Err(format!(
            "--sdk {wanted} is no folder with the SDK in it, no address such as https://..., and no version such as \
             {version}; name one of these"
        )),
    }
}

fn is_sdk(folder: &Path) -> bool {
    let text = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    text.contains("name = \"cantus-plugin-api\"")
}

fn by_path(folder: &Path) -> String {
    format!("{{ path = {:?} }}", folder.display().to_string())
}

/// The texts of a crate.
struct Files {
    manifest: String,
    others: Vec<(&'static str, String)>,
    sound: Option<Sound>,
}

fn crate_files(template: &Template, names: &Names, sdk: &str) -> Files {
    let sounds = template.sound.map_or(String::new(), |sound| {
        format!("\n`samples/{}` is in the public domain (CC0 1.0), {}.\n", sound.file, sound.origin)
    });
    let (lib, word, id) = (names.name.replace('-', "_"), snake_case(&names.module_type), format!("{:?}", names.id));
    let filled = |text: &str| {
        let pairs = [
            ("__name__", names.name.as_str()),
            ("__lib__", &lib),
            ("__Type__", &names.module_type),
            ("__type__", &word),
            ("__id__", &id),
            ("__sdk__", sdk),
            ("__doc__", template.doc),
            ("__sounds__\n", &sounds),
        ];
        pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    Files {
        manifest: filled(template.manifest),
        others: vec![
            ("Cargo.toml", filled(include_str!("new/crate.toml"))),
            ("src/lib.rs", filled(template.code)),
            ("example.lua", filled(template.example)),
            ("README.md", filled(include_str!("new/README.md"))),
            (".gitignore", include_str!("new/gitignore").to_owned()),
            ("rustfmt.toml", include_str!("../../../rustfmt.toml").to_owned()),
        ],
        sound: template.sound,
    }
}

impl Files {
    fn write(&self, folder: &Path) -> std::io::Result<()> {
        let put = |file: &Path, bytes: &[u8]| {
            file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| files::write(file, bytes))
        };
        put(&folder.join("manifest.toml"), self.manifest.as_bytes())?;
        for (name, text) in &self.others {
            put(&folder.join(name), text.as_bytes())?;
        }
        self.sound.map_or(Ok(()), |sound| put(&folder.join("samples").join(sound.file), sound.bytes))
    }
}

/// A manifest with these names would be accepted, and scripts can say the constructor.
fn check(manifest: &str, names: &Names) -> Result<(), String> {
    Manifest::parse(manifest).map_err(|e| format!("with such a name it could not be: {e}"))?;
    let constructor = snake_case(&names.module_type);
    if cantus_lua::is_taken(&constructor) {
        return Err(format!("scripts have a function \"{constructor}\" already; choose another name"));
    }
    Ok(())
}

/// What to type next.
fn next_steps(folder: &Path, template: &Template, names: &Names, registry: &ModuleRegistry) -> String {
    let (shown, kind, module_type) = (folder.display(), template.kind, &names.module_type);
    let (mut choice, mut also) = (String::new(), String::new());
    if let Some(other) = registry.provider(module_type).map(|plugin| &plugin.manifest.plugin.id) {
        choice = format!(" --use {module_type}={}", names.id);
        also = format!("\n{other} provides the type {module_type}, too: --use says which one is meant.");
    }
    format!(
        "{shown} is there: the {kind} {module_type}, described in manifest.toml, written in src/lib.rs. To hear it:\n  \
         cd {shown}\n  cargo build --release\n  cargo test --release\n  cantus plugins validate .\n  \
         cantus run example.lua --plugins target/release{choice}{also}"
    )
}
