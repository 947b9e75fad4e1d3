//! The types that a table of keys is written in.

use crate::gitlab::{NEWEST, OLDEST, Tier, Version};

/// A mapping with known keys; protobuf's message.
#[derive(Debug)]
pub struct Message {
    /// What it is called in messages, e.g. `ci_access`.
    pub name: &'static str,
    /// Its keys, in the order in which they are documented.
    pub keys: &'static [Key],
    /// How many of the keys may be set.
    pub members: Members,
}

impl Message {
    /// A message of which any keys may be set.
    #[must_use]
    pub const fn new(name: &'static str, keys: &'static [Key]) -> Self {
        Self { name, keys, members: Members::Any }
    }

    /// A message of which exactly one key is set; protobuf's required oneof.
    #[must_use]
    pub const fn one_of(name: &'static str, keys: &'static [Key]) -> Self {
        Self { name, keys, members: Members::ExactlyOne }
    }

    /// The key of this name, in whichever releases it is known.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
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

/// Whether an unset value differs from the zero value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The zero value is the same as unset, and vanishes from the canonical form.
    Implicit,
    /// `optional` in protobuf: a zero value is kept.
    Explicit,
}

/// One key of a message.
#[derive(Debug)]
pub struct Key {
    /// The key as written.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Kind,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// Since which release it is known.
    pub since: Period,
    /// The first release that knows it no longer.
    pub until: Option<Version>,
    /// What to write instead of a removed key, or where its work is done now.
    pub replacement: Option<&'static str>,
    /// The licence that it takes to have an effect.
    pub tier: Tier,
    /// What applies when it is not set.
    pub default: Option<&'static str>,
    /// Whether zero values are kept.
    pub presence: Presence,
    /// What its value must hold to.
    pub checks: &'static [Check],
    /// Releases in which it is read and has no effect.
    pub inert: Option<Inert>,
    /// What public sources leave open about it.
    pub unverified: Option<&'static str>,
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
    pub const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            name,
            kind,
            doc,
            since: Period { earliest: OLDEST, latest: OLDEST },
            until: None,
            replacement: None,
            tier: Tier::Free,
            default: None,
            presence: Presence::Implicit,
            checks: &[],
            inert: None,
            unverified: None,
        }
    }

    /// Known since this release.
    #[must_use]
    pub const fn since(mut self, major: u16, minor: u16) -> Self {
        let version = Version::new(major, minor);
        self.since = Period { earliest: version, latest: version };
        self
    }

    /// Known since some release of this period.
    #[must_use]
    pub const fn since_about(mut self, earliest: (u16, u16), latest: (u16, u16)) -> Self {
        self.since =
            Period { earliest: Version::new(earliest.0, earliest.1), latest: Version::new(latest.0, latest.1) };
        self
    }

    /// No longer known from this release on.
    #[must_use]
    pub const fn until(mut self, major: u16, minor: u16, replacement: &'static str) -> Self {
        self.until = Some(Version::new(major, minor));
        self.replacement = Some(replacement);
        self
    }

    /// Needs this licence.
    #[must_use]
    pub const fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// What applies when it is not set.
    #[must_use]
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// Keeps zero values.
    #[must_use]
    pub const fn explicit(mut self) -> Self {
        self.presence = Presence::Explicit;
        self
    }

    /// What its value must hold to.
    #[must_use]
    pub const fn checks(mut self, checks: &'static [Check]) -> Self {
        self.checks = checks;
        self
    }

    /// Read without effect in these releases.
    #[must_use]
    pub const fn inert(mut self, inert: Inert) -> Self {
        self.inert = Some(inert);
        self
    }

    /// Public sources leave something open about it.
    #[must_use]
    pub const fn unverified(mut self, what: &'static str) -> Self {
        self.unverified = Some(what);
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
            Check::Required => true,
            Check::RequiredBefore(until) => version < *until,
            _ => false,
        })
    }
}

/// The type of a value.
#[derive(Debug)]
pub enum Kind {
    /// Text; numbers and booleans are refused.
    Text,
    /// `true` or `false`.
    Bool,
    /// A 32-bit integer.
    Int32,
    /// A 64-bit integer.
    Int64,
    /// One of the names, or the number of one; the first is the zero value.
    Enum(&'static [&'static str]),
    /// One of the names, by what is written: `off` is a word here and no boolean. For kaslint's own files.
    Word(&'static [&'static str]),
    /// Seconds, `3600s`.
    Duration,
    /// A mapping with known keys.
    Message(&'static Message),
    /// A list.
    List(&'static Kind),
    /// A mapping with free keys.
    Map(&'static Kind),
    /// Text, short for the message with only its first key.
    TextOr(&'static Message),
    /// Anything.
    Any,
}

impl Kind {
    /// The type in words, as a message says it: "a list", "text" …
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Int32 | Self::Int64 => "a whole number".to_owned(),
            Self::Enum(names) | Self::Word(names) => format!("one of {}", listed(names)),
            Self::Duration => "a number of seconds such as `3600s`".to_owned(),
            Self::Message(message) if message.keys.is_empty() => "`{}`".to_owned(),
            Self::Message(_) => "a mapping".to_owned(),
            Self::List(Self::Message(_)) => "a list of mappings".to_owned(),
            Self::List(Self::Text) => "a list of texts".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a mapping".to_owned(),
            Self::TextOr(_) => "text or a mapping".to_owned(),
            Self::Any => "anything".to_owned(),
        }
    }

    /// The message that values of this kind are made of, directly or as items.
    #[must_use]
    pub fn message(&self) -> Option<&'static Message> {
        match self {
            Self::Message(message) | Self::TextOr(message) => Some(message),
            Self::List(item) | Self::Map(item) => item.message(),
            _ => None,
        }
    }
}

/// Names as a choice: `` `a`, `b` or `c` ``.
#[must_use]
pub fn listed(names: &[&str]) -> String {
    joined(names, "or")
}

/// Names as an enumeration: `` `a`, `b` and `c` ``.
#[must_use]
pub fn listed_and(names: &[&str]) -> String {
    joined(names, "and")
}

fn joined(names: &[&str], word: &str) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [init @ .., last] => {
            let init: Vec<String> = init.iter().map(|name| format!("`{name}`")).collect();
            format!("{} {word} `{last}`", init.join(", "))
        }
    }
}

/// A rule about a value that its type does not express.
#[derive(Clone, Copy, Debug)]
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
}
