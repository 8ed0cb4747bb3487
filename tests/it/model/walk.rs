//! Random walks over Models: commands that mostly can be, over any catalog.

use cantus_host::model::command::*;
use cantus_host::model::{
    Anchor, Cable, Catalog, Chain, ChainEntry, Command, Condition, Connection, Control, ControlKey, Endpoint, Link,
    LinkKey, Model, ModuleId, ModuleType, Name, Note, Num, OUT, Path, Pattern, PatternEdit, Ratchet, Ratio, Selection,
    Signature, Step, StepField, Swing, TempoPoint, Test, Value,
};
use cantus_manifest::{Param, ParamKind};

/// Random numbers that are the same each time (xorshift64*).
pub struct Dice(u64);

impl Dice {
    /// Dice that fall as the seed says.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// 0 to `n - 1`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n.max(1)
    }

    /// One of two.
    pub fn flip(&mut self) -> bool {
        self.below(2) == 0
    }

    /// One of a list; none of an empty one.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// A few steps between two numbers, both ends among them; now and then one that is awkward to write.
    fn between(&mut self, low: f64, high: f64) -> Num {
        let awkward = match self.below(20) {
            0 => low + (high - low) * (self.below(1 << 31) as f64 / 3e9),
            1 => 5e-324,
            2 => 0.1 + 0.2,
            3 => high.next_down(),
            _ => f64::NAN,
        };
        let step = low + (high - low) * self.below(9) as f64 / 8.0;
        Num::of(if (low..=high).contains(&awkward) { awkward } else { step })
    }

    /// Two ends, or none.
    fn range(&mut self) -> Option<(Num, Num)> {
        let ends = (self.between(-4.0, 4.0), self.between(-4.0, 4.0));
        (self.below(3) == 0).then_some(ends)
    }

    /// A step with some of what steps can have.
    fn step(&mut self) -> Step {
        let dice = self;
        let note = [Note::Pitch(dice.between(36.0, 84.0)), Note::Off, Note::Cut][[0, 0, 0, 1, 2][dice.below(5)]];
        let test = [Test::First, Test::Previous, Test::Fill, Test::Every(2 + dice.below(3) as u8)][dice.below(4)];
        let ratchet = Ratchet { hits: 2 + dice.below(4) as u8, ramp: Num::ZERO, curve: dice.between(-1.0, 1.0) };
        let locks = [("volume", Value::Num(dice.between(0.0, 1.0))), ("x", Value::Text("up".into()))];
        Step {
            note: dice.flip().then_some(note),
            instrument: dice.flip().then(|| 1 + dice.below(3) as u8),
            slot: dice.flip().then(|| dice.below(3) as u16),
            velocity: dice.flip().then(|| dice.between(0.25, 1.0)),
            length: dice.flip().then(|| dice.between(0.0, 4.0)),
            delay: dice.flip().then(|| dice.between(-0.5, 0.5)),
            chance: dice.flip().then(|| dice.between(0.0, 1.0)),
            ratio: dice.flip().then(|| Ratio { at: 1 + dice.below(2) as u8, of: 2 + dice.below(3) as u8 }),
            condition: dice.flip().then_some(Condition { test, not: false }),
            ratchet: dice.flip().then_some(ratchet),
            glide: dice.flip().then(|| dice.between(0.0, 2.0)),
            locks: locks[..dice.below(3)].iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
        }
    }

    /// Part of a pattern, or all of it.
    pub fn selection(&mut self) -> Selection {
        let (row, column) = (self.below(12) as u32, self.below(3) as u16);
        Selection {
            rows: self.flip().then(|| (row, row + self.below(8) as u32)),
            columns: self.flip().then(|| (column, column + self.below(2) as u16)),
        }
    }

    /// Something that can perhaps be done with part of a pattern.
    pub fn pattern_edit(&mut self) -> (Selection, PatternEdit) {
        let fields = [StepField::Lock("volume".into()), StepField::Lock("y".into())];
        let fields: Vec<StepField> = StepField::ALL.into_iter().chain(fields).collect();
        let field = fields[self.below(fields.len())].clone();
        let edit = match self.below(17) {
            0 => PatternEdit::Clear,
            1 => PatternEdit::Insert,
            2 => PatternEdit::Delete,
            3 => {
                let count = self.below(6);
                let mut place = || (self.below(8) as u32, self.below(3) as u16, self.step());
                PatternEdit::Paste { steps: (0..count).map(|_| place()).collect(), mix: self.flip() }
            }
            4 => PatternEdit::Transpose(self.between(-24.0, 24.0)),
            5 => PatternEdit::Rotate(self.below(9) as i32 - 4),
            6 => PatternEdit::Reverse,
            7 => return (Selection::default(), PatternEdit::Halve),
            8 => return (Selection::default(), PatternEdit::Double),
            9 => return (Selection::default(), PatternEdit::Expand),
            10 => return (Selection::default(), PatternEdit::Shrink),
            11 => PatternEdit::Interpolate { field, curve: self.between(-1.0, 1.0) },
            12 => {
                let (low, high) = (self.between(0.0, 1.0), self.between(1.0, 4.0));
                PatternEdit::Randomise { field, low, high, seed: self.below(1000) as u32 }
            }
            13 => PatternEdit::Legato,
            14 => {
                let (hits, steps) = (self.below(9) as u16, 8 + self.below(9) as u16);
                PatternEdit::Euclid { hits, steps, rotation: self.below(5) as i32 - 2, step: self.step() }
            }
            _ => {
                let changes = ["+0.25", "-1", "*2", "/2", "=0.5", "=2"];
                PatternEdit::Change { field, change: changes[self.below(6)].parse().expect("a change") }
            }
        };
        let mut selection = self.selection();
        if let PatternEdit::Euclid { .. } = edit {
            // Else it fills 64 columns.
            selection.columns = Some((1, 2));
        }
        (selection, edit)
    }
}

