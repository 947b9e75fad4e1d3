//! The types that a table of keys is written in.
//!
//! A table is written in the code ([`Declared`]) or read from a file ([`Messages`]). Values and problems hold on to the messages that they are
//! of, so that a table that was read goes when nothing of it is left.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock, Weak};

use crate::gitlab::{NEWEST, OLDEST, Tier, Version};

/// A message that is written in the code, and built when it is first asked for.
pub type Declared = LazyLock<Message>;

/// A mapping with known keys; protobuf's message.
#[derive(Debug)]
pub struct Message {
    /// What it is called in messages, e.g. `ci_access`.
    pub name: Cow<'static, str>,
    /// Its keys, in the order in which they are documented.
    pub keys: Vec<Key>,
    /// How many of the keys may be set.
    pub members: Members,
    /// The keys of kaslint's own table that the file from which the table was read does not have.
    pub left_out: Vec<KeyRef>,
}

impl Message {
    /// A message of which any keys may be set.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, keys: Vec<Key>) -> Self {
        Self { name: name.into(), keys, members: Members::Any, left_out: Vec::new() }
    }

    /// A message of which exactly one key is set; protobuf's required oneof.
    #[must_use]
    pub fn one_of(name: impl Into<Cow<'static, str>>, keys: Vec<Key>) -> Self {
        Self { members: Members::ExactlyOne, ..Self::new(name, keys) }
    }

    /// The key of this name, in whichever releases it is known.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// The messages of a table that was read from a file. They may contain each other, and themselves.
#[derive(Debug)]
pub struct Messages(Vec<Message>);

impl Messages {
    /// Builds so many messages, of which any may be linked to while they are built; the first is the top.
    #[must_use]
    pub fn build(messages: impl FnOnce(&dyn Fn(usize) -> Link) -> Vec<Message>) -> Arc<Self> {
        Arc::new_cyclic(|all| Self(messages(&|index| Link::Shared(Weak::clone(all), index))))
    }

    /// The first message; `None` where there is none.
    #[must_use]
    pub fn top(self: &Arc<Self>) -> Option<MessageRef> {
        (!self.0.is_empty()).then(|| MessageRef(Held::Shared(Arc::clone(self), 0)))
    }
}

/// A message of a table, held on to.
#[derive(Clone)]
pub struct MessageRef(Held);

#[derive(Clone)]
enum Held {
    Declared(&'static Message),
    Shared(Arc<Messages>, usize),
}

/// What an index out of range shows; no [`Messages`] gives one out.
static NO_KEYS: Declared = Declared::new(|| Message::new("the mapping", Vec::new()));

impl Deref for MessageRef {
    type Target = Message;

    #[inline]
    fn deref(&self) -> &Message {
        match &self.0 {
            Held::Declared(message) => message,
            Held::Shared(messages, index) => messages.0.get(*index).unwrap_or(&NO_KEYS),
        }
    }
}

impl fmt::Debug for MessageRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// Two are equal if they are the same message of the same table.
impl PartialEq for MessageRef {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq::<Message>(&**self, &**other)
    }
}

impl From<&'static Declared> for MessageRef {
    fn from(declared: &'static Declared) -> Self {
        Self(Held::Declared(declared))
    }
}

impl MessageRef {
    /// The key of this name, in whichever releases it is known.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<KeyRef> {
        let index = self.keys.iter().position(|key| key.name == name)?;
        Some(KeyRef { message: self.clone(), index })
    }

    /// The key at a position of the table; one out of range has no name.
    #[must_use]
    pub fn at(&self, index: usize) -> KeyRef {
        KeyRef { message: self.clone(), index }
    }

    /// All keys.
    pub fn all(&self) -> impl Iterator<Item = KeyRef> {
        (0..self.keys.len()).map(|index| KeyRef { message: self.clone(), index })
    }

    /// Whether the table was read from a file, which then says which keys there are.
    #[must_use]
    pub fn is_read(&self) -> bool {
        matches!(self.0, Held::Shared(..))
    }

    /// How many keys and messages the table has that was read from a file; 0 for one that is written in the code.
    #[must_use]
    pub fn size_read(&self) -> usize {
        match &self.0 {
            Held::Declared(_) => 0,
            Held::Shared(messages, _) => messages.0.iter().map(|message| message.keys.len() + 1).sum(),
        }
    }

    /// The key of this name that the file of the table does not have and kaslint's own table does.
    #[must_use]
    pub fn left_out(&self, name: &str) -> Option<&KeyRef> {
        self.left_out.iter().find(|key| key.name == name)
    }

    /// The address of the message, which stays the same as long as it is held on to.
    #[must_use]
    pub fn address(&self) -> usize {
        std::ptr::from_ref::<Message>(self).addr()
    }
}

