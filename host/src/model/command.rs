//! Every change is one of these. *Edits* change the Model; *actions* are checked against it and leave it equal.
//!
//! One struct per command, with what it does beside it, in a file per area; one line in the list below.

mod actions;
mod chains;
mod modules;
mod patterns;
mod session;
mod time;
mod values;
mod wires;

use serde::{Deserialize, Serialize};

use super::Model;
use super::catalog::Catalog;
use super::refusal::Refusal;
use super::value::{Name, Num};

pub use actions::{
    InvokeActionCommand, Lock, MOST_LOCKS, PanicCommand, PauseTransportCommand, ReloadAssetCommand, ReloadTypeCommand,
    ResetTransportCommand, SeekCommand, StartTransportCommand, StopTransportCommand, TriggerEventCommand,
};
pub use chains::{
    InsertChainEntryCommand, QueueChainEntryCommand, RemoveChainCommand, RemoveChainEntryCommand, SetChainCommand,
    SetChainEntryCommand,
};
pub use modules::{
    AddModuleCommand, EnableModuleCommand, MuteModuleCommand, RemoveModuleCommand, RenameModuleCommand,
    RestoreModuleCommand, SetSeedCommand, SoloModuleCommand,
};
pub use patterns::{
    ClearStepCommand, EditPatternCommand, RemovePatternCommand, SetPatternCommand, SetStepCommand, ShapePatternCommand,
};
pub use session::{
    ForgetSceneCommand, KeepSceneCommand, KeepTypeCommand, SetClaimsCommand, SetSettingCommand, UseProviderCommand,
};
pub use time::{
    RemoveTempoPointCommand, SetBPMCommand, SetLoopCommand, SetSwingCommand, SetTempoPointCommand,
    SetTimeSignatureCommand,
};
pub use values::{
    ClearSlotCommand, MoveControlCommand, RemoveControlCommand, SetControlCommand, SetParameterCommand, span,
};
pub use wires::{ConnectCommand, DisconnectCommand, ModulateCommand, UnmodulateCommand};

/// What every command can do.
pub trait Edit {
    /// What it does, for logs and messages.
    fn describe(&self) -> String;

    /// Changes a private copy in place: checks everything, compares, and only then writes. False: nothing changed, and
    /// nothing was copied.
    ///
    /// # Errors
    /// [`Refusal`]: what cannot be, why, and what to do; the copy is as it was.
    fn edit(&self, model: &mut Model, catalog: &Catalog) -> Result<bool, Refusal>;

    /// It is done and leaves the Model equal; all others are edits.
    fn is_action(&self) -> bool {
        false
    }

    /// What a file that asks for it claims: the path of what it sets, which nothing else has, and the command that
    /// says all of it, without ids. `after` is the Model it led to. `None`: nothing.
    fn claim(&self, after: &Model) -> Option<(Name, Command)> {
        let _ = after;
        None
    }

    /// What takes a claim back: how the thing comes when nobody asks for anything. `None`: it leaves nothing behind.
    fn withdrawal(&self) -> Option<Command> {
        None
    }

    /// Names parameters by their keys, not by aliases, so that equal claims are equal.
    fn canonical(&mut self, model: &Model, catalog: &Catalog) {
        let _ = (model, catalog);
    }
}

/// A claim of a command that says all by itself.
fn claim<C: Clone + Into<Command>>(path: impl ToString, command: &C) -> Option<(Name, Command)> {
    Some((path.to_string().into(), command.clone().into()))
}

macro_rules! commands {
    ($(
        $variant:ident($command:ident)
        $(needs $($($need:ident).+) and +)?
        $(names $($($name:ident).+) and +)?
    ),* $(,)?) => {
        /// Any command.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Command {
            $(#[doc = concat!("See [`", stringify!($command), "`].")] $variant($command)),*
        }
        $(impl From<$command> for Command {
            fn from(command: $command) -> Command { Command::$variant(command) }
        })*
        impl Command {
            /// The command, whichever it is.
            pub fn it(&self) -> &dyn Edit {
                match self { $(Command::$variant(command) => command),* }
            }
            /// The command, whichever it is.
            pub fn it_mut(&mut self) -> &mut dyn Edit {
                match self { $(Command::$variant(command) => command),* }
            }
            /// The modules without which it can do nothing.
            pub fn needs(&self) -> Vec<&Name> {
                match self { $(Command::$variant(_command) => vec![$($(&_command.$($need).+),+)?]),* }
            }
            /// The same where a module has another name.
            pub fn rename(&mut self, from: &Name, to: &Name) {
                match self { $(Command::$variant(_command) => rename(
                    [$($(&mut _command.$($need).+),+)? $($(&mut _command.$($name).+),+)?],
                    from,
                    to,
                )),* }
            }
        }
    };
}

