//! The JSON Schema that GitLab publishes with each release of the agent, as bundle or strict bundle: which keys there are, and their types.
//!
//! It is made by `protoc-gen-jsonschema` (github.com/bufbuild/protoschema-plugins) from the message that the agent server reads. It
//! says nothing of what GitLab's Rails side and the agent do, of oneofs, nor of protojson's rules for a type: these stay kaslint's. A
//! message of the file and one of kaslint's are the same where the same keys lead to them from the top; names of definitions count for nothing.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use regex::Regex;
use serde_json::{Map, Value as Json};

use super::CONFIGURATION;
use crate::gitlab::OLDEST;
use crate::schema::{Check, Key, KeyRef, Kind, Link, Message, MessageRef, Messages, Names, Period, Presence};

/// The largest file that is read, in bytes; that of today has 21 KB.
pub const MAX_AGENT_SCHEMA_SIZE: u64 = 2 << 20;

/// The most messages that a table is built of. A definition is built once for each of kaslint's messages that the same keys lead to.
const MAX_MESSAGES: usize = 5_000;

/// How many definitions may stand for one another, and how deep lists and maps may hold each other.
const MAX_DEPTH: usize = 64;

/// The agent's published schema.
#[derive(Clone, Debug)]
pub struct AgentSchema {
    top: MessageRef,
}

impl AgentSchema {
    /// Reads a bundle or a strict bundle.
    ///
    /// # Errors
    /// What keeps the text from being one, as a clause.
    pub fn read(text: &str) -> Result<Self, String> {
        let schema: Json = serde_json::from_str(text).map_err(|error| format!("it is no JSON ({error})"))?;
        let mut reader = Reader { schema: &schema, is_strict: is_strict(&schema), built: Vec::new(), known: HashMap::new() };
        let top = reader.follow(&schema)?;
        let ours = MessageRef::from(&CONFIGURATION);
        let is_the_agents = top.get("properties").and_then(Json::as_object).is_some_and(|properties| {
            !properties.is_empty() && properties.keys().any(|key| ours.key(key).is_some())
        });
        if !is_the_agents {
            return Err("it is not the JSON Schema of the agent's configuration: none of its keys stands at the top".to_owned());
        }
        reader.message(top, Some(&ours), "the agent configuration")?;
        let built = reader.built.into_iter().flatten().collect::<Vec<Built>>();
        let messages = Messages::build(|link| built.into_iter().map(|message| message.into_message(link)).collect());
        messages.top().map(|top| Self { top }).ok_or_else(|| "it has no messages".to_owned())
    }

    /// The message of the whole file.
    #[must_use]
    pub fn top(&self) -> &MessageRef {
        &self.top
    }
}

/// In the strict form, scalars without presence are required and have no default.
fn is_strict(schema: &Json) -> bool {
    let id = schema.get("$id").and_then(Json::as_str).unwrap_or_default();
    id.contains(".strict.")
}

/// A message whose links are positions.
struct Built {
    name: String,
    keys: Vec<(Key, Type)>,
    is_one_of: bool,
}

impl Built {
    fn into_message(self, link: &dyn Fn(usize) -> Link) -> Message {
        let keys = self.keys.into_iter().map(|(key, kind)| Key { kind: kind.into_kind(link), ..key }).collect();
        match self.is_one_of {
            true => Message::one_of(self.name, keys),
            false => Message::new(self.name, keys),
        }
    }
}

/// A type in which messages are positions.
enum Type {
    Message(usize),
    List(Box<Type>),
    Map(Box<Type>),
    Other(Kind),
}

impl Type {
    fn into_kind(self, link: &dyn Fn(usize) -> Link) -> Kind {
        match self {
            Self::Message(index) => Kind::Message(link(index)),
            Self::List(item) => Kind::list(item.into_kind(link)),
            Self::Map(value) => Kind::map(value.into_kind(link)),
            Self::Other(kind) => kind,
        }
    }
}

struct Reader<'s> {
    schema: &'s Json,
    is_strict: bool,
    /// The messages; `None` while one is being read.
    built: Vec<Option<Built>>,
    /// The position of a definition, by its address and that of kaslint's own message.
    known: HashMap<(usize, usize), usize>,
}