/// A key of a table, held on to.
#[derive(Clone)]
pub struct KeyRef {
    message: MessageRef,
    index: usize,
}

/// What an index out of range shows; no [`MessageRef`] gives one out.
static NO_KEY: LazyLock<Key> = LazyLock::new(|| Key::new("", Kind::Any, ""));

impl Deref for KeyRef {
    type Target = Key;

    #[inline]
    fn deref(&self) -> &Key {
        self.message.keys.get(self.index).unwrap_or(&NO_KEY)
    }
}

impl fmt::Debug for KeyRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// Two are equal if they are the same key of the same message.
impl PartialEq for KeyRef {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && self.message == other.message
    }
}

/// The way from a key to the message that its value is.
#[derive(Clone, Debug)]
pub enum Link {
    /// To a message that is written in the code.
    Declared(&'static Declared),
    /// To a message of the same table, by position.
    Shared(Weak<Messages>, usize),
}

impl Link {
    /// The message; `None` where its table is gone.
    #[must_use]
    pub fn follow(&self) -> Option<MessageRef> {
        match self {
            Self::Declared(message) => Some(MessageRef::from(*message)),
            Self::Shared(messages, index) => {
                let messages = messages.upgrade()?;
                (*index < messages.0.len()).then_some(MessageRef(Held::Shared(messages, *index)))
            }
        }
    }
}

/// How many names of an enum are told before the others are counted.
const MOST_NAMES: usize = 12;

/// The names of an enum.
#[derive(Clone, Debug)]
pub enum Names {
    /// Of the numbers from 0 on.
    Numbered(&'static [&'static str]),
    /// With their numbers, where these are known.
    Given(Arc<[(Box<str>, Option<i32>)]>),
}

impl Names {
    /// The names, the zero value's first.
    #[must_use]
    pub fn all(&self) -> Vec<&str> {
        match self {
            Self::Numbered(names) => names.to_vec(),
            Self::Given(names) => names.iter().map(|(name, _)| &**name).collect(),
        }
    }

    /// The number of a name, which may not be known; `None` where it is no name.
    #[must_use]
    pub fn number_of(&self, wanted: &str) -> Option<Option<i32>> {
        match self {
            Self::Numbered(names) => {
                let index = names.iter().position(|name| *name == wanted)?;
                Some(i32::try_from(index).ok())
            }
            Self::Given(names) => names.iter().find(|(name, _)| **name == *wanted).map(|(_, number)| *number),
        }
    }

    /// The name of a number.
    #[must_use]
    pub fn name_of(&self, wanted: i32) -> Option<&str> {
        match self {
            Self::Numbered(names) => usize::try_from(wanted).ok().and_then(|index| names.get(index)).copied(),
            Self::Given(names) => names.iter().find(|(_, number)| *number == Some(wanted)).map(|(name, _)| &**name),
        }
    }

    /// The first of the names, joined by this word, with the number of the others.
    #[must_use]
    pub fn in_words(&self, word: &str) -> String {
        let names = self.all();
        match names.get(..MOST_NAMES) {
            Some(first) if names.len() > MOST_NAMES => {
                let first: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
                format!("{} {word} {} others", first.join(", "), names.len() - MOST_NAMES)
            }
            _ => joined(&names, word),
        }
    }

    /// Whether a number without a name is surely none of the enum's.
    #[must_use]
    pub fn has_all_numbers(&self) -> bool {
        match self {
            Self::Numbered(_) => true,
            Self::Given(names) => names.iter().all(|(_, number)| number.is_some()),
        }
    }
}

/// How many keys of a message may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// Any.
    Any,
    /// Exactly one; null members do not count.
    ExactlyOne,
}

/// The releases between which a change came, where sources do not settle the very one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first release that may have it.
    pub earliest: Version,
    /// The first release that surely has it.
    pub latest: Version,
}

/// As part of a sentence: "GitLab 16.5", or "one of GitLab 16.5 to 16.6".
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { earliest, latest } = self;
        if earliest == latest {
            write!(f, "GitLab {latest}")
        } else {
            write!(f, "one of GitLab {earliest} to {latest}")
        }
    }
}

