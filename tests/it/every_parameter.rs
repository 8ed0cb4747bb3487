//! Every parameter of every manifest that is loaded, of modules and of slots: set, read, refused, saved, printed. Nothing
//! here knows a type: what a new plugin declares is tested as soon as it is there.

use std::sync::Arc;

use cantus_host::control::{Batch, Commit, Origin, Work};
use cantus_host::model::{Catalog, Model, ModuleType, Name, Num, Path, Value, accept, example};
use cantus_host::session::{self, Leftovers, Sounds};
use cantus_lua::print;
use cantus_manifest::{Param, ParamKind, Unit};

use crate::rig::{Studio, pieces, registry};

/// What is written, in Lua, and what is then there.
type Good = (String, Value);

fn num(value: f64) -> Value {
    Value::Num(Num::of(value))
}

fn quoted(text: &str) -> Value {
    Value::Text(text.into())
}

/// As Lua writes it.
fn lua(value: &Value) -> String {
    match value {
        // Debug, so that a whole number has its `.0` and a small one its exponent.
        Value::Num(number) => format!("{:?}", number.get()),
        Value::List(list) => {
            format!("{{{}}}", list.iter().map(|n| lua(&Value::Num(*n))).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Ways to write values that a parameter takes; the last one is not its default.
fn good(kind: &ParamKind) -> Vec<Good> {
    let mut all: Vec<Good> = match kind {
        ParamKind::Float { min, max, default, unit } => {
            let values = [*default, *min, min + (max - min) / 2.0, *max];
            let mut all: Vec<Good> = values.iter().map(|v| (format!("{v:?}"), num(*v))).collect();
            all.extend(values.iter().map(|v| (format!("'{v:?} {}'", unit.sign()), num(*v))));
            all.extend(written(*unit).into_iter().map(|(text, v)| (format!("'{text}'"), num(v))));
            all.extend([min, max].map(|v| (format!("{v:?}"), num(*v))));
            all.retain(|(_, v)| matches!(v, Value::Num(v) if (*min..=*max).contains(&v.get())));
            all
        }
        ParamKind::Int { min, max, default } => {
            let values = [*default, *min, min + (max - min) / 2, *max];
            let whole = values.iter().map(|v| (v.to_string(), Value::Int(*v)));
            let texts = values.iter().map(|v| (format!("'{v}'"), Value::Int(*v)));
            let floats = [min, max].map(|v| (format!("{v}.0"), Value::Int(*v)));
            whole.chain(texts).chain(floats).collect()
        }
        ParamKind::Bool { default } => [*default, true, false, !default]
            .iter()
            .flat_map(|v| [(v.to_string(), Value::Flag(*v)), (u8::from(*v).to_string(), Value::Flag(*v))])
            .collect(),
        ParamKind::Enum { labels, .. } => labels
            .iter()
            .flat_map(|label| [label.to_uppercase(), label.clone()].map(|said| (format!("'{said}'"), quoted(label))))
            .collect(),
        ParamKind::Numbers { min, max } => {
            let lists = [vec![], vec![*min], vec![*max, min + (max - min) / 2.0, *min]];
            lists.map(|list| Value::List(list.into_iter().map(Num::of).collect())).map(|v| (v.to_string(), v)).into()
        }
        ParamKind::Text => ["", "a line: \\'of\\' it", "Bässe"]
            .map(|text| (format!("'{text}'"), quoted(&text.replace('\\', ""))))
            .into(),
        ParamKind::Sample => vec![("''".into(), quoted("")), ("'nowhere.wav'".into(), quoted("nowhere.wav"))],
        ParamKind::Pattern => {
            vec![("''".into(), quoted("")), ("'beat'".into(), quoted("beat")), ("beat".into(), quoted("beat"))]
        }
    };
    if let Some(text) = example(kind) {
        let value = accept(kind, &quoted(text)).expect("an example is good");
        all.insert(0, (format!("'{text}'"), value));
    }
    let default = Value::default_of(kind);
    let other = all.iter().rfind(|(_, value)| *value != default).cloned();
    all.extend(other);
    all
}

/// Texts with units, and what they mean in the unit of the parameter.
fn written(unit: Unit) -> Vec<(&'static str, f64)> {
    match unit {
        Unit::None => vec![("50%", 0.5)],
        Unit::Gain => vec![("0dB", 1.0), ("50%", 0.5), ("-inf dB", 0.0)],
        Unit::Seconds => vec![("250ms", 0.25), ("1.5s", 1.5)],
        Unit::Hertz => vec![("1.2kHz", 1200.0), ("A4", 440.0)],
        Unit::Note => vec![("C4", 60.0)],
        Unit::Semitones => vec![("50ct", 0.5), ("12st", 12.0)],
        Unit::Cents => vec![("-50ct", -50.0), ("1st", 100.0)],
        Unit::Beats => vec![("1/4", 1.0), ("1/8.", 0.75)],
        Unit::Decibels | Unit::Percent => vec![],
    }
}

/// What a parameter does not take, in Lua.
fn bad(kind: &ParamKind) -> Vec<String> {
    let own = match kind {
        ParamKind::Float { min, max, .. } => {
            let beyond = (max - min).max(1.0);
            vec![format!("{:?}", min - beyond), format!("{:?}", max + beyond), "'12 apples'".into(), "'nan'".into()]
        }
        ParamKind::Int { min, max, .. } => {
            vec![format!("{min} - 1"), format!("{max} + 1"), format!("{min} + 0.5"), "'many'".into()]
        }
        ParamKind::Bool { .. } => vec!["2".into(), "'perhaps'".into()],
        ParamKind::Enum { .. } => vec!["0".into(), "'none of them'".into()],
        ParamKind::Numbers { min, max } => {
            let beyond = max + (max - min);
            vec![format!("{{{min}, {beyond:?}}}"), format!("{{{min}, 'x'}}"), "{a = 1}".into(), "1".into()]
        }
        ParamKind::Text => vec!["1".into(), "'two\\nlines'".into(), "('x'):rep(257)".into()],
        ParamKind::Sample | ParamKind::Pattern => vec!["1".into()],
    };
    let flag = (!matches!(kind, ParamKind::Bool { .. })).then(|| "true".to_owned());
    let list = (!matches!(kind, ParamKind::Numbers { .. })).then(|| "{}".to_owned());
    own.into_iter().chain(flag).chain(list).chain(["nil", "0/0", "1/0", "print"].map(str::to_owned)).collect()
}

/// A parameter at its place in a session.
struct Place<'a> {
    module: &'a str,
    slot: Option<u16>,
    param: &'a Param,
}

impl Place<'_> {
    fn path(&self, key: &str) -> Path {
        let module: Name = self.module.into();
        self.slot.map_or_else(|| Path::new(module.clone(), key), |slot| Path::slot(module.clone(), slot, key))
    }

    fn value(&self, model: &Model, catalog: &Catalog) -> Value {
        self.path(&self.param.key).find(model, catalog).expect("it is there").value().clone()
    }

    /// Under its key and every alias, by handle and by path.
    fn check(&self, studio: &mut Studio, catalog: &Catalog) {
        let keys = std::iter::once(&self.param.key).chain(&self.param.aliases);
        for path in keys.map(|key| self.path(key).to_string()) {
            let (owner, key) = path.rsplit_once('.').expect("a path has a dot");
            for (written, expected) in good(&self.param.kind) {
                for set in [format!("{path} = {written}"), format!("setParam('{path}', {written})")] {
                    studio.say(&set).unwrap_or_else(|error| panic!("{set}: {error}"));
                    let model = studio.engine().state().model.clone();
                    assert_eq!(self.value(&model, catalog), expected, "{set}");
                    // Two tables are never the same: what is in them is compared.
                    let of = if let Value::List(_) = expected { "table.concat" } else { "" };
                    let v = lua(&expected);
                    let read = format!("assert({of}({path}) == {of}({v}) and {of}(getParam('{path}')) == {of}({v}))");
                    studio.say(&read).unwrap_or_else(|error| panic!("{set}: {error}\n{read}"));
                }
            }
            let before = studio.engine().state().model.clone();
            for wrong in bad(&self.param.kind) {
                for set in [
                    format!("{path} = {wrong}"),
                    format!("setParam('{path}', {wrong})"),
                    format!("{owner}['{key}'] = {wrong}"),
                ] {
                    let error = studio.say(&set).expect_err(&set).message;
                    let names =
                        [&path, &self.path(&self.param.key).to_string()].iter().any(|path| error.contains(*path));
                    assert!(names, "{set}: {error}");
                    assert!(Arc::ptr_eq(&before, &studio.engine().state().model), "{set} changed something");
                }
            }
        }
    }
}

/// Under its key and every alias, for one note alone.
fn check_lock(studio: &mut Studio, param: &Param, module: &str) {
    for key in std::iter::once(&param.key).chain(&param.aliases) {
        for (written, _) in good(&param.kind) {
            let play = format!("{module}:trigger{{{key} = {written}}}");
            studio.say(&play).unwrap_or_else(|error| panic!("{play}: {error}"));
        }
        for wrong in bad(&param.kind).iter().filter(|wrong| *wrong != "nil") {
            let play = format!("{module}:trigger{{{key} = {wrong}}}");
            let error = studio.say(&play).expect_err(&play).message;
            assert!(error.contains(&param.key) || error.contains(key), "{play}: {error}");
        }
    }
}

/// Of one type: its parameters, and those of its first and last slot.
fn check_type(studio: &mut Studio, catalog: &Catalog, known: &ModuleType, module: &str) -> usize {
    let mut places: Vec<Place> =
        known.manifest.params.iter().map(|param| Place { module, slot: None, param }).collect();
    if let Some(slots) = &known.manifest.slots {
        for slot in [0, slots.count - 1] {
            places.extend(slots.params.iter().map(|param| Place { module, slot: Some(slot), param }));
        }
    }
    places.iter().for_each(|place| place.check(studio, catalog));
    if !known.event_in.is_empty() {
        known.manifest.locks().for_each(|(_, _, param)| check_lock(studio, param, module));
    }
    places.len()
}

#[test]
fn every_parameter_is_set_read_refused_saved_and_printed() {
    let registry = registry();
    let catalog = registry.catalog();
    let mut studio = Studio::new();
    studio.say("beat = pattern('beat', 'x . x .')").expect("a pattern");
    let mut checked = 0;
    for (number, (name, known)) in catalog.iter().enumerate() {
        let module = format!("m{number}");
        studio.say(&format!("{module} = make('{name}', '{module}')")).unwrap_or_else(|error| panic!("{name}: {error}"));
        checked += check_type(&mut studio, catalog, known, &module);
    }
    assert!(checked > 40, "{checked}");
    let model = studio.engine().state().model.clone();
    for (name, module) in model.modules.iter() {
        let known = &catalog.get(&module.module_type).expect("it was made");
        let params = known.manifest.params.iter().zip(module.params.iter()).zip(&*known.defaults);
        let only = |kind: &ParamKind| matches!(kind, ParamKind::Enum { labels, .. } if labels.len() == 1);
        let other = |((param, value), default): ((&Param, &Value), &Value)| value != default || only(&param.kind);
        assert!(
            params.into_iter().all(other),
            "{name}: every value is to be one that has to be written down: {:?}",
            module.params
        );
    }

    let folder = tempfile::tempdir().expect("a temporary folder");
    session::save(folder.path(), &model, catalog, &Sounds::new(), &Leftovers::default()).expect("it can be saved");
    let fresh = Studio::new();
    let mint = &mut || fresh.mint();
    let loaded = session::load(folder.path(), catalog, mint).expect("it was just saved");
    assert_eq!(loaded.notes, Vec::<String>::new());
    let (wanted, scenes) = (Arc::new(loaded.model), Default::default());
    fresh.engine().commit(Batch::of(Origin::Host, Work::Become(wanted, scenes))).expect("it can be opened");
    assert_eq!(*fresh.engine().state().model, *model, "saved and loaded");

    let code = print(&model, catalog);
    let mut fresh = Studio::with(registry.clone(), pieces());
    fresh.eval(&code);
    assert_eq!(*fresh.engine().state().model, *model, "printed and run:\n{code}");
}
