//! The agent's published schema against kaslint's own table, key by key: names, types, names of enums and presence. What a value must hold to
//! beyond its type is not compared, and neither is what an open type ([`Kind::Any`]) holds.

use std::collections::BTreeSet;

use super::{AgentSchema, CONFIGURATION};
use crate::gitlab::Version;
use crate::schema::{Key, Kind, MessageRef, Presence, listed_and};

/// How many differences are gathered. A message may hold another by several keys, and so on.
const MOST: usize = 10_000;

/// How the two differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaComparison {
    /// Keys that only the schema has, each with its type in words.
    pub only_in_schema: Vec<(String, String)>,
    /// Keys that only kaslint has.
    pub only_in_kaslint: Vec<(String, String)>,
    /// Keys that differ, each with how.
    pub different: Vec<(String, String)>,
    /// Whether there were more than are gathered.
    pub is_cut: bool,
}

impl SchemaComparison {
    /// Compares a schema with the keys that a release may have by kaslint's own table.
    #[must_use]
    pub fn of(schema: &AgentSchema, version: Version) -> Self {
        let mut walk = Walk { version, found: Self::default(), above: Vec::new() };
        walk.messages(Some(&MessageRef::from(&CONFIGURATION)), Some(schema.top()), "");
        let mut found = walk.found;
        for list in [&mut found.only_in_schema, &mut found.only_in_kaslint, &mut found.different] {
            list.sort();
        }
        found
    }

    /// Whether there is no difference.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.only_in_schema.is_empty() && self.only_in_kaslint.is_empty() && self.different.is_empty()
    }
}

struct Walk {
    version: Version,
    found: SchemaComparison,
    /// The pairs of messages around, by address: a message may hold itself.
    above: Vec<(usize, usize)>,
}

impl Walk {
    fn is_full(&mut self) -> bool {
        let SchemaComparison { only_in_schema, only_in_kaslint, different, is_cut } = &mut self.found;
        *is_cut |= only_in_schema.len() + only_in_kaslint.len() + different.len() >= MOST;
        *is_cut
    }

    /// Compares two messages that the same keys lead to, or tells the keys of one that only one side has.
    fn messages(&mut self, ours: Option<&MessageRef>, theirs: Option<&MessageRef>, route: &str) {
        let pair = (ours.map_or(0, MessageRef::address), theirs.map_or(0, MessageRef::address));
        if self.above.contains(&pair) || self.is_full() {
            return;
        }
        self.above.push(pair);
        let version = self.version;
        let known = |message: &MessageRef| -> Vec<Key> {
            message.keys.iter().filter(|key| key.is_known(version)).cloned().collect()
        };
        let of_ours = ours.map(known).unwrap_or_default();
        let of_theirs = theirs.map(known).unwrap_or_default();
        for own in &of_ours {
            match of_theirs.iter().find(|key| key.name == own.name) {
                Some(other) => self.both(own, other, &below(route, &own.name)),
                None => {
                    // Of two names that one field may have, the file has neither: that is one difference.
                    let is_told = own.or_else.is_some_and(|name| {
                        of_ours.iter().any(|key| key.name == name) && !of_theirs.iter().any(|key| key.name == name)
                    });
                    let twin = of_ours.iter().find(|key| key.or_else.is_some_and(|name| *name == *own.name));
                    if !is_told {
                        self.one(own, route, true, twin.map(|key| &*key.name));
                    }
                }
            }
        }
        for other in of_theirs.iter().filter(|other| !of_ours.iter().any(|own| own.name == other.name)) {
            self.one(other, route, false, None);
        }
        self.above.pop();
    }

    /// A key of one side, perhaps of another name, with all that is below it.
    fn one(&mut self, key: &Key, route: &str, is_ours: bool, twin: Option<&str>) {
        if self.is_full() {
            return;
        }
        let shown = with_brackets(below(route, &key.name), &key.kind);
        let list = if is_ours { &mut self.found.only_in_kaslint } else { &mut self.found.only_in_schema };
        let perhaps = twin.map_or_else(String::new, |name| format!(", perhaps under the name `{name}`"));
        list.push((shown.clone(), in_words(&key.kind) + &perhaps));
        let inner = key.kind.inner_message();
        match is_ours {
            _ if inner.is_none() => {}
            true => self.messages(inner.as_ref(), None, &shown),
            false => self.messages(None, inner.as_ref(), &shown),
        }
    }

    fn both(&mut self, own: &Key, other: &Key, route: &str) {
        let mut differences = Vec::new();
        let mut inner = None;
        kinds(&own.kind, &other.kind, &mut differences, &mut inner);
        if differences.is_empty() && own.presence != other.presence {
            differences.push(match own.presence {
                Presence::Explicit => "keeps its zero value in kaslint, not in the schema".to_owned(),
                Presence::Implicit => "keeps its zero value in the schema, not in kaslint".to_owned(),
            });
        }
        if !differences.is_empty() && !self.is_full() {
            self.found.different.push((route.to_owned(), differences.join("; ")));
        }
        if let Some((ours, theirs)) = inner {
            self.messages(Some(&ours), Some(&theirs), &with_brackets(route.to_owned(), &own.kind));
        }
    }
}

/// Compares two types, and gives the two messages where both hold one.
fn kinds(own: &Kind, other: &Kind, differences: &mut Vec<String>, inner: &mut Option<(MessageRef, MessageRef)>) {
    match (own, other) {
        (Kind::List(own), Kind::List(other)) | (Kind::Map(own), Kind::Map(other)) => {
            kinds(own, other, differences, inner);
        }
        (Kind::Message(own), Kind::Message(other)) => *inner = own.follow().zip(other.follow()),
        (Kind::Enum(own), Kind::Enum(other)) => {
            let (own, other): (BTreeSet<&str>, BTreeSet<&str>) =
                (own.all().into_iter().collect(), other.all().into_iter().collect());
            let mut only = |names: Vec<&&str>, place: &str| {
                if !names.is_empty() {
                    differences.push(format!("{} only in {place}", listed_and(&names)));
                }
            };
            only(other.difference(&own).collect(), "the schema");
            only(own.difference(&other).collect(), "kaslint");
        }
        // Where kaslint's table leaves the type open, nothing can differ.
        (Kind::Any, _) => {}
        _ if std::mem::discriminant(own) == std::mem::discriminant(other) => {}
        _ => differences.push(format!("{} in kaslint, {} in the schema", in_words(own), in_words(other))),
    }
}

fn below(route: &str, name: &str) -> String {
    if route.is_empty() { name.to_owned() } else { format!("{route}.{name}") }
}

/// A route to what a list holds: `ci_access.projects[]`.
fn with_brackets(route: String, kind: &Kind) -> String {
    match kind {
        Kind::List(item) => with_brackets(route + "[]", item),
        _ => route,
    }
}

/// A type in the words of protobuf's, as far as these tell what a file may hold.
fn in_words(kind: &Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::Int32 => "whole number of 32 bits".to_owned(),
        Kind::Int64 => "whole number of 64 bits".to_owned(),
        Kind::UInt32 => "whole number of 32 bits without sign".to_owned(),
        Kind::UInt64 => "whole number of 64 bits without sign".to_owned(),
        Kind::Duration => "duration".to_owned(),
        Kind::List(item) => format!("list of {}", in_words(item)),
        Kind::Map(value) => format!("free keys with {}", in_words(value)),
        Kind::Message(_) if kind.is_empty_message() => "empty mapping".to_owned(),
        Kind::Message(_) => "mapping".to_owned(),
        other => other.in_words(),
    }
}