/// Whether an unset value differs from the zero value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The zero value is the same as unset, and vanishes from the canonical form.
    Implicit,
    /// `optional` in protobuf: a zero value is kept.
    Explicit,
}

/// One key of a message.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key as written.
    pub name: Cow<'static, str>,
    /// The type of its value.
    pub kind: Kind,
    /// What it does, in a sentence.
    pub doc: Cow<'static, str>,
    /// Since which release it is known.
    pub since: Period,
    /// The first release that knows it no longer.
    pub until: Option<Version>,
    /// What to write instead of a removed key, or where its work is done now.
    pub replacement: Option<&'static str>,
    /// The licence that it takes to have an effect.
    pub tier: Tier,
    /// What applies when it is not set.
    pub default: Option<Cow<'static, str>>,
    /// Whether zero values are kept.
    pub presence: Presence,
    /// What its value must hold to.
    pub checks: Cow<'static, [Check]>,
    /// Releases in which it is read and has no effect.
    pub inert: Option<Inert>,
    /// What public sources leave open about it.
    pub unverified: Option<&'static str>,
    /// The key that this one may be another name of, where public sources do not settle which of the two it is.
    pub or_else: Option<&'static str>,
    /// Whether what it does is said by a file, so that it is not known what that text holds.
    pub is_doc_read: bool,
}

/// Releases in which a key is read without effect.
#[derive(Clone, Copy, Debug)]
pub struct Inert {
    /// The first such release.
    pub from: Version,
    /// The first release in which it has an effect again, if any.
    pub until: Option<Version>,
    /// Why.
    pub why: &'static str,
}

impl Key {
    /// A key that every release knows.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, kind: Kind, doc: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            kind,
            doc: doc.into(),
            since: Period { earliest: OLDEST, latest: OLDEST },
            until: None,
            replacement: None,
            tier: Tier::Free,
            default: None,
            presence: Presence::Implicit,
            checks: Cow::Borrowed(&[]),
            inert: None,
            unverified: None,
            or_else: None,
            is_doc_read: false,
        }
    }

    /// Known since this release.
    #[must_use]
    pub fn since(mut self, major: u16, minor: u16) -> Self {
        let version = Version::new(major, minor);
        self.since = Period { earliest: version, latest: version };
        self
    }

    /// Known since some release of this period.
    #[must_use]
    pub fn since_about(mut self, earliest: (u16, u16), latest: (u16, u16)) -> Self {
        self.since =
            Period { earliest: Version::new(earliest.0, earliest.1), latest: Version::new(latest.0, latest.1) };
        self
    }

    /// No longer known from this release on.
    #[must_use]
    pub fn until(mut self, major: u16, minor: u16, replacement: &'static str) -> Self {
        self.until = Some(Version::new(major, minor));
        self.replacement = Some(replacement);
        self
    }

    /// Needs this licence.
    #[must_use]
    pub fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// What applies when it is not set.
    #[must_use]
    pub fn default(mut self, default: &'static str) -> Self {
        self.default = Some(Cow::Borrowed(default));
        self
    }

    /// Keeps zero values.
    #[must_use]
    pub fn explicit(mut self) -> Self {
        self.presence = Presence::Explicit;
        self
    }

    /// What its value must hold to.
    #[must_use]
    pub fn checks(mut self, checks: &'static [Check]) -> Self {
        self.checks = Cow::Borrowed(checks);
        self
    }

    /// Read without effect in these releases.
    #[must_use]
    pub fn inert(mut self, inert: Inert) -> Self {
        self.inert = Some(inert);
        self
    }

    /// Public sources leave something open about it.
    #[must_use]
    pub fn unverified(mut self, what: &'static str) -> Self {
        self.unverified = Some(what);
        self
    }

    /// Perhaps only another name of this key.
    #[must_use]
    pub fn or_else(mut self, name: &'static str) -> Self {
        self.or_else = Some(name);
        self
    }

    /// Whether the release may know the key.
    #[must_use]
    pub fn is_known(&self, version: Version) -> bool {
        version >= self.since.earliest && self.until.is_none_or(|until| version < until)
    }

    /// Whether the newest release knows the key.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.is_known(NEWEST)
    }

    /// Whether the key is read without effect by the release.
    #[must_use]
    pub fn inert_in(&self, version: Version) -> Option<&Inert> {
        let inert = self.inert.as_ref()?;
        (version >= inert.from && inert.until.is_none_or(|until| version < until)).then_some(inert)
    }

    /// Whether the value must be there and not empty, by the validation of this release.
    #[must_use]
    pub fn is_required(&self, version: Version) -> bool {
        self.checks.iter().any(|check| match check {
            Check::Required | Check::Present => true,
            Check::RequiredBefore(until) => version < *until,
            _ => false,
        })
    }
}

