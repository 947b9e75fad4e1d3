//! "Did you mean": which key an author had in mind, by spelling and by place.

use std::collections::HashSet;

use super::table::{Key, KeyRef, Kind, MessageRef};
use crate::gitlab::Version;

/// What an author probably meant by an unknown key.
#[derive(Clone, Debug)]
pub enum Suggestion {
    /// Another spelling of a key that belongs here.
    Rename {
        /// The key.
        key: KeyRef,
        /// Whether nothing else can be meant, so that the change is safe.
        certain: bool,
    },
    /// The key belongs one or more levels up.
    Up {
        /// The key.
        key: KeyRef,
        /// The message that it belongs to.
        owner: MessageRef,
    },
    /// The key belongs one level down.
    Down {
        /// The key.
        key: KeyRef,
        /// The keys of this message below which it belongs.
        under: Vec<String>,
    },
    /// The key belongs to other sections.
    Elsewhere {
        /// The key.
        key: KeyRef,
        /// Routes of the mappings that take it; an empty route is the top level.
        routes: Vec<String>,
    },
}

/// The most probable meaning of `unknown`, a key of the last message of `path`.
///
/// `siblings` are the known keys that the mapping has: a rename to one of them would be no help.
#[must_use]
pub fn suggest(unknown: &str, path: &[MessageRef], siblings: &[String], version: Version) -> Option<Suggestion> {
    let (message, ancestors) = path.split_last()?;
    let root = ancestors.first().unwrap_or(message);
    let wanted = normalized(unknown);
    let here = || message.all().filter(|key| key.is_known(version));
    let is_free = |key: &Key| !siblings.iter().any(|sibling| *sibling == key.name);

    let same = here().find(|key| normalized(&key.name) == wanted || is_plural(&wanted, &key.name));
    if let Some(key) = same {
        let certain = is_free(&key);
        return Some(Suggestion::Rename { key, certain });
    }
    if let Some(moved) = moved(&wanted, message, ancestors, root, version) {
        return Some(moved);
    }
    let free: Vec<KeyRef> = here().filter(|key| is_free(key)).collect();
    if let Some((name, distance)) = nearest_with_distance(&wanted, free.iter().map(|key| &*key.name)) {
        let key = message.find(name)?;
        let certain = distance == 1 && wanted.len() >= 4 || distance == 2 && wanted.len() >= 10;
        return Some(Suggestion::Rename { key, certain });
    }
    // `namespace` for `default_namespace`.
    let is_part = |key: &KeyRef| wanted.len() > 3 && key.name.split('_').any(|word| word == wanted);
    let mut parts = free.into_iter().filter(is_part);
    match (parts.next(), parts.next()) {
        (Some(key), None) => Some(Suggestion::Rename { key, certain: false }),
        _ => None,
    }
}

/// How many names one is compared with: as many names may be misspelt as there are, and each costs that much.
const MOST_NAMES: usize = 1_000;

/// The name nearest to `wanted` by edit distance, if any of the first thousand is near enough to be meant.
#[must_use]
pub fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    nearest_with_distance(wanted, names).map(|(name, _)| name)
}

fn nearest_with_distance<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Option<(&'n str, usize)> {
    // Nobody means a key by a text many times as long, and the distance is quadratic.
    let limit = match wanted.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        6..=9 => 2,
        10..=100 => 3,
        _ => return None,
    };
    let wanted = wanted.to_lowercase();
    let (length, letters) = (wanted.chars().count(), letters(&wanted));
    names
        .take(MOST_NAMES)
        // A text that is shorter or longer by more than the limit is further away.
        .filter(|name| name.chars().count().abs_diff(length) <= limit + 1)
        .filter(|name| letters.zip(self::letters(name)).is_none_or(|(one, other)| are_near(one, other, limit)))
        .map(|name| (name, strsim::osa_distance(&wanted, &name.to_lowercase())))
        .filter(|&(_, distance)| distance <= limit)
        .min_by_key(|&(_, distance)| distance)
}

/// Which characters a text has, letter case aside; nothing where it has others than ASCII.
fn letters(text: &str) -> Option<u128> {
    text.is_ascii().then(|| text.bytes().fold(0, |letters, byte| letters | 1 << byte.to_ascii_lowercase()))
}

