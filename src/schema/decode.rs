//! Decodes a document against a table, as strictly as protojson does, and gathers every problem instead of the first.
//!
//! Sources: protobuf-go's `encoding/protojson/decode.go` and `well_known_types.go` for types, the validation rules
//! that the tables name for the rest.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::duration::Duration;
use super::earlier::Earlier;
use super::suggest::{Suggestion, suggest};
use super::table::{Check, KeyRef, Kind, Limit, Members, MessageRef, Names, Presence};
use super::value::{Data, Field, MessageValue, Value};
use crate::gitlab::Version;
use crate::source::Span;
use crate::yaml::{self, Document, NodeId, Reading, Scalar};

/// Who objects to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The decoder: the whole file is refused.
    Decode,
    /// Validation after decoding: the whole file is refused.
    Validate,
    /// GitLab's Rails side: it keeps none of the section.
    Rails,
    /// The agent: it rejects the whole configuration, while GitLab took it.
    Agent,
    /// Nobody.
    Nobody,
}

/// What is written where something else belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A scalar.
    Scalar {
        /// The text of the file.
        written: String,
        /// What YAML 1.1 makes of it, e.g. `true`, `83`, `"text"`.
        read: String,
        /// "a boolean", "a number", "text", "null".
        type_name: &'static str,
        /// Whether it stands without quotes.
        plain: bool,
    },
    /// A list of so many items.
    List(usize),
    /// A mapping of so many keys.
    Mapping(usize),
}

/// What is wrong with a key or value.
#[derive(Clone, Debug)]
pub enum ProblemKind {
    /// No key of this name belongs here.
    UnknownKey {
        /// The key as read.
        key: String,
        /// Where it stands.
        message: MessageRef,
        /// The messages from the top down to and with `message`.
        path: Vec<MessageRef>,
        /// What was probably meant.
        suggestion: Option<Suggestion>,
        /// What its value is.
        value: Found,
    },
    /// The release is newer than all that are known, and the key is near none that is: it may have come with it.
    PerhapsNewKey(String),
    /// The key came later than this release.
    TooNewKey(KeyRef),
    /// The key is gone in this release.
    RemovedKey(KeyRef),
    /// Public sources do not settle whether this release reads the key.
    UnverifiedKey(KeyRef),
    /// The key is read without effect.
    InertKey(KeyRef, &'static str),
    /// The key has no value.
    NullValue(KeyRef),
    /// A list item without value.
    NullItem,
    /// The value has another type.
    WrongType {
        /// The type that belongs here.
        kind: Kind,
        /// What is there.
        found: Found,
    },
    /// A text that is none of an enum's names.
    UnknownName {
        /// The names.
        names: Names,
        /// The text.
        found: String,
    },
    /// A number outside the range of the field.
    OutOfRange {
        /// Bits of the field.
        bits: u8,
        /// The number as read.
        found: String,
    },
    /// Text that is no duration.
    BadDuration(String),
    /// A second member of a message that takes one.
    SecondMember {
        /// The message.
        message: MessageRef,
        /// The member before it.
        first: String,
        /// Where that stands.
        first_span: Span,
        /// This member.
        second: String,
    },
    /// No member of a message that needs one.
    NoMember {
        /// The message.
        message: MessageRef,
        /// Null members that look as if they were set.
        null_members: Vec<String>,
    },
    /// A required key is not there, or null.
    Missing(KeyRef),
    /// An empty text where one is needed.
    Empty(KeyRef),
    /// An empty list where items are needed.
    NoItems(KeyRef),
    /// A text that is none of those allowed.
    NotAllowed {
        /// The key.
        key: KeyRef,
        /// What is allowed.
        allowed: Vec<String>,
        /// What is there.
        found: String,
    },
    /// A text that is none of those documented.
    NotDocumented {
        /// The key.
        key: KeyRef,
        /// What is documented.
        documented: Vec<String>,
        /// What is there.
        found: String,
    },
    /// A duration that is not above zero.
    NotPositive(KeyRef),
    /// A schedule that the agent cannot parse.
    BadCron {
        /// The schedule.
        found: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A number that an enum has no name for.
    UnknownNumber {
        /// The key.
        key: KeyRef,
        /// The number.
        found: i32,
    },
    /// A zero where another number is needed: the agent server does not pass it on, so that it counts as not set.
    UnsetZero(KeyRef),
    /// What GitLab's Rails side does not take; a sentence without end.
    RailsRefusal {
        /// The key.
        key: KeyRef,
        /// What is wrong.
        what: String,
    },
    /// A required key is missing by the rules of older releases; whether this one needs it is open.
    MaybeMissing(KeyRef),
    /// A value that the schema that was given does not allow.
    OverLimit {
        /// The key.
        key: KeyRef,
        /// The text or number that is there, or the number of items.
        found: String,
        /// What is allowed, in words.
        allowed: String,
    },
}

/// Something wrong at a place of the file.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Who objects.
    pub stage: Stage,
    /// Where the value stands, e.g. `ci_access.projects[2].id`.
    pub route: String,
    /// The last key on the way there; empty at the top.
    pub name: String,
    /// The key or value to blame.
    pub span: Span,
    /// The key whose value it is.
    pub key_span: Option<Span>,
}

/// A decoded document.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The value, with [`Data::Invalid`] where a problem keeps it from being one.
    pub value: Option<MessageValue>,
    /// Every problem, in the order of the file.
    pub problems: Vec<Problem>,
}