/// The type of a value.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Text; numbers and booleans are refused.
    Text,
    /// `true` or `false`.
    Bool,
    /// A 32-bit integer.
    Int32,
    /// A 64-bit integer.
    Int64,
    /// A 32-bit integer that is not negative.
    UInt32,
    /// A 64-bit integer that is not negative.
    UInt64,
    /// One of the names, or the number of one; the first is the zero value.
    Enum(Names),
    /// One of the names, by what is written: `off` is a word here and no boolean. For kaslint's own files.
    Word(&'static [&'static str]),
    /// Seconds, `3600s`.
    Duration,
    /// A mapping with known keys.
    Message(Link),
    /// A list.
    List(Box<Kind>),
    /// A mapping with free keys.
    Map(Box<Kind>),
    /// Text, short for the message with only its first key.
    TextOr(Link),
    /// Anything.
    Any,
}

impl Kind {
    /// One of these names, which have the numbers from 0 on.
    #[must_use]
    pub fn names(names: &'static [&'static str]) -> Self {
        Self::Enum(Names::Numbered(names))
    }

    /// One of these words.
    #[must_use]
    pub fn word(words: &'static [&'static str]) -> Self {
        Self::Word(words)
    }

    /// A mapping with the keys of this message.
    #[must_use]
    pub fn message(message: &'static Declared) -> Self {
        Self::Message(Link::Declared(message))
    }

    /// Text, short for this message with only its first key.
    #[must_use]
    pub fn text_or(message: &'static Declared) -> Self {
        Self::TextOr(Link::Declared(message))
    }

    /// A list of these.
    #[must_use]
    pub fn list(item: Self) -> Self {
        Self::List(Box::new(item))
    }

    /// A mapping with free keys and these values.
    #[must_use]
    pub fn map(value: Self) -> Self {
        Self::Map(Box::new(value))
    }

    /// The type in words, as a message says it: "a list", "text" …
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Int32 | Self::Int64 | Self::UInt32 | Self::UInt64 => "a whole number".to_owned(),
            Self::Enum(names) => format!("one of {}", names.in_words("or")),
            Self::Word(names) => format!("one of {}", listed(names)),
            Self::Duration => "a number of seconds such as `3600s`".to_owned(),
            Self::Message(_) if self.is_empty_message() => "`{}`".to_owned(),
            Self::Message(_) => "a mapping".to_owned(),
            Self::List(item) => match **item {
                Self::Message(_) => "a list of mappings".to_owned(),
                Self::Text => "a list of texts".to_owned(),
                _ => "a list".to_owned(),
            },
            Self::Map(_) => "a mapping".to_owned(),
            Self::TextOr(_) => "text or a mapping".to_owned(),
            Self::Any => "anything".to_owned(),
        }
    }

    /// The message that a value of this kind is, or may be.
    #[must_use]
    pub fn as_message(&self) -> Option<MessageRef> {
        match self {
            Self::Message(link) | Self::TextOr(link) => link.follow(),
            _ => None,
        }
    }

    /// The message that values of this kind are made of, directly or as items.
    #[must_use]
    pub fn inner_message(&self) -> Option<MessageRef> {
        match self {
            Self::List(item) | Self::Map(item) => item.inner_message(),
            _ => self.as_message(),
        }
    }

    /// The same, where it is written in the code.
    #[must_use]
    pub fn declared(&self) -> Option<&'static Message> {
        match self {
            Self::List(item) | Self::Map(item) => item.declared(),
            Self::Message(Link::Declared(message)) | Self::TextOr(Link::Declared(message)) => Some(message),
            _ => None,
        }
    }

    /// Whether a value of this kind is a mapping that has no keys.
    #[must_use]
    pub fn is_empty_message(&self) -> bool {
        matches!(self, Self::Message(link) if link.follow().is_some_and(|message| message.keys.is_empty()))
    }

    /// Whether a value of this kind is a list whose items are mappings.
    #[must_use]
    pub fn is_list_of_messages(&self) -> bool {
        matches!(self, Self::List(item) if matches!(**item, Self::Message(_)))
    }

    /// Whether a value of this kind is a list of texts.
    #[must_use]
    pub fn is_list_of_texts(&self) -> bool {
        matches!(self, Self::List(item) if matches!(**item, Self::Text))
    }
}