/// Whether texts of these characters may be within so many edits: an edit takes one character out and puts one in at most.
fn are_near(one: u128, other: u128, limit: usize) -> bool {
    let edits = (one & !other).count_ones().max((other & !one).count_ones());
    usize::try_from(edits).is_ok_and(|edits| edits <= limit)
}

/// Whether a name is written so when it is [`normalized`]. Most are as they stand.
fn is_normal_form(wanted: &str, name: &str) -> bool {
    let is_normal = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if is_normal { name == wanted } else { normalized(name) == wanted }
}

/// `ciAccess`, `ci-access` and `CI_ACCESS` as `ci_access`.
fn normalized(name: &str) -> String {
    let mut normal = String::with_capacity(name.len() + 4);
    let mut lower_before = false;
    for character in name.trim().chars() {
        if character.is_uppercase() && lower_before {
            normal.push('_');
        }
        lower_before = character.is_lowercase() || character.is_ascii_digit();
        match character {
            '-' | ' ' | '.' => normal.push('_'),
            _ => normal.extend(character.to_lowercase()),
        }
    }
    normal
}

fn is_plural(one: &str, other: &str) -> bool {
    let is = |singular: &str, plural: &str| {
        plural.strip_suffix('s') == Some(singular)
            || plural.strip_suffix("ies").is_some_and(|stem| singular.strip_suffix('y') == Some(stem))
    };
    is(one, other) || is(other, one)
}

/// A key of the same name elsewhere: above, below, or in another section.
fn moved(
    wanted: &str,
    message: &MessageRef,
    ancestors: &[MessageRef],
    root: &MessageRef,
    version: Version,
) -> Option<Suggestion> {
    let find = |message: &MessageRef| {
        let is_it =
            |key: &Key| key.is_known(version) && (is_normal_form(wanted, &key.name) || is_plural(wanted, &key.name));
        Some(message.at(message.keys.iter().position(is_it)?))
    };
    if let Some((owner, key)) = ancestors.iter().rev().find_map(|owner| Some((owner.clone(), find(owner)?))) {
        return Some(Suggestion::Up { key, owner });
    }
    let below: Vec<(String, KeyRef)> = message
        .keys
        .iter()
        .filter(|key| key.is_known(version))
        .filter_map(|key| Some((key.name.to_string(), find(&key.kind.inner_message()?)?)))
        .collect();
    if let Some((_, key)) = below.first() {
        let key = key.clone();
        return Some(Suggestion::Down { key, under: below.into_iter().map(|(name, _)| name).collect() });
    }
    let mut routes = Vec::new();
    let mut found = None;
    let mut seen: HashSet<usize> = HashSet::new();
    let mut work: Vec<(String, MessageRef)> = vec![(String::new(), root.clone())];
    while let Some((route, current)) = work.pop() {
        if let Some(key) = find(&current).filter(|_| current != *message) {
            found = Some(key);
            routes.push(route.clone());
        }
        for key in current.keys.iter().rev().filter(|key| key.is_known(version)) {
            let Some(next) = key.kind.inner_message() else { continue };
            if next != current && !seen.contains(&next.address()) {
                let item = if matches!(key.kind, Kind::List(_)) { "[]" } else { "" };
                let dot = if route.is_empty() { "" } else { "." };
                work.push((format!("{route}{dot}{}{item}", key.name), next));
            }
        }
        seen.insert(current.address());
    }
    // A name that is everywhere says nothing.
    found.filter(|_| routes.len() <= 4).map(|key| Suggestion::Elsewhere { key, routes })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is left out by its characters would be too far away by its distance.
        #[test]
        fn characters_leave_out_nothing_near(wanted in "[a-dA-Dé/*]{3,12}", names in prop::collection::vec("[a-eA-Eé/*]{1,12}", 0..12)) {
            let found = nearest_with_distance(&wanted, names.iter().map(String::as_str));
            let limit = match wanted.chars().count() {
                0..=5 => 1,
                6..=9 => 2,
                _ => 3,
            };
            let distance = |name: &String| strsim::osa_distance(&wanted.to_lowercase(), &name.to_lowercase());
            let nearest = names.iter().map(distance).filter(|distance| *distance <= limit).min();
            prop_assert_eq!(found.map(|(_, distance)| distance), nearest);
            prop_assert!(found.is_none_or(|(name, _)| names.iter().find(|known| Some(distance(known)) == nearest).is_some_and(|known| known == name)));
        }
    }
}
