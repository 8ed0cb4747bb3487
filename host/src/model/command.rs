//! Every change is one of these. *Edits* change the Model; *actions* are checked against it and leave it equal.

use super::pattern::Pattern;
use super::value::{Name, Num, Value};
use super::{Connection, ModuleId};

/// Adds a module, instantiated by its type's name through the registry.
#[derive(Clone, Debug, PartialEq)]
pub struct AddModuleCommand {
    /// Type name, as the manifest has it.
    pub module_type: Name,
    /// Name it will be known by: `[A-Za-z_][A-Za-z0-9_-]*`.
    pub name: Name,
    /// Who it will be, so that a replay makes the same one.
    pub id: ModuleId,
}

/// Removes a module with its cables.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoveModuleCommand {
    /// Its name.
    pub name: Name,
}

/// Sets a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct SetParameterCommand {
    /// Name of the module.
    pub module: Name,
    /// Key or alias of the parameter.
    pub param: Name,
    /// What it is to be; see [`accept`](super::accept).
    pub value: Value,
}

/// Sets a parameter of a slot.
#[derive(Clone, Debug, PartialEq)]
pub struct SetSlotCommand {
    /// Name of the module.
    pub module: Name,
    /// Slot, from 0.
    pub slot: u16,
    /// Key or alias of the slot's parameter.
    pub param: Name,
    /// What it is to be.
    pub value: Value,
}

/// Draws a cable. Drawing it twice changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectCommand {
    /// The cable.
    pub connection: Connection,
}

/// Pulls a cable out.
#[derive(Clone, Debug, PartialEq)]
pub struct DisconnectCommand {
    /// The cable.
    pub connection: Connection,
}

/// Sets the tempo.
#[derive(Clone, Debug, PartialEq)]
pub struct SetBPMCommand {
    /// Beats per minute, 20 to 999.
    pub bpm: Num,
}

/// Puts a pattern in, in the place of one of that name.
#[derive(Clone, Debug, PartialEq)]
pub struct SetPatternCommand {
    /// Its name.
    pub name: Name,
    /// The pattern.
    pub pattern: Pattern,
}

/// Removes a pattern; sequencers that name it fall silent.
#[derive(Clone, Debug, PartialEq)]
pub struct RemovePatternCommand {
    /// Its name.
    pub name: Name,
}

/// Action: beats go on from where they stand.
#[derive(Clone, Debug, PartialEq)]
pub struct StartTransportCommand;

/// Action: beats stand still at beat 0.
#[derive(Clone, Debug, PartialEq)]
pub struct StopTransportCommand;

/// Action: beats stand still where they are.
#[derive(Clone, Debug, PartialEq)]
pub struct PauseTransportCommand;

/// Action: to beat 0, carrying on as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct ResetTransportCommand;

/// Action: to a beat, carrying on as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct SeekCommand {
    /// The beat, at least 0.
    pub beat: Num,
}

/// Action: plays a note on a module.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerEventCommand {
    /// Name of the module.
    pub module: Name,
    /// MIDI note number, 0 to 127.
    pub note: Option<Num>,
    /// 0 to 1.
    pub velocity: Option<Num>,
    /// Slot, from 0.
    pub slot: Option<u16>,
    /// Beats until it ends; `None`: it is never ended.
    pub length: Option<Num>,
}

/// Action: tells a module to do something its manifest declares.
#[derive(Clone, Debug, PartialEq)]
pub struct InvokeActionCommand {
    /// Name of the module.
    pub module: Name,
    /// Key of the action.
    pub action: Name,
}

/// Action: ends every sound now.
#[derive(Clone, Debug, PartialEq)]
pub struct PanicCommand;

macro_rules! commands {
    ($($variant:ident($command:ident)),* $(,)?) => {
        /// Any command.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Command {
            $(#[doc = concat!("See [`", stringify!($command), "`].")] $variant($command)),*
        }
        $(impl From<$command> for Command {
            fn from(command: $command) -> Command { Command::$variant(command) }
        })*
        impl Command {
            /// What it does, for logs and messages.
            pub fn describe(&self) -> String {
                match self { $(Command::$variant(command) => command.describe()),* }
            }
        }
    };
}

commands! {
    AddModule(AddModuleCommand),
    RemoveModule(RemoveModuleCommand),
    SetParameter(SetParameterCommand),
    SetSlot(SetSlotCommand),
    Connect(ConnectCommand),
    Disconnect(DisconnectCommand),
    SetBPM(SetBPMCommand),
    SetPattern(SetPatternCommand),
    RemovePattern(RemovePatternCommand),
    StartTransport(StartTransportCommand),
    StopTransport(StopTransportCommand),
    PauseTransport(PauseTransportCommand),
    ResetTransport(ResetTransportCommand),
    Seek(SeekCommand),
    TriggerEvent(TriggerEventCommand),
    InvokeAction(InvokeActionCommand),
    Panic(PanicCommand),
}

impl Command {
    /// It is done and leaves the Model equal; all others are edits.
    pub fn is_action(&self) -> bool {
        match self {
            Command::StartTransport(_)
            | Command::StopTransport(_)
            | Command::PauseTransport(_)
            | Command::ResetTransport(_)
            | Command::Seek(_)
            | Command::TriggerEvent(_)
            | Command::InvokeAction(_)
            | Command::Panic(_) => true,
            Command::AddModule(_)
            | Command::RemoveModule(_)
            | Command::SetParameter(_)
            | Command::SetSlot(_)
            | Command::Connect(_)
            | Command::Disconnect(_)
            | Command::SetBPM(_)
            | Command::SetPattern(_)
            | Command::RemovePattern(_) => false,
        }
    }
}

macro_rules! describe {
    ($($command:ident: |$this:ident| $text:expr;)*) => {
        $(impl $command {
            /// What it does, for logs and messages.
            pub fn describe(&self) -> String {
                let $this = self;
                $text
            }
        })*
    };
}

describe! {
    AddModuleCommand: |c| format!("add {} {}", c.module_type, c.name);
    RemoveModuleCommand: |c| format!("remove {}", c.name);
    SetParameterCommand: |c| format!("set {}.{} = {}", c.module, c.param, c.value);
    SetSlotCommand: |c| format!("set {}.slots[{}].{} = {}", c.module, u32::from(c.slot) + 1, c.param, c.value);
    ConnectCommand: |c| format!("connect {}", c.connection);
    DisconnectCommand: |c| format!("disconnect {}", c.connection);
    SetBPMCommand: |c| format!("set the tempo to {} bpm", c.bpm.get());
    SetPatternCommand: |c| format!("set pattern {}", c.name);
    RemovePatternCommand: |c| format!("remove pattern {}", c.name);
    StartTransportCommand: |_c| "start".into();
    StopTransportCommand: |_c| "stop".into();
    PauseTransportCommand: |_c| "pause".into();
    ResetTransportCommand: |_c| "reset".into();
    SeekCommand: |c| format!("seek to beat {}", c.beat.get());
    TriggerEventCommand: |c| format!("trigger {}", c.module);
    InvokeActionCommand: |c| format!("{}:{}()", c.module, c.action);
    PanicCommand: |_c| "panic".into();
}