/// Names as a choice: `` `a`, `b` or `c` ``.
#[must_use]
pub fn listed(names: &[impl AsRef<str>]) -> String {
    joined(names, "or")
}

/// Names as an enumeration: `` `a`, `b` and `c` ``.
#[must_use]
pub fn listed_and(names: &[impl AsRef<str>]) -> String {
    joined(names, "and")
}

fn joined(names: &[impl AsRef<str>], word: &str) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{}`", one.as_ref()),
        [init @ .., last] => {
            let init: Vec<String> = init.iter().map(|name| format!("`{}`", name.as_ref())).collect();
            format!("{} {word} `{}`", init.join(", "), last.as_ref())
        }
    }
}

/// A rule about a value that its type does not express.
#[derive(Clone, Debug)]
pub enum Check {
    /// Must be set and not empty; refused in validation otherwise.
    Required,
    /// The same, by releases before this one.
    RequiredBefore(Version),
    /// Text, or each text of a list, is not empty when given.
    NotEmpty,
    /// A list holds at least one item.
    SomeItems,
    /// One of these texts or empty; other values are refused in validation.
    OneOf(&'static [&'static str]),
    /// One of these texts or empty, whatever the letter case. For kaslint's own files.
    OneOfInAnyCase(&'static [&'static str]),
    /// One of these texts by the documentation; whether GitLab refuses others is not settled.
    DocumentedValues(&'static [&'static str]),
    /// A duration greater than zero.
    Positive,
    /// A schedule that the agent parses; it rejects the configuration when it cannot.
    Cron,
    /// A number of the enum; the agent rejects others.
    KnownNumber,
    /// Between these numbers; GitLab's Rails side drops the whole section otherwise.
    Between(i64, i64),
    /// At least this number; GitLab's Rails side drops the whole section otherwise.
    AtLeast(i64),
    /// A DNS name; GitLab's Rails side drops the whole section otherwise.
    DnsName,
    /// An address range such as `10.0.0.0/8`; GitLab's Rails side drops the whole section otherwise.
    Cidr,
    /// At most 253 lower-case letters, digits, `-` and `.`, a letter or digit at both ends; Rails side as above.
    RuntimeClass,
    /// Must be written and not null, as a schema that was given asks; refused in validation otherwise.
    Present,
    /// What a schema that was given asks of a value; refused in validation otherwise.
    Limit(Limit),
    /// What it asks of each item of a list, or of each value of a mapping with free keys.
    Each(Arc<[Limit]>),
}

/// What a JSON Schema asks of a value beyond its type.
#[derive(Clone, Debug)]
pub enum Limit {
    /// At least so many characters.
    MinLength(u64),
    /// At most so many characters.
    MaxLength(u64),
    /// A match of this pattern somewhere.
    Pattern(regex::Regex),
    /// One of these texts.
    OneOf(Arc<[Box<str>]>),
    /// At least so many items, or keys of a mapping with free keys.
    MinItems(u64),
    /// At most so many items, or keys of a mapping with free keys.
    MaxItems(u64),
    /// At least this number.
    Min(i128),
    /// At most this number.
    Max(i128),
}

impl Limit {
    /// What it asks, behind "must": "have at least 3 characters".
    #[must_use]
    pub fn in_words(&self) -> String {
        let counted = |count: u64, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        match self {
            Self::MinLength(1) => "not be empty".to_owned(),
            Self::MinLength(least) => format!("have at least {}", counted(*least, "character")),
            Self::MaxLength(most) => format!("have at most {}", counted(*most, "character")),
            Self::Pattern(pattern) => format!("match `{pattern}`"),
            Self::OneOf(allowed) => {
                let first: Vec<&str> = allowed.iter().take(MOST_NAMES).map(|text| &**text).collect();
                let more = if allowed.len() > first.len() { ", or one of others" } else { "" };
                format!("be {}{more}", listed(&first))
            }
            Self::MinItems(least) => format!("have at least {}", counted(*least, "item")),
            Self::MaxItems(most) => format!("have at most {}", counted(*most, "item")),
            Self::Min(least) => format!("be at least {least}"),
            Self::Max(most) => format!("be at most {most}"),
        }
    }
}