impl<'s> Reader<'s> {
    /// The definition that a schema stands for.
    fn follow(&self, mut schema: &'s Json) -> Result<&'s Map<String, Json>, String> {
        for _ in 0..MAX_DEPTH {
            let object = schema.as_object().ok_or("it is no JSON Schema: a definition is no object")?;
            let Some(reference) = object.get("$ref") else { return Ok(object) };
            let reference = reference.as_str().ok_or("it is no JSON Schema: a `$ref` is no text")?;
            let name = reference.strip_prefix("#/$defs/").map(|name| name.replace("~1", "/").replace("~0", "~"));
            let Some(name) = name else {
                return Err("it refers to something outside itself; take the bundle, which holds all definitions".to_owned());
            };
            let definition = self.schema.get("$defs").and_then(|definitions| definitions.get(&name));
            schema = definition.ok_or("it refers to a definition that it does not have; take the bundle, which holds all of them")?;
        }
        Err("its definitions stand for one another without end".to_owned())
    }

    /// The position of a message.
    fn message(&mut self, object: &'s Map<String, Json>, ours: Option<&MessageRef>, name: &str) -> Result<usize, String> {
        let identity = (std::ptr::from_ref(object).addr(), ours.map_or(0, MessageRef::address));
        if let Some(index) = self.known.get(&identity) {
            return Ok(*index);
        }
        let index = self.built.len();
        if index >= MAX_MESSAGES {
            return Err(format!("it has more than {MAX_MESSAGES} messages"));
        }
        self.known.insert(identity, index);
        self.built.push(None);
        let none = Map::new();
        let properties = object.get("properties").and_then(Json::as_object).unwrap_or(&none);
        let required: BTreeSet<&str> =
            object.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
        let mut keys = Vec::with_capacity(properties.len());
        // Those that kaslint knows come in its order, which is that of the documentation.
        let known = ours.into_iter().flat_map(|ours| ours.keys.iter().map(|key| key.name.to_string()));
        let known: Vec<String> = known.filter(|name| properties.contains_key(name)).collect();
        let new = properties.keys().filter(|name| !known.contains(name)).cloned();
        for name in known.iter().cloned().chain(new) {
            // The object outlives the reader; the borrow of `properties` may be of the empty one.
            let Some(property) = object.get("properties").and_then(|properties| properties.get(&name)) else { continue };
            let own = ours.and_then(|ours| ours.find(&name));
            keys.push(self.key(name, property, own.as_ref(), &required)?);
        }
        let name = ours.map_or_else(|| name.to_owned(), |ours| ours.name.to_string());
        let is_one_of = ours.is_some_and(|ours| ours.members == crate::schema::Members::ExactlyOne);
        if let Some(slot) = self.built.get_mut(index) {
            *slot = Some(Built { name, keys, is_one_of });
        }
        Ok(index)
    }

    fn key(
        &mut self,
        name: String,
        property: &'s Json,
        ours: Option<&KeyRef>,
        required: &BTreeSet<&str>,
    ) -> Result<(Key, Type), String> {
        let kind = self.kind(property, ours.map(|key| &key.kind), &name, 0)?;
        let described = property.get("description").or_else(|| self.follow(property).ok()?.get("description"));
        let doc = described.and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty());
        let has_default = property.get("default").is_some();
        let is_required = required.contains(&*name);
        let is_scalar = matches!(kind, Type::Other(_)) && !is_duration(&kind);
        let keeps_zero = is_scalar && if self.is_strict { !is_required } else { !has_default };
        let has_same_type = ours.is_some_and(|ours| is_same(&ours.kind, &kind));
        let mut checks: Vec<Check> = match ours {
            Some(ours) if has_same_type => ours.checks.to_vec(),
            _ => Vec::new(),
        };
        if is_required && !self.is_strict && !checks.iter().any(|check| matches!(check, Check::Required)) {
            checks.push(Check::Required);
        }
        checks.extend(limits(property, &kind)?);
        let mut key = match ours {
            Some(ours) => Key::clone(ours),
            None => Key::new(name, Kind::Any, "A key of the agent's schema."),
        };
        key.since = Period { earliest: OLDEST, latest: OLDEST };
        key.until = None;
        key.replacement = None;
        key.unverified = None;
        key.checks = Cow::Owned(checks);
        if let Some(doc) = doc {
            key.doc = Cow::Owned(doc.to_owned());
        }
        key.presence = if keeps_zero { Presence::Explicit } else { Presence::Implicit };
        Ok((key, kind))
    }

    /// The type of a value. What says nothing that is known here allows anything.
    fn kind(&mut self, schema: &'s Json, ours: Option<&Kind>, name: &str, depth: usize) -> Result<Type, String> {
        if depth > MAX_DEPTH {
            return Err("its lists and mappings hold each other without end".to_owned());
        }
        if schema.is_boolean() {
            return Ok(Type::Other(Kind::Any));
        }
        let object = self.follow(schema)?;
        let choices = object.get("anyOf").or_else(|| object.get("oneOf")).and_then(Json::as_array);
        if let Some(choices) = choices {
            let choices = choices.iter().map(|choice| self.follow(choice)).collect::<Result<Vec<_>, String>>()?;
            return Ok(Type::Other(scalar_of(&choices, ours)));
        }
        match object.get("type").and_then(Json::as_str) {
            Some("array") => {
                let own = match ours {
                    Some(Kind::List(item)) => Some(&**item),
                    _ => None,
                };
                let item = match object.get("items") {
                    Some(items) => self.kind(items, own, &format!("an item of {name}"), depth + 1)?,
                    None => Type::Other(Kind::Any),
                };
                Ok(Type::List(Box::new(item)))
            }
            Some("object") => match object.get("additionalProperties") {
                Some(values @ Json::Object(_)) => {
                    let own = match ours {
                        Some(Kind::Map(value)) => Some(&**value),
                        _ => None,
                    };
                    Ok(Type::Map(Box::new(self.kind(values, own, name, depth + 1)?)))
                }
                Some(Json::Bool(false)) => {
                    let own = ours.and_then(Kind::as_message);
                    let title = if name.starts_with("an item of ") { name.to_owned() } else { format!("`{name}`") };
                    Ok(Type::Message(self.message(object, own.as_ref(), &title)?))
                }
                _ => Ok(Type::Other(Kind::Any)),
            },
            _ => Ok(Type::Other(scalar_of(&[object], ours))),
        }
    }
}