/// Decodes the first document of a file.
///
/// `check_text` judges texts that need their own grammar ([`Check::Cron`]); it answers what is wrong, if anything.
#[must_use]
pub fn decode(
    document: &Document,
    message: impl Into<MessageRef>,
    version: Version,
    check_text: &dyn Fn(&Check, &str) -> Option<String>,
) -> Decoded {
    decode_after(document, message, version, check_text, None)
}

/// The same with what was decoded of an earlier state of the text, by the same release. The result is the same as without.
#[must_use]
pub fn decode_after(
    document: &Document,
    message: impl Into<MessageRef>,
    version: Version,
    check_text: &dyn Fn(&Check, &str) -> Option<String>,
    earlier: Option<Earlier>,
) -> Decoded {
    let tree = document.tree();
    let message = message.into();
    let earlier = earlier.filter(|earlier| earlier.is_for(document, &message));
    let mut decoder = Decoder {
        reading: document.reading(),
        document,
        version,
        check_text,
        problems: Vec::new(),
        route: Vec::new(),
        path: Vec::new(),
        suggestions: HashMap::new(),
        searched: 0,
        missing: 0,
        damaged: document.unshown(),
        earlier,
    };
    let value = tree.root().and_then(|root| decoder.root(root, &message));
    let mut problems = decoder.problems;
    problems.sort_by_key(|problem| (problem.span.start, problem.span.end));
    // A value behind an anchor is decoded wherever it is used, and blamed once.
    problems.dedup_by(|a, b| {
        a.span == b.span && a.stage == b.stage && std::mem::discriminant(&a.kind) == std::mem::discriminant(&b.kind)
    });
    Decoded { value, problems }
}

enum Segment {
    Key(KeyRef),
    Free(Box<str>),
    Item(usize),
}

/// How many keys of a table that was read from a file are looked at for what unknown keys may mean.
const MOST_SEARCHED: usize = 2_000_000;

/// How many missing keys of a file are told. A table that was read from a file may ask each item of a list for any number of them.
const MOST_MISSING: usize = 20_000;

/// The longest text that is held against a pattern, in bytes: one text may stand behind many aliases, and patterns cost with its length.
const MOST_MATCHED: usize = 1_000;

/// An unknown key with the addresses of the messages above it and with its siblings.
type AskedKey = (String, Vec<usize>, Arc<[String]>);

struct Decoder<'d> {
    reading: Reading<'d>,
    document: &'d Document,
    version: Version,
    check_text: &'d dyn Fn(&Check, &str) -> Option<String>,
    problems: Vec<Problem>,
    route: Vec<Segment>,
    path: Vec<MessageRef>,
    /// What was found to be meant by unknown keys.
    suggestions: HashMap<AskedKey, Option<Suggestion>>,
    /// How many keys were looked at for that in a table that was read from a file, which may have any number of them.
    searched: usize,
    /// How many required keys were missing.
    missing: usize,
    /// Whether a syntax error hides part of the section, so that nothing can be said to be missing.
    damaged: bool,
    /// What was decoded of an earlier state of the text.
    earlier: Option<Earlier>,
}