// Behind a command: where in it the modules stand that it needs, or that it names and can do without.
commands! {
    AddModule(AddModuleCommand) names name,
    RestoreModule(RestoreModuleCommand) names name,
    RemoveModule(RemoveModuleCommand) needs name,
    RenameModule(RenameModuleCommand) needs name,
    EnableModule(EnableModuleCommand) needs name,
    MuteModule(MuteModuleCommand) needs name,
    SoloModule(SoloModuleCommand) needs name,
    SetSeed(SetSeedCommand) needs name,
    SetParameter(SetParameterCommand) needs path.module,
    ClearSlot(ClearSlotCommand) needs module,
    Connect(ConnectCommand) needs connection.from.module and connection.to.module,
    Disconnect(DisconnectCommand) names connection.from.module and connection.to.module,
    Modulate(ModulateCommand) needs key.from.module and key.to.module,
    Unmodulate(UnmodulateCommand) names key.from.module and key.to.module,
    SetControl(SetControlCommand) needs key.to.module,
    RemoveControl(RemoveControlCommand) names key.to.module,
    MoveControl(MoveControlCommand),
    SetBPM(SetBPMCommand),
    SetTempoPoint(SetTempoPointCommand),
    RemoveTempoPoint(RemoveTempoPointCommand),
    SetTimeSignature(SetTimeSignatureCommand),
    SetSwing(SetSwingCommand),
    SetLoop(SetLoopCommand),
    SetPattern(SetPatternCommand),
    RemovePattern(RemovePatternCommand),
    ShapePattern(ShapePatternCommand),
    SetStep(SetStepCommand),
    ClearStep(ClearStepCommand),
    EditPattern(EditPatternCommand),
    SetChain(SetChainCommand),
    RemoveChain(RemoveChainCommand),
    InsertChainEntry(InsertChainEntryCommand),
    SetChainEntry(SetChainEntryCommand),
    RemoveChainEntry(RemoveChainEntryCommand),
    QueueChainEntry(QueueChainEntryCommand) needs module,
    SetSetting(SetSettingCommand),
    UseProvider(UseProviderCommand),
    KeepType(KeepTypeCommand),
    SetClaims(SetClaimsCommand),
    StartTransport(StartTransportCommand),
    StopTransport(StopTransportCommand),
    PauseTransport(PauseTransportCommand),
    ResetTransport(ResetTransportCommand),
    Seek(SeekCommand),
    TriggerEvent(TriggerEventCommand) needs module,
    InvokeAction(InvokeActionCommand) needs module,
    ReloadAsset(ReloadAssetCommand),
    ReloadType(ReloadTypeCommand),
    KeepScene(KeepSceneCommand),
    ForgetScene(ForgetSceneCommand),
    Panic(PanicCommand),
}

impl Command {
    /// What it does, for logs and messages.
    pub fn describe(&self) -> String {
        self.it().describe()
    }

    /// It is done and leaves the Model equal; all others are edits.
    pub fn is_action(&self) -> bool {
        self.it().is_action()
    }
}

/// Gives a module's new name to whatever has the old one.
fn rename<const N: usize>(names: [&mut Name; N], from: &Name, to: &Name) {
    for name in names.into_iter().filter(|name| *name == from) {
        *name = to.clone();
    }
}

/// Refuses what is out of range.
fn within(
    what: &'static str,
    value: Num,
    range: std::ops::RangeInclusive<f64>,
    said: &'static str,
) -> Result<(), Refusal> {
    let value = value.get();
    if range.contains(&value) { Ok(()) } else { Err(Refusal::OutOfRange { what, value, range: said }) }
}

/// Puts a value in the place of another; false if they are equal.
fn replace<T: PartialEq>(place: &mut T, value: T) -> bool {
    let changed = *place != value;
    *place = value;
    changed
}