/// Makes commands, one after the other.
pub struct Walk<'a> {
    /// What decides.
    pub dice: Dice,
    catalog: &'a Catalog,
    ids: u64,
    /// Sound files that slots may name.
    pub files: Vec<Name>,
}

impl<'a> Walk<'a> {
    /// A walk over Models of that catalog.
    pub fn new(seed: u64, catalog: &'a Catalog) -> Walk<'a> {
        Walk {
            dice: Dice::new(seed),
            catalog,
            ids: 1000 + seed % 1000 * 100_000,
            files: vec!["".into(), "a.wav".into(), "b.wav".into()],
        }
    }

    /// Applies commands until `count` were done; answers the Model.
    pub fn model(&mut self, from: &Model, count: usize) -> Model {
        let mut model = from.clone();
        let mut done = 0;
        while done < count {
            let command = self.edit(&model);
            let mut next = model.clone();
            if next.edit(&command, self.catalog).is_ok() && next.check().is_ok() {
                model = next;
                done += 1;
            }
        }
        model
    }

    /// An edit that can perhaps be done on this Model.
    pub fn edit(&mut self, model: &Model) -> Command {
        loop {
            let kind = self.dice.below(100);
            let made = match kind {
                0..20 => self.of_modules(model, kind),
                20..50 => self.of_values(model, kind),
                50..75 => self.of_wires(model, kind),
                75..90 => self.of_patterns(model, kind),
                _ => Some(self.of_session(kind)),
            };
            if let Some(command) = made {
                return command;
            }
        }
    }

    fn name(&mut self) -> Name {
        ["kick", "snare", "bass", "lead", "pad", "fx", "my-lfo", "_x", "Z9"][self.dice.below(9)].into()
    }

    fn there(&mut self, model: &Model) -> Option<Name> {
        let names: Vec<&Name> = model.modules.keys().collect();
        self.dice.pick(&names).map(|name| (*name).clone())
    }

    fn known(&self, model: &Model, name: &Name) -> &'a ModuleType {
        self.catalog.get(&model.modules.get(&**name).expect("there").module_type).expect("of the catalog")
    }

    fn of_modules(&mut self, model: &Model, kind: usize) -> Option<Command> {
        Some(match kind {
            0..9 => {
                let types: Vec<&Name> = self.catalog.iter().map(|(name, _)| name).collect();
                self.ids += 1;
                let module_type = (*self.dice.pick(&types)?).clone();
                AddModuleCommand { module_type, name: self.name(), id: ModuleId(self.ids) }.into()
            }
            9 => RemoveModuleCommand { name: self.there(model)? }.into(),
            10..13 => RenameModuleCommand { name: self.there(model)?, to: self.name() }.into(),
            13 => EnableModuleCommand { name: self.there(model)?, enabled: self.dice.flip() }.into(),
            14..16 => MuteModuleCommand { name: self.there(model)?, mute: self.dice.flip() }.into(),
            16..18 => SoloModuleCommand { name: self.there(model)?, solo: self.dice.below(3) == 0 }.into(),
            _ => {
                let seed = self.dice.flip().then(|| self.dice.below(1000) as u64);
                SetSeedCommand { name: self.there(model)?, seed }.into()
            }
        })
    }

