//! The graph as a pure function of the Model: derived routes, the order to run in, cycles.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cantus_manifest::PortKind;

use super::catalog::Catalog;
use super::value::Name;
use super::{Connection, Endpoint, Model, OUT};

/// Cables that lead back to where they come from, in order; each begins where the one before ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle(pub Vec<Connection>);

impl std::fmt::Display for Cycle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|c| &*c.from.module).collect();
        let first = names.first().copied().unwrap_or_default();
        write!(f, "these cables go round in a circle: {} -> {first}; take one of them out", names.join(" -> "))
    }
}

impl std::error::Error for Cycle {}

/// All cables the plan has: those of the Model, and the derived ones. Audio outputs that nothing connects go to the
/// first sink by name, or else to `out`; sinks feed `out`. Sorted.
pub fn routes(model: &Model, catalog: &Catalog) -> BTreeSet<Connection> {
    let mut routes: BTreeSet<Connection> = model.connections.keys().cloned().collect();
    let connected: BTreeSet<&Endpoint> = model.connections.keys().map(|c| &c.from).collect();
    let sink = model.modules.iter().find_map(|(name, module)| {
        let input = catalog.get(&module.module_type).filter(|t| t.is_sink())?.audio_in.first()?.key.clone();
        Some((name, Endpoint { module: name.clone(), port: input }))
    });
    let behind_sink = sink.as_ref().map(|(name, _)| downstream(model, name)).unwrap_or_default();
    let out = Endpoint { module: OUT.into(), port: "in".into() };
    for (name, module) in model.modules.iter() {
        let Some(module_type) = catalog.get(&module.module_type) else { continue };
        for port in &module_type.audio_out {
            let from = Endpoint { module: name.clone(), port: port.key.clone() };
            let to = match &sink {
                Some((_, input)) if !module_type.is_sink() && !behind_sink.contains(name) => input,
                _ => &out,
            };
            if module_type.is_sink() || !connected.contains(&from) {
                routes.insert(Connection { from, to: to.clone() });
            }
        }
    }
    routes
}

/// Every module that cables lead to from `name`.
fn downstream(model: &Model, name: &Name) -> BTreeSet<Name> {
    let mut found = BTreeSet::new();
    let mut open = VecDeque::from([name.clone()]);
    while let Some(at) = open.pop_front() {
        for connection in model.connections.keys().filter(|c| c.from.module == at) {
            if found.insert(connection.to.module.clone()) {
                open.push_back(connection.to.module.clone());
            }
        }
    }
    found
}

/// Names of all modules in an order in which every cable leads forward; among equals by name.
///
/// # Errors
/// [`Cycle`], with its cables.
pub fn order<'a>(model: &Model, routes: impl IntoIterator<Item = &'a Connection>) -> Result<Vec<Name>, Cycle> {
    let mut into: BTreeMap<Name, usize> = model.modules.keys().map(|n| (n.clone(), 0)).collect();
    let mut after: BTreeMap<Name, Vec<&Connection>> = BTreeMap::new();
    for connection in routes {
        if let Some(count) = into.get_mut(&connection.to.module)
            && model.modules.contains(&connection.from.module)
        {
            *count += 1;
            after.entry(connection.from.module.clone()).or_default().push(connection);
        }
    }
    let mut ready: BTreeSet<Name> = into.iter().filter(|(_, n)| **n == 0).map(|(name, _)| name.clone()).collect();
    let mut order = Vec::with_capacity(into.len());
    while let Some(name) = ready.pop_first() {
        into.remove(&name);
        for connection in after.get(&name).into_iter().flatten() {
            let count = into.get_mut(&connection.to.module).expect("not yet in order, for this cable leads to it");
            *count -= 1;
            if *count == 0 {
                ready.insert(connection.to.module.clone());
            }
        }
        order.push(name);
    }
    match into.keys().next() {
        None => Ok(order),
        Some(start) => Err(Cycle(walk_round(start, &into, &after))),
    }
}

/// Follows cables backwards among the modules left over until one comes again.
fn walk_round(start: &Name, left: &BTreeMap<Name, usize>, after: &BTreeMap<Name, Vec<&Connection>>) -> Vec<Connection> {
    let before = |name: &Name| {
        let cables = left.keys().flat_map(|n| after.get(n).into_iter().flatten());
        (*cables.into_iter().find(|c| c.to.module == *name).expect("what is left over has a cable into it")).clone()
    };
    let mut path: Vec<Connection> = Vec::new();
    let mut at = start.clone();
    loop {
        let cable = before(&at);
        at = cable.from.module.clone();
        path.push(cable);
        if let Some(first) = path.iter().position(|c| c.to.module == at) {
            let mut cycle = path.split_off(first);
            cycle.reverse();
            return cycle;
        }
    }
}

/// What a port of a connection carries, if both ends are there and carry the same.
pub(super) fn kinds(connection: &Connection, model: &Model, catalog: &Catalog) -> Option<(PortKind, PortKind)> {
    let of = |end: &Endpoint| model.modules.get(&end.module).and_then(|m| catalog.get(&m.module_type));
    let from = of(&connection.from)?.output(&connection.from.port)?.kind;
    let to = if &*connection.to.module == OUT {
        PortKind::Audio
    } else {
        of(&connection.to)?.input(&connection.to.port)?.kind
    };
    Some((from, to))
}
