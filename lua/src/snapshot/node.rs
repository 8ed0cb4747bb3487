//! The tables of a state, and the numbers by which Lua knows them.

/// What a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Root,
    Clock,
    Connection,
    Connections,
    Meters,
    Module,
    Modules,
    Parameters,
    Pattern,
    Patterns,
    Pending,
    Problems,
    Runtime,
    Scenes,
    Slot,
    Slots,
    Steps,
}

/// A table of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Of the module, the cable or the pattern at this index.
    pub at: usize,
    /// And its slot, from 0.
    pub slot: usize,
}

impl Kind {
    const ALL: [Kind; 17] = [
        Kind::Root,
        Kind::Clock,
        Kind::Connection,
        Kind::Connections,
        Kind::Meters,
        Kind::Module,
        Kind::Modules,
        Kind::Parameters,
        Kind::Pattern,
        Kind::Patterns,
        Kind::Pending,
        Kind::Problems,
        Kind::Runtime,
        Kind::Scenes,
        Kind::Slot,
        Kind::Slots,
        Kind::Steps,
    ];

    /// Its keys are numbers from 1.
    pub fn is_list(self) -> bool {
        matches!(self, Kind::Connections | Kind::Pending | Kind::Problems | Kind::Scenes | Kind::Slots | Kind::Steps)
    }

    /// The table of that kind, of which there is one.
    pub fn node(self) -> Node {
        Node { kind: self, at: 0, slot: 0 }
    }
}

impl Node {
    /// Of the same module, cable or pattern.
    pub fn part(self, kind: Kind) -> Node {
        Node { kind, ..self }
    }

    /// What Lua knows it by: that of a list is negative, that of the whole state 0.
    pub fn number(self) -> i64 {
        let number = (self.at << 32 | self.slot << 5 | self.kind as usize).cast_signed() as i64;
        if self.kind.is_list() { !number } else { number }
    }

    /// The table of a number; of one that is none, whatever: what is asked of it is not there.
    pub fn of(number: i64) -> Node {
        let packed = (if number < 0 { !number } else { number }) as usize;
        let kind = Kind::ALL.get(packed & 31).copied().unwrap_or(Kind::Root);
        Node { kind, at: packed >> 32, slot: packed >> 5 & 0x7ff_ffff }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for (n, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, n, "each stands at its place");
            for node in [kind.node(), Node { kind, at: 1, slot: 0 }, Node { kind, at: 70_000, slot: 127 }] {
                assert_eq!(Node::of(node.number()), node);
                assert_eq!(node.number() < 0, kind.is_list());
            }
        }
    }
}