    fn of_values(&mut self, model: &Model, kind: usize) -> Option<Command> {
        let module = self.there(model)?;
        let known = self.known(model, &module);
        if kind == 49 {
            return Some(ClearSlotCommand { module, slot: self.slot(known)? }.into());
        }
        if kind == 48 {
            let source = ["cc 1", "cc 2"][self.dice.below(2)].into();
            return Some(MoveControlCommand { source, position: self.dice.between(0.0, 1.0) }.into());
        }
        let (path, param) = self.path(&module, known)?;
        if kind == 47 {
            let source = ["cc 1", "cc 2"][self.dice.below(2)].into();
            let control = Control { range: self.dice.range(), curve: self.dice.between(-1.0, 1.0) };
            return Some(SetControlCommand { key: ControlKey { source, to: path }, control }.into());
        }
        let value = self.dice.below(8) > 0;
        let value = value.then(|| self.value(model, &param.kind));
        Some(SetParameterCommand { path, value }.into())
    }

    fn slot(&mut self, known: &ModuleType) -> Option<u16> {
        // The first few: so that something happens to them twice.
        let count = known.slot_defaults.len().min(3);
        (count > 0).then(|| self.dice.below(count) as u16)
    }

    fn path(&mut self, module: &Name, known: &'a ModuleType) -> Option<(Path, &'a Param)> {
        if !known.slot_params().is_empty() && self.dice.flip() {
            let param = self.dice.pick(known.slot_params())?;
            return Some((Path::slot(module.clone(), self.slot(known)?, param.key.as_str()), param));
        }
        let param = self.dice.pick(&known.manifest.params)?;
        Some((Path::new(module.clone(), param.key.as_str()), param))
    }

    fn value(&mut self, model: &Model, kind: &ParamKind) -> Value {
        match kind {
            ParamKind::Float { min, max, .. } => Value::Num(self.dice.between(*min, *max)),
            ParamKind::Int { min, max, .. } => Value::Int(min + self.dice.below((max - min + 1) as usize) as i64),
            ParamKind::Bool { .. } => Value::Flag(self.dice.flip()),
            ParamKind::Enum { labels, .. } => Value::Text(labels[self.dice.below(labels.len())].as_str().into()),
            ParamKind::Numbers { min, max } => {
                let count = self.dice.below(4);
                Value::List((0..count).map(|_| self.dice.between(*min, *max)).collect())
            }
            ParamKind::Text => Value::Text(format!("text {}", self.dice.below(4)).into()),
            ParamKind::Sample => Value::Text(self.files[self.dice.below(self.files.len())].clone()),
            ParamKind::Pattern => {
                let names: Vec<&Name> = model.patterns.keys().chain(model.chains.keys()).collect();
                Value::Text(self.dice.pick(&names).map_or_else(|| "".into(), |name| (*name).clone()))
            }
        }
    }

    fn of_wires(&mut self, model: &Model, kind: usize) -> Option<Command> {
        match kind {
            50..60 => {
                let (from, to) = (self.there(model)?, self.there(model)?);
                let outputs: Vec<&str> = self.known(model, &from).output_keys().collect();
                let inputs: Vec<&str> = self.known(model, &to).input_keys().collect();
                let from = Endpoint::new(from, *self.dice.pick(&outputs)?);
                let to = if self.dice.below(6) == 0 {
                    Endpoint::new(OUT, "in")
                } else {
                    Endpoint::new(to, *self.dice.pick(&inputs)?)
                };
                let gain = if self.dice.flip() { Num::ONE } else { self.dice.between(-1.0, 2.0) };
                let instrument = (gain == Num::ONE && self.dice.below(3) == 0).then(|| 1 + self.dice.below(3) as u8);
                let cable = Cable { gain, feedback: self.dice.below(5) == 0, instrument };
                Some(ConnectCommand { connection: Connection { from, to }, cable }.into())
            }
            60..64 => {
                let cables: Vec<&Connection> = model.connections.keys().collect();
                let connection = (*self.dice.pick(&cables)?).clone();
                Some(DisconnectCommand { connection }.into())
            }
            64..72 => {
                let (from, to) = (self.there(model)?, self.there(model)?);
                let port = self.dice.pick(&self.known(model, &from).mod_out)?.clone();
                let (to, _) = self.path(&to, self.known(model, &to))?;
                let link = Link {
                    depth: self.dice.between(-1.0, 1.0),
                    curve: self.dice.between(-1.0, 1.0),
                    bipolar: self.dice.flip(),
                    smoothing: self.dice.between(0.0, 0.1),
                    feedback: self.dice.below(5) == 0,
                    range: self.dice.range(),
                };
                Some(ModulateCommand { key: LinkKey { from: Endpoint::new(from, port), to }, link }.into())
            }
            _ => {
                let links: Vec<&LinkKey> = model.links.keys().collect();
                let key = (*self.dice.pick(&links)?).clone();
                Some(UnmodulateCommand { key }.into())
            }
        }
    }

