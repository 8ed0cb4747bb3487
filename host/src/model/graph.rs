//! The graph as a pure function of the Model: derived routes, the order to run in, cycles.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::Catalog;
use super::value::Name;
use super::{Cable, Connection, Endpoint, LinkKey, Model, OUT, Table};

/// One thing that joins two modules, without delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edge {
    /// A cable.
    Cable(Connection),
    /// A modulation link.
    Link(LinkKey),
}

impl Edge {
    /// The module it leads from.
    pub fn from(&self) -> &Name {
        match self {
            Edge::Cable(cable) => &cable.from.module,
            Edge::Link(link) => &link.from.module,
        }
    }

    /// The module it leads to.
    pub fn to(&self) -> &Name {
        match self {
            Edge::Cable(cable) => &cable.to.module,
            Edge::Link(link) => &link.to.module,
        }
    }
}

impl std::fmt::Display for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Edge::Cable(cable) => cable.fmt(f),
            Edge::Link(link) => link.fmt(f),
        }
    }
}

/// Cables and links that lead back to where they come from, in order; each begins where the one before ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle(pub Vec<Edge>);

impl std::fmt::Display for Cycle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|edge| &**edge.from()).collect();
        let first = names.first().copied().unwrap_or_default();
        let round = names.join(" -> ");
        write!(f, "these cables go round in a circle: {round} -> {first}; take one of them out, or make it feedback")
    }
}

impl std::error::Error for Cycle {}

/// Everything of a Model that must lead forward: cables and links that are not feedback.
pub fn edges(model: &Model) -> Vec<Edge> {
    let cables = model.connections.iter().filter(|(_, cable)| !cable.feedback);
    let links = model.links.iter().filter(|(_, link)| !link.feedback);
    cables.map(|(c, _)| Edge::Cable(c.clone())).chain(links.map(|(l, _)| Edge::Link(l.clone()))).collect()
}

/// The modules that are heard and send notes, by mute and solo: none that is mute; and while any is solo, only those
/// that are, or lie on a way to or from one that is.
pub fn audible(model: &Model) -> BTreeSet<Name> {
    let mute = |name: &Name| model.modules.get(&**name).is_some_and(|m| m.mute);
    let solo: Vec<Name> = model.modules.iter().filter(|(_, m)| m.solo).map(|(name, _)| name.clone()).collect();
    let all = model.modules.keys().cloned();
    if solo.is_empty() {
        return all.filter(|name| !mute(name)).collect();
    }
    let mut on_the_way: BTreeSet<Name> = solo.iter().cloned().collect();
    for name in &solo {
        on_the_way.extend(reach(model, name, |c| (&c.from.module, &c.to.module)));
        on_the_way.extend(reach(model, name, |c| (&c.to.module, &c.from.module)));
    }
    all.filter(|name| on_the_way.contains(name) && !mute(name)).collect()
}

/// The cables that carry something: those from modules that are heard to modules that are on. A module that is off
/// takes and sends no notes.
pub fn carrying(model: &Model) -> Table<Connection, Cable> {
    if model.modules.iter().all(|(_, m)| m.enabled && !m.mute && !m.solo) {
        return model.connections.clone();
    }
    let heard = audible(model);
    let on = |name: &Name| model.modules.get(&**name).is_none_or(|m| m.enabled);
    let cables = model.connections.iter();
    let carrying = cables.filter(|(c, _)| heard.contains(&c.from.module) && on(&c.from.module) && on(&c.to.module));
    carrying.map(|(connection, cable)| (connection.clone(), *cable)).collect()
}

/// Every module that cables lead to from `name`, each followed from the first to the second of `ends`.
fn reach<'a>(model: &'a Model, name: &Name, ends: impl Fn(&'a Connection) -> (&'a Name, &'a Name)) -> BTreeSet<Name> {
    let mut next: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
    for (from, to) in model.connections.keys().map(ends) {
        next.entry(from).or_default().push(to);
    }
    let mut found = BTreeSet::new();
    let mut open = vec![name];
    while let Some(at) = open.pop() {
        for to in next.get(at).into_iter().flatten() {
            if found.insert((*to).clone()) {
                open.push(to);
            }
        }
    }
    found
}

/// All cables the plan has: those of the Model, and the derived ones. Audio outputs that nothing connects go to the
/// first sink by name, or else to `out`; sinks feed `out`. Without the setting `auto_route` only those of the Model.
/// Sorted.
pub fn routes(model: &Model, catalog: &Catalog) -> BTreeSet<Connection> {
    let mut routes: BTreeSet<Connection> = model.connections.keys().cloned().collect();
    // What only leads back is not heard by that.
    let forward = model.connections.iter().filter(|(_, cable)| !cable.feedback);
    let connected: BTreeSet<&Endpoint> = forward.map(|(c, _)| &c.from).collect();
    if !model.auto_route() {
        return routes;
    }
    let sink = model.modules.iter().find_map(|(name, module)| {
        let input =
            model.known(catalog, &module.module_type).ok().filter(|t| t.is_sink())?.audio_in.first()?.key.clone();
        Some((name, Endpoint { module: name.clone(), port: input }))
    });
    let behind_sink =
        sink.as_ref().map(|(name, _)| reach(model, name, |c| (&c.from.module, &c.to.module))).unwrap_or_default();
    let out = Endpoint { module: OUT.into(), port: "in".into() };
    for (name, module) in model.modules.iter() {
        let Ok(module_type) = model.known(catalog, &module.module_type) else { continue };
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

/// Names of all modules in an order in which every edge leads forward; among equals by name.
///
/// # Errors
/// [`Cycle`], with its edges.
pub fn order(model: &Model, edges: &[Edge]) -> Result<Vec<Name>, Cycle> {
    let mut into: BTreeMap<&Name, usize> = model.modules.keys().map(|n| (n, 0)).collect();
    let mut after: BTreeMap<&Name, Vec<&Edge>> = BTreeMap::new();
    for edge in edges {
        if let Some(count) = into.get_mut(edge.to())
            && model.modules.contains(&**edge.from())
        {
            *count += 1;
            after.entry(edge.from()).or_default().push(edge);
        }
    }
    let mut ready: BTreeSet<&Name> = into.iter().filter(|(_, n)| **n == 0).map(|(name, _)| *name).collect();
    let mut order = Vec::with_capacity(into.len());
    while let Some(name) = ready.pop_first() {
        into.remove(name);
        for edge in after.get(name).into_iter().flatten() {
            let count = into.get_mut(edge.to()).expect("not yet in order, for this edge leads to it");
            *count -= 1;
            if *count == 0 {
                ready.insert(edge.to());
            }
        }
        order.push(name.clone());
    }
    match into.keys().next() {
        None => Ok(order),
        Some(start) => Err(Cycle(walk_round(start, &into, &after))),
    }
}

/// Follows edges backwards among the modules left over until one comes again.
fn walk_round(start: &Name, left: &BTreeMap<&Name, usize>, after: &BTreeMap<&Name, Vec<&Edge>>) -> Vec<Edge> {
    let before = |name: &Name| {
        let mut edges = left.keys().flat_map(|n| after.get(n).into_iter().flatten());
        (*edges.find(|e| e.to() == name).expect("what is left over has an edge into it")).clone()
    };
    let mut path: Vec<Edge> = Vec::new();
    let mut at = start.clone();
    loop {
        let edge = before(&at);
        at = edge.from().clone();
        path.push(edge);
        if let Some(first) = path.iter().position(|e| *e.to() == at) {
            let mut cycle = path.split_off(first);
            cycle.reverse();
            return cycle;
        }
    }
}
