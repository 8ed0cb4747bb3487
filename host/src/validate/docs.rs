//! Checks of what people read: sentences and examples.

use cantus_manifest::{Direction, PortKind};

use super::Check;
use super::load::Shelf;
use super::stage::Stage;
use super::verdict::{Finding, Verdict, few};

pub(super) const CHECKS: &[Check] = &[
    Check::of_file("sentences", 5, "Everything that people see is said in a sentence.", sentences),
    Check::of_module("example", 5, "It has an example.", example),
    Check::of_library("examples", 5, "Every example runs.", examples),
];

fn sentences(file: &super::file::Binary) -> Finding {
    let Ok((manifest, _)) = file.manifest() else { return Ok(()) };
    let mut docs = vec![("plugin.description".to_owned(), manifest.plugin.description.clone())];
    for module in &manifest.modules {
        let name = &module.name;
        let mut add = |key: &str, doc: &str| docs.push((format!("{name}{key}"), doc.to_owned()));
        add("", &module.doc);
        for (dir, kind) in [Direction::In, Direction::Out].into_iter().flat_map(|d| PortKind::ALL.map(|k| (d, k))) {
            module.ports(dir, kind).iter().for_each(|(key, port)| add(&format!(".{key}"), &port.doc));
        }
        module.params.iter().for_each(|p| add(&format!(".{}", p.key), &p.doc));
        if let Some(slots) = &module.slots {
            add(".slots", &slots.doc);
            slots.params.iter().for_each(|p| add(&format!(".slots.{}", p.key), &p.doc));
        }
        module.actions.iter().for_each(|a| add(&format!(".{}", a.key), &a.doc));
        module.meters.iter().for_each(|m| add(&format!(".{}", m.key), &m.doc));
        module.presets.iter().for_each(|p| add(&format!(".{}", p.key), &p.doc));
        module.examples.iter().for_each(|e| add(".example", &e.doc));
    }
    let bare: Vec<String> =
        docs.iter().filter(|(_, doc)| doc.trim().is_empty()).map(|(place, _)| place.clone()).collect();
    if !bare.is_empty() {
        return Err(Verdict::fail(format!("{} have no doc; say in a sentence what each is", few(&bare))));
    }
    let is_sentence = |doc: &str| doc.ends_with(['.', '?', '!', ')']) && !doc.starts_with(char::is_lowercase);
    let odd: Vec<String> =
        docs.iter().filter(|(_, doc)| !is_sentence(doc.trim())).map(|(place, _)| place.clone()).collect();
    if !odd.is_empty() {
        return Err(Verdict::warn(format!(
            "what {} say is no sentence; begin with a capital and end with a full stop",
            few(&odd)
        )));
    }
    Ok(())
}

fn example(stage: &Stage<'_>) -> Finding {
    if !stage.module.manifest.examples.is_empty() {
        return Ok(());
    }
    Err(Verdict::warn("it has no [[module.example]]; show in a few lines of Lua what it is for"))
}

fn examples(shelf: &Shelf<'_>) -> Finding {
    for module in &shelf.manifest.modules {
        for example in &module.examples {
            let place = format!("{}: the example \"{}\"", module.name, example.doc);
            (shelf.hooks.doing)(&place);
            (shelf.hooks.example)(shelf.path, &example.code)
                .map_err(|e| Verdict::fail(format!("{place} does not run: {e}; mend it in the manifest")))?;
        }
    }
    Ok(())
}