    fn of_patterns(&mut self, model: &Model, kind: usize) -> Option<Command> {
        let name: Name = ["a", "b", "c", "long name", "9", "10", "1a", "2e3"][self.dice.below(8)].into();
        let (row, column) = (self.dice.below(16) as u32, self.dice.below(3) as u16);
        let entry = ChainEntry {
            pattern: name.clone(),
            repeats: 1 + self.dice.below(3) as u32,
            enabled: self.dice.below(4) > 0,
            transpose: if self.dice.flip() { Num::ZERO } else { self.dice.between(-12.0, 12.0) },
            rows: self.dice.flip().then(|| 1 + self.dice.below(32) as u32),
            follow: ["next", "any", "other 2, end 1", "2"][self.dice.below(4)].parse().expect("good"),
        };
        let chain: Name = ["song", "b"][self.dice.below(2)].into();
        let at = self.dice.below(3) as u32;
        Some(match kind {
            75..78 => {
                let mut pattern = Pattern::new(1 + self.dice.below(16) as u32, Num::of(4.0));
                for _ in 0..self.dice.below(8) {
                    let cell =
                        cantus_host::model::Cell { row: self.dice.below(16) as u32, column: self.dice.below(3) as u16 };
                    pattern.steps.put(cell, self.dice.step());
                }
                SetPatternCommand { name, pattern }.into()
            }
            78 => RemovePatternCommand { name }.into(),
            79..81 => SetStepCommand { pattern: name, row, column, step: self.dice.step() }.into(),
            81 => ClearStepCommand { pattern: name, row, column }.into(),
            82 => {
                let (selection, edit) = self.dice.pattern_edit();
                // Doubled again and again it would only get slower.
                let long = model.patterns.get(&*name).is_some_and(|pattern| pattern.rows > 64);
                let edit = if long && selection == Selection::default() { PatternEdit::Clear } else { edit };
                EditPatternCommand { pattern: name, edit, selection }.into()
            }
            83 => {
                let steps_per_beat = Num::of([2.0, 4.0, -6.0][self.dice.below(3)]);
                ShapePatternCommand { pattern: name, rows: 1 + row, steps_per_beat }.into()
            }
            84 => {
                let entries = (0..self.dice.below(4)).map(|_| entry.clone()).collect();
                SetChainCommand { name: chain, chain: Chain { entries, repeat: self.dice.flip() } }.into()
            }
            85 => RemoveChainCommand { name: chain }.into(),
            86 => InsertChainEntryCommand { chain, at, entry }.into(),
            87 => SetChainEntryCommand { chain, at, entry, was: None }.into(),
            88 => RemoveChainEntryCommand { chain, at, was: None }.into(),
            _ => {
                let anchor = self.dice.flip().then(|| Anchor { entry: at, beat: self.dice.between(0.0, 8.0) });
                QueueChainEntryCommand { module: self.there(model)?, anchor }.into()
            }
        })
    }

    fn of_session(&mut self, kind: usize) -> Command {
        let beat = if self.dice.flip() { Num::of(self.dice.below(5) as f64) } else { self.dice.between(0.0, 4.0) };
        match kind {
            90..92 => SetBPMCommand { bpm: self.dice.between(60.0, 220.0), over: beat }.into(),
            92 => {
                let point = TempoPoint { bpm: self.dice.between(60.0, 220.0), ramp: self.dice.flip() };
                SetTempoPointCommand { beat, point }.into()
            }
            93 => RemoveTempoPointCommand { beat }.into(),
            94 => {
                let signature = Signature { beats: 1 + self.dice.below(7) as u32, unit: 1 << self.dice.below(4) };
                SetTimeSignatureCommand { signature }.into()
            }
            95 => {
                let swing = Swing { amount: self.dice.between(0.5, 0.75), unit: self.dice.between(0.25, 0.5) };
                SetSwingCommand { swing }.into()
            }
            96 => {
                let length = self.dice.between(1.0, 4.0);
                SetLoopCommand { range: self.dice.flip().then(|| (beat, Num::of(beat.get() + length.get()))) }.into()
            }
            97 => SetSettingCommand { name: "seed".into(), value: Some(Value::Int(self.dice.below(5) as i64)) }.into(),
            98 if self.dice.flip() => {
                let types: Vec<&Name> = self.catalog.iter().map(|(name, _)| name).collect();
                let module_type = (*self.dice.pick(&types).expect("a catalog has types")).clone();
                UseProviderCommand { module_type, plugin: self.dice.flip().then(|| "org.example.two@2".into()) }.into()
            }
            98 => SetSettingCommand { name: "auto_route".into(), value: Some(Value::Flag(self.dice.flip())) }.into(),
            _ => SetSettingCommand { name: "grid".into(), value: self.dice.flip().then_some(Value::Num(beat)) }.into(),
        }
    }
}
