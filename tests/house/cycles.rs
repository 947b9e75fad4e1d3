//! Cycles among the arrows between rooms.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::rooms::Arrow;

/// The arrows from a room to a room: the first of them stands for all.
type Graph<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a Arrow>>;

/// A shortest cycle for each arrow that lies on one, as its arrows in order; each cycle once, from the room whose name
/// comes first.
pub fn cycles<'a>(arrows: impl Iterator<Item = &'a Arrow>) -> Vec<Vec<&'a Arrow>> {
    let graph = graph(arrows);
    let mut cycles = BTreeSet::new();
    for (from, onward) in &graph {
        for to in onward.keys() {
            cycles.extend(shortest(&graph, to, from).map(from_first_name));
        }
    }
    cycles.iter().map(|rooms| arrows_around(&graph, rooms)).collect()
}

/// The arrows from each room to the next, and from the last to the first.
fn arrows_around<'a>(graph: &Graph<'a>, rooms: &[&'a str]) -> Vec<&'a Arrow> {
    let next = rooms.iter().cycle().skip(1);
    rooms.iter().zip(next).map(|(from, to)| graph[from][to]).collect()
}

fn graph<'a>(arrows: impl Iterator<Item = &'a Arrow>) -> Graph<'a> {
    let mut graph = Graph::new();
    for arrow in arrows {
        graph.entry(&arrow.from).or_default().entry(&arrow.to).or_insert(arrow);
    }
    graph
}

/// The rooms of a shortest way, both ends included.
fn shortest<'a>(graph: &Graph<'a>, from: &'a str, to: &'a str) -> Option<Vec<&'a str>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(room) = queue.pop_front() {
        if room == to {
            let mut way = vec![room];
            while let Some(before) = way.last().filter(|room| **room != from).and_then(|room| came_from.get(room)) {
                way.push(before);
            }
            way.reverse();
            return Some(way);
        }
        for next in graph.get(room).into_iter().flat_map(BTreeMap::keys) {
            if !came_from.contains_key(next) {
                came_from.insert(next, room);
                queue.push_back(next);
            }
        }
    }
    None
}

fn from_first_name(mut rooms: Vec<&str>) -> Vec<&str> {
    let first = rooms.iter().enumerate().min_by_key(|(_, room)| **room).map_or(0, |(at, _)| at);
    rooms.rotate_left(first);
    rooms
}
