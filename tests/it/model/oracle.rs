//! Everything a Model says, as text by path: what tests compare by, because `==` and `diff` are what is tested.

use std::collections::BTreeMap;

use cantus_host::model::Model;

/// What a Model says, without ids and claims.
pub fn said(model: &Model) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    let mut say = |path: String, what: String| assert!(said.insert(path.clone(), what).is_none(), "{path} twice");
    say("bpm".into(), model.bpm.get().to_string());
    say("signature".into(), model.signature.to_string());
    say("swing".into(), format!("{:?}", model.swing));
    say("loop".into(), format!("{:?}", model.loop_range));
    model.tempo_map.iter().for_each(|(beat, point)| say(format!("tempo {beat:?}"), format!("{point:?}")));
    for (name, m) in model.modules.iter() {
        say(format!("module {name}"), format!("{} {} {} {} {}", m.module_type, m.seed, m.enabled, m.mute, m.solo));
        m.params.iter().enumerate().for_each(|(i, v)| say(format!("module {name} {i}"), v.to_string()));
        for (slot, values) in m.slots.iter().enumerate() {
            values.iter().enumerate().for_each(|(i, v)| say(format!("module {name} {slot}.{i}"), v.to_string()));
        }
    }
    model.connections.iter().for_each(|(c, cable)| say(format!("cable {c}"), format!("{cable:?}")));
    model.links.iter().for_each(|(key, link)| say(format!("link {key}"), format!("{link:?}")));
    for (name, pattern) in model.patterns.iter() {
        say(format!("pattern {name}"), format!("{} {:?}", pattern.rows, pattern.steps_per_beat));
        pattern.steps.iter().for_each(|(cell, step)| say(format!("pattern {name} {cell:?}"), format!("{step:?}")));
    }
    model.chains.iter().for_each(|(name, chain)| say(format!("chain {name}"), format!("{chain:?}")));
    model.players.iter().for_each(|(name, anchor)| say(format!("player {name}"), format!("{anchor:?}")));
    model.controls.iter().for_each(|(key, control)| say(format!("control {key}"), format!("{control:?}")));
    model.settings.iter().for_each(|(name, value)| say(format!("setting {name}"), value.to_string()));
    model.providers.iter().for_each(|(name, plugin)| say(format!("provider {name}"), plugin.to_string()));
    model.excerpts.iter().for_each(|(name, excerpt)| say(format!("kept {name}"), excerpt.text().to_string()));
    said
}