/// The scalar that any of these schemas allows.
fn scalar_of(choices: &[&Map<String, Json>], ours: Option<&Kind>) -> Kind {
    let text = |object: &Map<String, Json>, key: &str| object.get(key).and_then(Json::as_str).map(str::to_owned);
    let types: Vec<String> = choices.iter().filter_map(|choice| text(choice, "type")).collect();
    let mut names: Vec<String> = Vec::new();
    for choice in choices {
        let listed = choice.get("enum").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
        names.extend(listed.map(str::to_owned));
        let is_alone = choices.len() == 1;
        let literal = text(choice, "pattern").filter(|_| !is_alone).and_then(|pattern| literal(&pattern));
        if let Some(literal) = literal {
            // The zero value, which comes first.
            names.insert(0, literal);
        }
    }
    if !names.is_empty() {
        return Kind::Enum(numbered(names, ours));
    }
    let integer = choices.iter().find(|choice| text(choice, "type").as_deref() == Some("integer"));
    if let Some(integer) = integer {
        let is_narrow = integer.get("maximum").and_then(Json::as_i64) == Some(i32::MAX.into())
            && integer.get("minimum").and_then(Json::as_i64) == Some(i32::MIN.into());
        return if is_narrow { Kind::Int32 } else { Kind::Int64 };
    }
    match &types[..] {
        [only] if only == "boolean" => Kind::Bool,
        [only] if only == "string" => {
            let is_duration = choices.iter().any(|choice| text(choice, "format").as_deref() == Some("duration"));
            if is_duration { Kind::Duration } else { Kind::Text }
        }
        _ => Kind::Any,
    }
}

/// The one text that an anchored pattern matches.
fn literal(pattern: &str) -> Option<String> {
    let inner = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let is_name = !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| inner.to_owned())
}

/// The numbers of names: that of the first is 0 in protobuf, others are known where kaslint knows the name.
fn numbered(names: Vec<String>, ours: Option<&Kind>) -> Names {
    let number = |index: usize, name: &str| match ours {
        Some(Kind::Enum(known)) => known.number_of(name).flatten().or((index == 0).then_some(0)),
        _ => (index == 0).then_some(0),
    };
    let names = names.into_iter().enumerate();
    Names::Given(names.map(|(index, name)| (name.clone().into_boxed_str(), number(index, &name))).collect::<Arc<[_]>>())
}

fn is_duration(kind: &Type) -> bool {
    matches!(kind, Type::Other(Kind::Duration))
}

/// Whether what kaslint's key has to hold to can be asked of the file's key.
fn is_same(ours: &Kind, kind: &Type) -> bool {
    match (ours, kind) {
        (Kind::List(ours), Type::List(item)) => is_same(ours, item),
        (Kind::Map(ours), Type::Map(value)) => is_same(ours, value),
        (Kind::Message(_), Type::Message(_)) => true,
        (ours, Type::Other(kind)) => std::mem::discriminant(ours) == std::mem::discriminant(kind),
        _ => false,
    }
}

/// What the schema asks of a value beyond its type.
fn limits(property: &Json, kind: &Type) -> Result<Vec<Check>, String> {
    let number = |key: &str| property.get(key).and_then(Json::as_u64);
    let mut checks = Vec::new();
    match kind {
        Type::Other(Kind::Text) => {
            checks.extend(number("minLength").map(Check::MinLength));
            checks.extend(number("maxLength").map(Check::MaxLength));
            if let Some(pattern) = property.get("pattern").and_then(Json::as_str) {
                let pattern = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build();
                let pattern: Regex = pattern.map_err(|_| "it has a `pattern` that cannot be read".to_owned())?;
                checks.push(Check::Pattern(pattern));
            }
        }
        Type::List(_) => {
            checks.extend(number("minItems").map(Check::MinItems));
            checks.extend(number("maxItems").map(Check::MaxItems));
        }
        Type::Other(Kind::Int32 | Kind::Int64) => {
            let limit = |key: &str| property.get(key).and_then(Json::as_i64);
            let (low, high) = (limit("minimum"), limit("maximum"));
            if low.is_some_and(|low| low > i32::MIN.into()) || high.is_some_and(|high| high < i32::MAX.into()) {
                checks.push(Check::Range(low.unwrap_or(i64::MIN), high.unwrap_or(i64::MAX)));
            }
        }
        _ => {}
    }
    Ok(checks)
}