impl Decoder<'_> {
    fn root(&mut self, root: NodeId, message: &MessageRef) -> Option<MessageValue> {
        let tree = self.reading.tree();
        let id = tree.follow(root)?;
        let node = tree.node(id);
        match &node.data {
            yaml::Data::Mapping { .. } => Some(self.message(id, message, None)),
            yaml::Data::Scalar { text, style } => match yaml::scalar(node, text, *style) {
                Ok(Scalar::Null) => Some(MessageValue { message: message.clone(), fields: Vec::new() }),
                Ok(_) => {
                    self.wrong_root(id);
                    None
                }
                Err(_) => None,
            },
            _ => {
                self.wrong_root(id);
                None
            }
        }
    }

    fn wrong_root(&mut self, id: NodeId) {
        let span = self.reading.tree().node(id).span;
        if let Some(found) = self.found(id) {
            self.problem(ProblemKind::WrongType { kind: Kind::map(Kind::Any), found }, Stage::Decode, span, None);
        }
    }

    fn problem(&mut self, kind: ProblemKind, stage: Stage, span: Span, key_span: Option<Span>) {
        let hidden = self.damaged
            && matches!(
                kind,
                ProblemKind::Missing(_)
                    | ProblemKind::MaybeMissing(_)
                    | ProblemKind::NoMember { .. }
                    | ProblemKind::NullValue(_)
                    | ProblemKind::NullItem
                    | ProblemKind::WrongType { .. }
            );
        let is_repaired = self.document.skipped().iter().any(|skipped| span.contains(*skipped) && skipped.len() == 1);
        if !hidden && !is_repaired {
            let route = self.route();
            let name = self.route.iter().rev().find_map(|segment| match segment {
                Segment::Key(key) => Some(key.name.to_string()),
                Segment::Free(name) => Some(name.to_string()),
                Segment::Item(_) => None,
            });
            self.problems.push(Problem { kind, stage, route, name: name.unwrap_or_default(), span, key_span });
        }
    }

    fn route(&self) -> String {
        let mut route = String::new();
        for segment in &self.route {
            match segment {
                Segment::Item(index) => {
                    let _ = write!(route, "[{index}]");
                }
                Segment::Key(key) => push_key(&mut route, &key.name),
                Segment::Free(name) => push_key(&mut route, name),
            }
        }
        route
    }

    fn message(&mut self, id: NodeId, message: &MessageRef, key_span: Option<Span>) -> MessageValue {
        let tree = self.reading.tree();
        let entries = self.reading.entries(id);
        let mut fields: Vec<Field> = Vec::with_capacity(entries.len());
        let mut siblings: Option<Arc<[String]>> = None;
        self.path.push(message.clone());
        for (index, entry) in entries.iter().enumerate() {
            let span = tree.node(entry.key_node).span;
            if self.path.len() == 1 {
                let next = entries.get(index + 1).map_or(usize::MAX, |next| tree.node(next.key_node).span.start);
                self.damaged = self.document.unshown()
                    || self
                        .document
                        .skipped()
                        .iter()
                        .any(|skipped| skipped.len() > 1 && span.start <= skipped.start && skipped.start < next);
            }
            let Some(key) = message.find(&entry.key) else {
                self.route.push(Segment::Free(entry.key.as_str().into()));
                let siblings = siblings.get_or_insert_with(|| known_keys(message, &entries));
                fields.extend(self.unknown_key(entry, message, siblings, span));
                self.route.pop();
                continue;
            };
            self.route.push(Segment::Key(key.clone()));
            fields.extend(self.field(key, entry, span));
            self.route.pop();
        }
        self.members(message, &fields, id, key_span);
        self.required(message, &fields, id, key_span);
        self.path.pop();
        MessageValue { message: message.clone(), fields }
    }

    /// Reports the key. Where only one key can be meant, its value is read as that key's, so that a misspelt key hides
    /// none of the mistakes below it.
    fn unknown_key(
        &mut self,
        entry: &yaml::Entry,
        message: &MessageRef,
        siblings: &Arc<[String]>,
        span: Span,
    ) -> Option<Field> {
        let value = self.found(entry.value).unwrap_or(Found::Mapping(0));
        let suggestion = match message.left_out(&entry.key) {
            Some(_) => None,
            None => self.suggestion(&entry.key, siblings),
        };
        let meant = match &suggestion {
            Some(Suggestion::Rename { key, certain: true }) => Some(key.clone()),
            _ => None,
        };
        if suggestion.is_none() && self.version.is_newer_than_known() && !message.is_read() {
            self.problem(ProblemKind::PerhapsNewKey(entry.key.clone()), Stage::Nobody, span, Some(span));
            return None;
        }
        let kind = ProblemKind::UnknownKey {
            key: entry.key.clone(),
            message: message.clone(),
            path: self.path.clone(),
            suggestion,
            value,
        };
        self.problem(kind, Stage::Decode, span, Some(span));
        self.field(meant?, entry, span)
    }

    /// What was probably meant. The same mistake is often made many times, and looking for it among all keys takes a while.
    fn suggestion(&mut self, key: &str, siblings: &Arc<[String]>) -> Option<Suggestion> {
        let path: Vec<usize> = self.path.iter().map(MessageRef::address).collect();
        let asked = (key.to_owned(), path, Arc::clone(siblings));
        if let Some(known) = self.suggestions.get(&asked) {
            return known.clone();
        }
        self.searched += self.path.last().map_or(0, MessageRef::size_read);
        let found = match self.searched > MOST_SEARCHED {
            true => None,
            false => suggest(key, &self.path, siblings, self.version),
        };
        self.suggestions.insert(asked, found.clone());
        found
    }

    fn field(&mut self, key: KeyRef, entry: &yaml::Entry, key_span: Span) -> Option<Field> {
        if self.version < key.since.earliest {
            self.problem(ProblemKind::TooNewKey(key.clone()), Stage::Decode, key_span, Some(key_span));
            return None;
        }
        if key.until.is_some_and(|until| self.version >= until) {
            self.problem(ProblemKind::RemovedKey(key.clone()), Stage::Decode, key_span, Some(key_span));
            return None;
        }
        if self.version < key.since.latest || key.unverified.is_some() {
            self.problem(ProblemKind::UnverifiedKey(key.clone()), Stage::Nobody, key_span, Some(key_span));
        }
        let value = self.value(&key.kind, entry.value, Some(key_span));
        if matches!(value.data, Data::Null) {
            self.problem(ProblemKind::NullValue(key.clone()), Stage::Nobody, key_span, Some(key_span));
        } else {
            if let Some(inert) = key.inert_in(self.version) {
                self.problem(ProblemKind::InertKey(key.clone(), inert.why), Stage::Nobody, key_span, Some(key_span));
            }
            self.checks(&key, &value, key_span);
        }
        Some(Field { key, key_span, value })
    }

    /// The rule of a oneof. A second member is refused by the decoder, none at all in validation.
    fn members(&mut self, message: &MessageRef, fields: &[Field], id: NodeId, key_span: Option<Span>) {
        if message.members != Members::ExactlyOne {
            return;
        }
        let mut set = fields.iter().filter(|field| !matches!(field.value.data, Data::Null));
        match set.next() {
            None => {
                // An unknown member is a problem of its own.
                let tree = self.reading.tree();
                let is_empty_otherwise = self.reading.entries(id).len() == fields.len();
                if is_empty_otherwise {
                    let null_members = fields.iter().map(|field| field.key.name.to_string()).collect();
                    let span = fields.first().map_or(tree.node(id).span, |field| field.key_span);
                    let kind = ProblemKind::NoMember { message: message.clone(), null_members };
                    let span = if fields.is_empty() { key_span.unwrap_or(span) } else { span };
                    self.problem(kind, Stage::Validate, span, key_span);
                }
            }
            Some(first) => {
                for second in set {
                    let kind = ProblemKind::SecondMember {
                        message: message.clone(),
                        first: first.key.name.to_string(),
                        first_span: first.key_span,
                        second: second.key.name.to_string(),
                    };
                    self.problem(kind, Stage::Decode, second.key_span, Some(second.key_span));
                }
            }
        }
    }

    fn required(&mut self, message: &MessageRef, fields: &[Field], id: NodeId, key_span: Option<Span>) {
        let tree = self.reading.tree();
        for (index, key) in message.keys.iter().enumerate() {
            if key.checks.is_empty() || !key.is_known(self.version) {
                continue;
            }
            let field = fields.iter().find(|field| field.key.name == key.name);
            if field.is_some_and(|field| !matches!(field.value.data, Data::Null)) {
                continue;
            }
            let may_be_required = key.checks.iter().any(|check| matches!(check, Check::RequiredBefore(_)));
            let (kind, stage) = match key.is_required(self.version) {
                true => (ProblemKind::Missing(message.at(index)), Stage::Validate),
                false if may_be_required => (ProblemKind::MaybeMissing(message.at(index)), Stage::Nobody),
                false => continue,
            };
            self.missing += 1;
            if self.missing > MOST_MISSING {
                return;
            }
            let null_key = field.map(|field| field.key_span);
            let first_key = match &tree.node(id).data {
                yaml::Data::Mapping { entries, .. } => entries.first().map(|entry| tree.node(entry.0).span),
                _ => None,
            };
            let span = null_key.or(key_span).or(first_key).unwrap_or(tree.node(id).span);
            self.problem(kind, stage, span, key_span);
        }
    }

    fn value(&mut self, kind: &Kind, id: NodeId, key_span: Option<Span>) -> Value {
        let tree = self.reading.tree();
        let Some(id) = tree.follow(id) else {
            // An alias to nothing, which the reading refuses.
            return Value { span: tree.node(id).span, node: id, data: Data::Invalid };
        };
        let node = tree.node(id);
        let data = match (&node.data, kind) {
            (_, Kind::Any) => Data::Any,
            (yaml::Data::Scalar { text, .. }, Kind::Word(names)) => match names.iter().find(|name| **name == &**text) {
                Some(word) => Data::Text((*word).into()),
                None => {
                    let kind = ProblemKind::UnknownName { names: Names::Numbered(names), found: text.to_string() };
                    self.invalid(kind, node.span, key_span)
                }
            },
            (yaml::Data::Scalar { text, style }, _) => match yaml::scalar(node, text, *style) {
                Err(_) => Data::Invalid,
                Ok(Scalar::Null) => Data::Null,
                Ok(scalar) => self.scalar(kind, &scalar, id, key_span),
            },
            (yaml::Data::Mapping { .. }, Kind::Message(link) | Kind::TextOr(link)) => match link.follow() {
                Some(message) => Data::Message(self.message(id, &message, key_span)),
                None => Data::Any,
            },
            (yaml::Data::Mapping { .. }, Kind::Map(kind)) => self.map(id, kind),
            (yaml::Data::Sequence { items, .. }, Kind::List(kind)) => Data::List(self.items(kind, items)),
            _ => self.wrong_type(kind, id, key_span),
        };
        Value { span: node.span, node: id, data }
    }

    fn items(&mut self, kind: &Kind, items: &[NodeId]) -> Vec<Value> {
        let mut values = Vec::with_capacity(items.len());
        let tree = self.reading.tree();
        let before = match (&mut self.earlier, &self.route[..]) {
            (Some(earlier), [Segment::Key(section), Segment::Key(list)]) => earlier.list(&section.name, &list.name),
            _ => None,
        };
        let mut before = before.unwrap_or_default().into_iter();
        // Those at the start and those at the end that are the same as before are taken over.
        while let (Some(&id), Some(earlier)) = (items.get(values.len()), &self.earlier) {
            let Some(value) = before.next().and_then(|value| earlier.carry(value, tree, id)) else { break };
            values.push(value);
        }
        let mut last = Vec::new();
        while let (Some(&id), Some(earlier)) =
            (items.get(values.len()..items.len() - last.len()).and_then(<[NodeId]>::last), &self.earlier)
        {
            let Some(value) = before.next_back().and_then(|value| earlier.carry(value, tree, id)) else { break };
            last.push(value);
        }
        for (index, &id) in items.iter().enumerate().take(items.len() - last.len()).skip(values.len()) {
            values.push(self.item(kind, index, id));
        }
        values.extend(last.into_iter().rev());
        values
    }

    fn item(&mut self, kind: &Kind, index: usize, id: NodeId) -> Value {
        self.route.push(Segment::Item(index));
        let mut value = self.value(kind, id, None);
        if matches!(value.data, Data::Null) {
            self.problem(ProblemKind::NullItem, Stage::Decode, value.span, None);
            value.data = Data::Invalid;
        }
        self.route.pop();
        value
    }

    fn map(&mut self, id: NodeId, kind: &Kind) -> Data {
        let tree = self.reading.tree();
        let entries = self.reading.entries(id);
        let mut values = Vec::with_capacity(entries.len());
        for entry in entries {
            let key_span = tree.node(entry.key_node).span;
            self.route.push(Segment::Free(entry.key.as_str().into()));
            let mut value = self.value(kind, entry.value, Some(key_span));
            if matches!(value.data, Data::Null) {
                let found =
                    Found::Scalar { written: String::new(), read: "null".to_owned(), type_name: "null", plain: true };
                self.problem(
                    ProblemKind::WrongType { kind: kind.clone(), found },
                    Stage::Decode,
                    key_span,
                    Some(key_span),
                );
                value.data = Data::Invalid;
            }
            self.route.pop();
            values.push((entry.key.into_boxed_str(), key_span, value));
        }
        Data::Map(values)
    }

    fn wrong_type(&mut self, kind: &Kind, id: NodeId, key_span: Option<Span>) -> Data {
        let span = self.reading.tree().node(id).span;
        if let Some(found) = self.found(id) {
            let span = match (&found, key_span) {
                // A whole block would be underlined: the key says it as well.
                (Found::List(_) | Found::Mapping(_), Some(key)) => key,
                (_, Some(key)) if span.is_empty() => key,
                _ => span,
            };
            self.problem(ProblemKind::WrongType { kind: kind.clone(), found }, Stage::Decode, span, key_span);
        }
        Data::Invalid
    }

    /// What a node is, for a message; `None` for an alias to nothing.
    fn found(&self, id: NodeId) -> Option<Found> {
        let tree = self.reading.tree();
        let node = tree.node(tree.follow(id)?);
        Some(match &node.data {
            yaml::Data::Scalar { text, style } => {
                let scalar = yaml::scalar(node, text, *style).ok()?;
                Found::Scalar {
                    written: text.to_string(),
                    read: scalar.shown(),
                    type_name: scalar.type_name(),
                    plain: *style == yaml::Style::Plain,
                }
            }
            yaml::Data::Sequence { items, .. } => Found::List(items.len()),
            yaml::Data::Mapping { entries, .. } => Found::Mapping(entries.len()),
            yaml::Data::Alias { .. } => return None,
        })
    }

    fn scalar(&mut self, kind: &Kind, scalar: &Scalar<'_>, id: NodeId, key_span: Option<Span>) -> Data {
        let span = self.reading.tree().node(id).span;
        match (kind, scalar) {
            (Kind::Text | Kind::TextOr(_), Scalar::Str(text)) => Data::Text(text.as_ref().into()),
            (Kind::Bool, Scalar::Bool(value)) => Data::Bool(*value),
            (Kind::Duration, Scalar::Str(text)) => match Duration::parse(text) {
                Some(duration) => Data::Duration(duration),
                None => self.invalid(ProblemKind::BadDuration(text.to_string()), span, key_span),
            },
            (Kind::Enum(names), Scalar::Str(text)) => match names.number_of(text) {
                Some(number) => Data::Enum { number, name: Some(text.as_ref().into()) },
                None => {
                    let kind = ProblemKind::UnknownName { names: names.clone(), found: text.to_string() };
                    self.invalid(kind, span, key_span)
                }
            },
            (Kind::Enum(names), number) => match integer(number) {
                Some(number) => match i32::try_from(number) {
                    Ok(number) => Data::Enum { number: Some(number), name: names.name_of(number).map(Into::into) },
                    Err(_) => self.out_of_range(32, scalar, span, key_span),
                },
                None => self.wrong_type(kind, id, key_span),
            },
            (Kind::Int32 | Kind::Int64 | Kind::UInt32 | Kind::UInt64, scalar) => {
                let wide = matches!(kind, Kind::Int64 | Kind::UInt64);
                let range = match kind {
                    Kind::Int32 => i32::MIN.into()..=i32::MAX.into(),
                    Kind::UInt32 => 0..=u32::MAX.into(),
                    Kind::UInt64 => 0..=u64::MAX.into(),
                    _ => i64::MIN.into()..=i64::MAX.into(),
                };
                let number = match scalar {
                    Scalar::Str(text) => json_number(text),
                    other => integer(other),
                };
                match number {
                    None => self.wrong_type(kind, id, key_span),
                    Some(value) if range.contains(&value) => Data::Int { value, wide },
                    Some(_) => self.out_of_range(if wide { 64 } else { 32 }, scalar, span, key_span),
                }
            }
            _ => self.wrong_type(kind, id, key_span),
        }
    }

    fn out_of_range(&mut self, bits: u8, scalar: &Scalar<'_>, span: Span, key_span: Option<Span>) -> Data {
        self.invalid(ProblemKind::OutOfRange { bits, found: scalar.shown() }, span, key_span)
    }

    fn invalid(&mut self, kind: ProblemKind, span: Span, key_span: Option<Span>) -> Data {
        self.problem(kind, Stage::Decode, key_span.filter(|_| span.is_empty()).unwrap_or(span), key_span);
        Data::Invalid
    }

    fn checks(&mut self, key: &KeyRef, value: &Value, key_span: Span) {
        for check in key.checks.iter() {
            match (check, &value.data) {
                (Check::Required | Check::RequiredBefore(_) | Check::NotEmpty, Data::Text(text)) if text.is_empty() => {
                    let before = !matches!(check, Check::RequiredBefore(until) if self.version >= *until);
                    let (kind, stage) = match before {
                        true => (ProblemKind::Empty(key.clone()), Stage::Validate),
                        false => (ProblemKind::MaybeMissing(key.clone()), Stage::Nobody),
                    };
                    self.problem(kind, stage, value.span, Some(key_span));
                }
                (Check::NotEmpty, Data::List(items)) => {
                    for (index, item) in items.iter().enumerate() {
                        if matches!(&item.data, Data::Text(text) if text.is_empty()) {
                            self.route.push(Segment::Item(index));
                            self.problem(ProblemKind::Empty(key.clone()), Stage::Validate, item.span, Some(key_span));
                            self.route.pop();
                        }
                    }
                }
                (Check::SomeItems, Data::List(items)) if items.is_empty() => {
                    self.problem(ProblemKind::NoItems(key.clone()), Stage::Validate, value.span, Some(key_span));
                }
                (Check::OneOfInAnyCase(allowed), Data::Text(text))
                    if text.is_empty() || allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(text)) => {}
                (Check::OneOf(allowed), Data::Text(text)) if text.is_empty() || allowed.contains(&&**text) => {}
                (Check::OneOf(allowed) | Check::OneOfInAnyCase(allowed), Data::Text(text)) => {
                    let kind =
                        ProblemKind::NotAllowed { key: key.clone(), allowed: owned(allowed), found: text.to_string() };
                    self.problem(kind, Stage::Validate, value.span, Some(key_span));
                }
                (Check::DocumentedValues(documented), Data::Text(text)) if !documented.contains(&&**text) => {
                    self.not_documented(key, documented, text, value.span, key_span);
                }
                (Check::DocumentedValues(documented), Data::List(items)) => {
                    for (index, item) in items.iter().enumerate() {
                        if let Some(text) = item.as_text().filter(|text| !documented.contains(text)) {
                            self.route.push(Segment::Item(index));
                            self.not_documented(key, documented, text, item.span, key_span);
                            self.route.pop();
                        }
                    }
                }
                (Check::Positive, Data::Duration(duration)) if !duration.is_positive() => {
                    self.problem(ProblemKind::NotPositive(key.clone()), Stage::Validate, value.span, Some(key_span));
                }
                (Check::KnownNumber, &Data::Enum { number: Some(number), name: None }) if matches!(&key.kind, Kind::Enum(names) if names.has_all_numbers()) =>
                {
                    let kind = ProblemKind::UnknownNumber { key: key.clone(), found: number };
                    self.problem(kind, Stage::Agent, value.span, Some(key_span));
                }
                (Check::Cron, Data::Text(text)) if !text.is_empty() => {
                    if let Some(reason) = (self.check_text)(check, text) {
                        let kind = ProblemKind::BadCron { found: text.to_string(), reason };
                        self.problem(kind, Stage::Agent, value.span, Some(key_span));
                    }
                }
                (Check::Between(1.., _), Data::Int { value: 0, .. }) if key.presence == Presence::Implicit => {
                    self.problem(ProblemKind::UnsetZero(key.clone()), Stage::Rails, value.span, Some(key_span));
                }
                (Check::Between(low, high), &Data::Int { value: number, .. })
                    if number < (*low).into() || number > (*high).into() =>
                {
                    self.rails(key, format!("{number} is not between {low} and {high}"), value.span, key_span);
                }
                (Check::AtLeast(low), &Data::Int { value: number, .. }) if number < (*low).into() => {
                    self.rails(key, format!("{number} is less than {low}"), value.span, key_span);
                }
                (Check::DnsName | Check::RuntimeClass | Check::Cidr, Data::Text(text)) if !text.is_empty() => {
                    if let Some(what) = (self.check_text)(check, text) {
                        self.rails(key, what, value.span, key_span);
                    }
                }
                (Check::Cidr, Data::List(items)) => {
                    for item in items {
                        if let Some(what) = item.as_text().and_then(|text| (self.check_text)(check, text)) {
                            self.rails(key, what, item.span, key_span);
                        }
                    }
                }
                (Check::Limit(limit), data) => self.limit(key, limit, data, value.span, key_span),
                (Check::Each(limits), Data::List(items)) => {
                    for (index, item) in items.iter().enumerate() {
                        self.route.push(Segment::Item(index));
                        limits.iter().for_each(|limit| self.limit(key, limit, &item.data, item.span, key_span));
                        self.route.pop();
                    }
                }
                (Check::Each(limits), Data::Map(entries)) => {
                    for (name, name_span, item) in entries {
                        self.route.push(Segment::Free(name.clone()));
                        limits.iter().for_each(|limit| self.limit(key, limit, &item.data, item.span, *name_span));
                        self.route.pop();
                    }
                }
                _ => {}
            }
        }
    }

    /// What a JSON Schema asks of a value beyond its type. Lengths are in characters.
    fn limit(&mut self, key: &KeyRef, limit: &Limit, data: &Data, span: Span, key_span: Span) {
        let length = |text: &str| u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        let count = |items: usize| u64::try_from(items).unwrap_or(u64::MAX);
        let holds = match (limit, data) {
            (Limit::MinLength(least), Data::Text(text)) => length(text) >= *least,
            (Limit::MaxLength(most), Data::Text(text)) => length(text) <= *most,
            (Limit::Pattern(pattern), Data::Text(text)) => text.len() > MOST_MATCHED || pattern.is_match(text),
            (Limit::OneOf(allowed), Data::Text(text)) => allowed.contains(text),
            (Limit::MinItems(least), Data::List(items)) => count(items.len()) >= *least,
            (Limit::MaxItems(most), Data::List(items)) => count(items.len()) <= *most,
            (Limit::MinItems(least), Data::Map(entries)) => count(entries.len()) >= *least,
            (Limit::MaxItems(most), Data::Map(entries)) => count(entries.len()) <= *most,
            (Limit::Min(least), Data::Int { value, .. }) => value >= least,
            (Limit::Max(most), Data::Int { value, .. }) => value <= most,
            _ => true,
        };
        if holds {
            return;
        }
        let found = match data {
            Data::Text(text) => text.to_string(),
            Data::Int { value, .. } => value.to_string(),
            Data::List(items) => items.len().to_string(),
            Data::Map(entries) => entries.len().to_string(),
            _ => String::new(),
        };
        let kind = ProblemKind::OverLimit { key: key.clone(), found, allowed: limit.in_words() };
        self.problem(kind, Stage::Validate, if span.is_empty() { key_span } else { span }, Some(key_span));
    }

    fn not_documented(&mut self, key: &KeyRef, documented: &[&str], found: &str, span: Span, key_span: Span) {
        let kind =
            ProblemKind::NotDocumented { key: key.clone(), documented: owned(documented), found: found.to_owned() };
        self.problem(kind, Stage::Nobody, span, Some(key_span));
    }

    fn rails(&mut self, key: &KeyRef, what: String, span: Span, key_span: Span) {
        self.problem(ProblemKind::RailsRefusal { key: key.clone(), what }, Stage::Rails, span, Some(key_span));
    }
}

/// The keys of a mapping that its message knows.
fn known_keys(message: &MessageRef, entries: &[yaml::Entry]) -> Arc<[String]> {
    entries.iter().filter(|entry| message.key(&entry.key).is_some()).map(|entry| entry.key.clone()).collect()
}

fn push_key(route: &mut String, name: &str) {
    if !route.is_empty() {
        route.push('.');
    }
    route.push_str(name);
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The whole number that a scalar is; protojson takes `1.0` and `1e3` as well.
fn integer(scalar: &Scalar<'_>) -> Option<i128> {
    match scalar {
        Scalar::Int(value) => Some((*value).into()),
        Scalar::UInt(value) => Some((*value).into()),
        // Through JSON, and so through the shortest decimal digits. Beyond 1e30 it is out of every range anyway.
        Scalar::Float(value) if value.fract() == 0.0 => value.clamp(-1e30, 1e30).to_string().parse().ok(),
        _ => None,
    }
}

/// A text that holds a whole JSON number; protojson takes it for integer fields.
fn json_number(text: &str) -> Option<i128> {
    match serde_json::from_str::<serde_json::Number>(text).ok()? {
        _ if text.trim() != text => None,
        number => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), ..) => Some(value.into()),
            (_, Some(value), _) => Some(value.into()),
            (.., Some(value)) => integer(&Scalar::Float(value)),
            _ => None,
        },
    }
}
