//! The JSON Schema that GitLab publishes with each release of the agent, as bundle or strict bundle: which keys there are, and their types.
//!
//! It is made by `protoc-gen-jsonschema` (github.com/bufbuild/protoschema-plugins) from the message that the agent server reads. It
//! says nothing of what GitLab's Rails side and the agent do, of oneofs, nor of protojson's rules for a type: these stay kaslint's. A
//! message of the file and one of kaslint's are the same where the same keys lead to them from the top; names of definitions count for nothing.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value as Json};

use super::CONFIGURATION;
use crate::gitlab::OLDEST;
use crate::schema::{
    Check, Key, KeyRef, Kind, Limit, Link, Members, Message, MessageRef, Messages, Names, Period, Presence,
};

/// The largest file that is read, in bytes; that of 18.4 has some 20 KB.
pub const MAX_AGENT_SCHEMA_SIZE: u64 = 2 << 20;

/// The most messages that a table is built of. A definition is built once for each of kaslint's messages that the same keys lead to.
const MAX_MESSAGES: usize = 1_000;

/// The most keys of all messages together, with the names of enums.
const MAX_KEYS: usize = 5_000;

/// The most bytes of a key's name.
const MAX_NAME: usize = 200;

/// The most patterns that are built, and bytes that each of them may take.
const MAX_PATTERNS: usize = 100;
const MAX_PATTERN_SIZE: usize = 64 << 10;

/// The most characters of a description that are kept.
const MAX_DESCRIPTION: usize = 1_000;

/// How many definitions may stand for one another, and how deep lists and maps may hold each other.
const MAX_DEPTH: usize = 64;

/// The agent's published schema, laid over kaslint's own table of keys.
#[derive(Clone, Debug)]
pub struct AgentSchema {
    top: MessageRef,
    /// The keys whose `pattern` is none that can be tried here.
    unread_patterns: BTreeSet<String>,
}

impl AgentSchema {
    /// Reads a bundle or a strict bundle.
    ///
    /// # Errors
    /// What keeps the text from being one, as a clause.
    pub fn read(text: &str) -> Result<Self, String> {
        let schema: Json = serde_json::from_str(text).map_err(|error| format!("it is no JSON ({error})"))?;
        let ids = stays_inside(&schema)?;
        let mut reader = Reader {
            schema: &schema,
            ids,
            is_strict: is_strict(&schema),
            built: Vec::new(),
            pending: Vec::new(),
            known: HashMap::new(),
            keys: 0,
            patterns: 0,
            unread_patterns: BTreeSet::new(),
        };
        let none_of_it = || "it is not the JSON Schema that GitLab publishes of the agent's configuration".to_owned();
        if !schema.is_object() {
            return Err(none_of_it());
        }
        let top = reader.follow(&schema)?;
        let ours = MessageRef::from(&CONFIGURATION);
        let has_our_keys = || {
            let properties = top.get("properties").and_then(Json::as_object);
            properties.is_some_and(|properties| properties.keys().any(|key| ours.key(key).is_some()))
        };
        if top.get("type").and_then(Json::as_str) != Some("object") || !has_our_keys() {
            return Err(none_of_it());
        }
        reader.message(top, Some(&ours), &ours.name)?;
        // One after the other: definitions may lead to each other as far as there are any.
        while let Some(pending) = reader.pending.pop() {
            reader.build(pending)?;
        }
        let Reader { built, unread_patterns, .. } = reader;
        let messages = Messages::build(|link| built.into_iter().map(|message| message.into_message(link)).collect());
        messages.top().map(|top| Self { top, unread_patterns }).ok_or_else(none_of_it)
    }

    /// The message of the whole file.
    #[must_use]
    pub fn top(&self) -> &MessageRef {
        &self.top
    }

    /// The keys whose `pattern` is none that can be tried here, so that values are not held against it.
    #[must_use]
    pub fn unread_patterns(&self) -> &BTreeSet<String> {
        &self.unread_patterns
    }
}

/// Whether a schema is of the strict form, in which scalars without presence are required and have no default. Its names say so; where
/// they were changed, it is the form that has required keys and no default anywhere.
fn is_strict(schema: &Json) -> bool {
    let texts = ["$id", "$ref"].into_iter().filter_map(|key| schema.get(key)?.as_str());
    let definitions = schema.get("$defs").and_then(Json::as_object);
    let mut names = texts.chain(definitions.into_iter().flat_map(|all| all.keys().map(String::as_str)));
    if names.clone().any(|name| name.contains(".jsonschema.strict.")) {
        return true;
    }
    if names.any(|name| name.contains(".jsonschema.")) {
        return false;
    }
    let (mut has_default, mut has_required) = (false, false);
    let definitions = definitions.into_iter().flat_map(Map::values).chain([schema]);
    for definition in definitions {
        let properties = definition.get("properties").and_then(Json::as_object);
        has_default |= properties.is_some_and(|all| all.values().any(|property| property.get("default").is_some()));
        has_required |= definition.get("required").is_some_and(Json::is_array);
    }
    has_required && !has_default
}

/// Makes sure that nothing in a schema refers to what is not in it, and gives the definitions that have an `$id`, by that.
fn stays_inside(schema: &Json) -> Result<HashMap<&str, &Json>, String> {
    let definitions = schema.get("$defs").and_then(Json::as_object);
    let definitions = definitions.into_iter().flat_map(Map::values);
    let ids: HashMap<&str, &Json> =
        definitions.filter_map(|definition| Some((definition.get("$id")?.as_str()?, definition))).collect();
    let mut work = vec![schema];
    while let Some(value) = work.pop() {
        match value {
            Json::Object(object) => {
                for (key, value) in object {
                    match value {
                        Json::String(to) if matches!(&**key, "$ref" | "$dynamicRef" | "$recursiveRef") => {
                            if !to.starts_with('#') && !ids.contains_key(&**to) {
                                return Err(
                                    "it refers to something outside itself; take the bundle, which holds all definitions"
                                        .to_owned(),
                                );
                            }
                        }
                        value => work.push(value),
                    }
                }
            }
            Json::Array(items) => work.extend(items),
            _ => {}
        }
    }
    Ok(ids)
}

/// A message whose links are positions.
#[derive(Default)]
struct Built {
    name: String,
    keys: Vec<(Key, Type)>,
    left_out: Vec<KeyRef>,
    is_one_of: bool,
}

impl Built {
    fn into_message(self, link: &dyn Fn(usize) -> Link) -> Message {
        let keys = self.keys.into_iter().map(|(key, kind)| Key { kind: kind.into_kind(link), ..key }).collect();
        let message = match self.is_one_of {
            true => Message::one_of(self.name, keys),
            false => Message::new(self.name, keys),
        };
        Message { left_out: self.left_out, ..message }
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

/// A message that has its position and is still to be built.
struct Pending<'s> {
    index: usize,
    object: &'s Map<String, Json>,
    ours: Option<MessageRef>,
    name: String,
}

struct Reader<'s> {
    schema: &'s Json,
    /// The definitions that have an `$id`.
    ids: HashMap<&'s str, &'s Json>,
    is_strict: bool,
    built: Vec<Built>,
    pending: Vec<Pending<'s>>,
    /// The position of a definition, by its address and that of kaslint's own message, or the name that it has without one.
    known: HashMap<(usize, usize, String), usize>,
    keys: usize,
    patterns: usize,
    unread_patterns: BTreeSet<String>,
}

impl<'s> Reader<'s> {
    /// The definition that a schema stands for.
    fn follow(&self, mut schema: &'s Json) -> Result<&'s Map<String, Json>, String> {
        for _ in 0..MAX_DEPTH {
            let object = schema.as_object().ok_or("it is no JSON Schema: a definition is no object")?;
            let same = object.get("allOf").and_then(Json::as_array).and_then(|all| match &all[..] {
                [only] => Some(only),
                _ => None,
            });
            schema = match (object.get("$ref"), same) {
                (Some(reference), _) => self.definition(reference)?,
                (None, Some(only)) => only,
                (None, None) => return Ok(object),
            };
        }
        Err("its definitions stand for one another without end".to_owned())
    }

    fn definition(&self, reference: &Json) -> Result<&'s Json, String> {
        let reference = reference.as_str().ok_or("it is no JSON Schema: a `$ref` is no text")?;
        let found = match reference.strip_prefix('#') {
            Some(pointer) => self.schema.pointer(pointer),
            None => self.ids.get(reference).copied(),
        };
        found.ok_or_else(|| "it refers to a definition that it does not have; is it whole?".to_owned())
    }

    fn count(&mut self, more: usize) -> Result<(), String> {
        self.keys = self.keys.saturating_add(more);
        match self.keys > MAX_KEYS {
            true => Err(format!("it has more than {MAX_KEYS} keys and names")),
            false => Ok(()),
        }
    }

    /// The position of a message.
    fn message(
        &mut self,
        object: &'s Map<String, Json>,
        ours: Option<&MessageRef>,
        name: &str,
    ) -> Result<usize, String> {
        let address = ours.map_or(0, MessageRef::address);
        let own_name = if ours.is_some() { String::new() } else { name.to_owned() };
        let identity = (std::ptr::from_ref(object).addr(), address, own_name);
        if let Some(index) = self.known.get(&identity) {
            return Ok(*index);
        }
        let index = self.built.len();
        if index >= MAX_MESSAGES {
            return Err(format!("it has more than {MAX_MESSAGES} messages"));
        }
        self.known.insert(identity, index);
        self.built.push(Built::default());
        self.pending.push(Pending { index, object, ours: ours.cloned(), name: name.to_owned() });
        Ok(index)
    }

    fn build(&mut self, pending: Pending<'s>) -> Result<(), String> {
        let Pending { index, object, ours, name } = pending;
        let required = object.get("required").and_then(Json::as_array);
        let required: BTreeSet<&str> = required.into_iter().flatten().filter_map(Json::as_str).collect();
        // A schema that nothing fits stands for a key that is not there.
        let mut properties: HashMap<&'s str, &'s Json> = HashMap::new();
        let mut order = Vec::new();
        for (name, property) in object.get("properties").and_then(Json::as_object).into_iter().flatten() {
            if property != &Json::Bool(false) {
                properties.insert(name, property);
                order.push(&**name);
            }
        }
        self.count(order.len())?;
        let ours = ours.as_ref();
        let own: Vec<KeyRef> = ours.into_iter().flat_map(MessageRef::all).collect();
        let mut keys = Vec::with_capacity(order.len());
        // Those that kaslint knows come in its order, which is that of the documentation.
        for key in &own {
            if let Some(property) = properties.remove(&*key.name) {
                keys.push(self.key(&key.name, property, Some(key), &required)?);
            }
        }
        for name in order {
            if let Some(property) = properties.remove(name) {
                keys.push(self.key(name, property, None, &required)?);
            }
        }
        let left_out = own.into_iter().filter(|own| !keys.iter().any(|(key, _)| key.name == own.name)).collect();
        let name = ours.map_or(name, |ours| ours.name.to_string());
        let is_one_of = ours.is_some_and(|ours| ours.members == Members::ExactlyOne);
        if let Some(slot) = self.built.get_mut(index) {
            *slot = Built { name, keys, left_out, is_one_of };
        }
        Ok(())
    }

    fn key(
        &mut self,
        name: &str,
        property: &'s Json,
        ours: Option<&KeyRef>,
        required: &BTreeSet<&str>,
    ) -> Result<(Key, Type), String> {
        let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_usual) {
            return Err("it has a key that is no name of a protobuf field".to_owned());
        }
        let kind = self.kind(property, ours.map(|key| &key.kind), name, false, 0)?;
        let definition = self.follow_if_any(property)?;
        let described = property.get("description").or_else(|| definition?.get("description"));
        let is_required = required.contains(name);
        let is_scalar = matches!(kind, Type::Other(_)) && !matches!(kind, Type::Other(Kind::Duration | Kind::Any));
        let is_zero_unset = property.get("default").is_some() || self.is_strict && is_required;
        let mut checks: Vec<Check> = match ours {
            Some(ours) if is_same(&ours.kind, &kind) => ours.checks.to_vec(),
            _ => Vec::new(),
        };
        if is_required && !self.is_strict {
            checks.push(Check::Present);
        }
        let (own, of_items) = self.limits(property, &kind, name, 0)?;
        checks.extend(own.into_iter().map(Check::Limit));
        if !of_items.is_empty() {
            checks.push(Check::Each(of_items.into()));
        }
        let mut key = match ours {
            Some(ours) => Key::clone(ours),
            None => Key::new(name.to_owned(), Kind::Any, "It stands in the agent's schema that was given."),
        };
        key.since = Period { earliest: OLDEST, latest: OLDEST };
        (key.until, key.replacement, key.unverified, key.or_else) = (None, None, None, None);
        key.checks = Cow::Owned(checks);
        if let Some(doc) = described.and_then(Json::as_str).and_then(one_paragraph) {
            (key.doc, key.is_doc_read) = (Cow::Owned(doc), true);
        }
        key.presence = if is_scalar && !is_zero_unset { Presence::Explicit } else { Presence::Implicit };
        Ok((key, kind))
    }

    /// The definition behind a property; `None` where the property allows anything.
    fn follow_if_any(&self, property: &'s Json) -> Result<Option<&'s Map<String, Json>>, String> {
        if property.is_boolean() { Ok(None) } else { self.follow(property).map(Some) }
    }

    /// The type of a value. What says nothing that is known here allows anything.
    fn kind(
        &mut self,
        schema: &'s Json,
        ours: Option<&Kind>,
        name: &str,
        is_item: bool,
        depth: usize,
    ) -> Result<Type, String> {
        if depth > MAX_DEPTH {
            return Err("its lists and mappings hold each other without end".to_owned());
        }
        if schema.is_boolean() {
            return Ok(Type::Other(Kind::Any));
        }
        let choices = self.choices(schema)?;
        let [object] = choices[..] else { return Ok(Type::Other(self.scalar(&choices, ours)?)) };
        match type_of(object) {
            Some("array") => {
                let own = match ours {
                    Some(Kind::List(item)) => Some(&**item),
                    _ => None,
                };
                let item = match object.get("items") {
                    Some(items) => self.kind(items, own, name, true, depth + 1)?,
                    None => Type::Other(Kind::Any),
                };
                Ok(Type::List(Box::new(item)))
            }
            Some("object") => match (object.get("properties"), object.get("additionalProperties")) {
                (None, Some(values @ Json::Object(_))) => {
                    let own = match ours {
                        Some(Kind::Map(value)) => Some(&**value),
                        _ => None,
                    };
                    Ok(Type::Map(Box::new(self.kind(values, own, name, true, depth + 1)?)))
                }
                (Some(_), _) | (None, Some(Json::Bool(false))) => {
                    let own = ours.and_then(Kind::as_message);
                    let shown = if is_item { format!("an item of `{name}`") } else { format!("`{name}`") };
                    Ok(Type::Message(self.message(object, own.as_ref(), &shown)?))
                }
                _ => Ok(Type::Map(Box::new(Type::Other(Kind::Any)))),
            },
            _ => Ok(Type::Other(self.scalar(&choices, ours)?)),
        }
    }

    /// The definitions of which a value may follow any, without that of null, which protojson takes for every key.
    fn choices(&self, schema: &'s Json) -> Result<Vec<&'s Map<String, Json>>, String> {
        let object = self.follow(schema)?;
        let Some(choices) = object.get("anyOf").or_else(|| object.get("oneOf")).and_then(Json::as_array) else {
            return Ok(vec![object]);
        };
        let choices: Result<Vec<_>, String> = choices.iter().map(|choice| self.follow(choice)).collect();
        Ok(choices?.into_iter().filter(|choice| type_of(choice) != Some("null")).collect())
    }

    /// The scalar that any of these schemas allows.
    fn scalar(&mut self, choices: &[&'s Map<String, Json>], ours: Option<&Kind>) -> Result<Kind, String> {
        self.count(choices.len() - usize::from(!choices.is_empty()))?;
        let integer = choices.iter().copied().find(|choice| type_of(choice) == Some("integer"));
        if let Some(names) = self.names(choices, ours)? {
            return Ok(Kind::Enum(numbered(names, ours)));
        }
        if let Some(integer) = integer {
            return Ok(integer_kind(integer, choices, ours));
        }
        let types: BTreeSet<Option<&str>> = choices.iter().map(|choice| type_of(choice)).collect();
        Ok(match types.into_iter().collect::<Vec<_>>()[..] {
            [Some("boolean")] => Kind::Bool,
            [Some("string")] => {
                let is_duration = |choice: &&Map<String, Json>| text_of(choice, "format") == Some("duration");
                if choices.iter().any(is_duration) { Kind::Duration } else { Kind::Text }
            }
            _ => Kind::Any,
        })
    }

    /// The names of the enum that these schemas allow, the zero value's first; `None` where they are none.
    ///
    /// The plain form allows numbers beside them. Without these, it is text that is limited to some values. The strict form does not tell the
    /// two apart.
    fn names(&mut self, choices: &[&'s Map<String, Json>], ours: Option<&Kind>) -> Result<Option<Vec<String>>, String> {
        let allows_numbers = choices.iter().any(|choice| type_of(choice) == Some("integer"));
        let is_enum = match ours {
            Some(Kind::Enum(_)) => true,
            Some(Kind::Text) => allows_numbers,
            _ => allows_numbers || self.is_strict,
        };
        if !is_enum {
            return Ok(None);
        }
        let mut names: Vec<String> = Vec::new();
        for choice in choices {
            let listed = choice.get("enum").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
            names.extend(listed.map(str::to_owned));
            if let Some(literal) = text_of(choice, "pattern").and_then(literal) {
                names.insert(0, literal.to_owned());
            }
        }
        self.count(names.len())?;
        Ok((!names.is_empty()).then_some(names))
    }

    /// What the schema asks of a value beyond its type, and of the items or values in it.
    fn limits(
        &mut self,
        schema: &'s Json,
        kind: &Type,
        name: &str,
        depth: usize,
    ) -> Result<(Vec<Limit>, Vec<Limit>), String> {
        if schema.is_boolean() || depth > 1 {
            return Ok(Default::default());
        }
        let choices = self.choices(schema)?;
        let mut own = Vec::new();
        let mut of_items = Vec::new();
        match kind {
            Type::Other(Kind::Text) => {
                for choice in choices.iter().take(1) {
                    let length = |key: &str| choice.get(key).and_then(Json::as_u64);
                    own.extend(length("minLength").filter(|least| *least > 0).map(Limit::MinLength));
                    own.extend(length("maxLength").map(Limit::MaxLength));
                    let allowed = choice.get("enum").and_then(Json::as_array);
                    if let Some(allowed) = allowed {
                        self.count(allowed.len())?;
                        let allowed = allowed.iter().filter_map(Json::as_str).map(Box::from);
                        own.push(Limit::OneOf(allowed.collect()));
                    }
                    if let Some(pattern) = text_of(choice, "pattern") {
                        own.extend(self.pattern(pattern, name)?);
                    }
                }
            }
            Type::List(item) => {
                let [list] = choices[..] else { return Ok(Default::default()) };
                own.extend(counts(list, "minItems", "maxItems"));
                if let Some(items) = list.get("items") {
                    of_items = self.limits(items, item, name, depth + 1)?.0;
                }
            }
            Type::Map(value) => {
                let [map] = choices[..] else { return Ok(Default::default()) };
                own.extend(counts(map, "minProperties", "maxProperties"));
                if let Some(values) = map.get("additionalProperties") {
                    of_items = self.limits(values, value, name, depth + 1)?.0;
                }
            }
            Type::Other(kind @ (Kind::Int32 | Kind::Int64 | Kind::UInt32 | Kind::UInt64)) => {
                let integer = choices.iter().copied().find(|choice| type_of(choice) == Some("integer"));
                let (least, most) = integer.map(bounds).unwrap_or_default();
                let (natural_least, natural_most) = range_of(kind);
                own.extend(least.filter(|least| *least > natural_least).map(Limit::Min));
                own.extend(most.filter(|most| *most < natural_most).map(Limit::Max));
            }
            Type::Other(_) | Type::Message(_) => {}
        }
        Ok((own, of_items))
    }

    /// A pattern; `None` for one that cannot be tried here, of which a note is made.
    fn pattern(&mut self, pattern: &str, name: &str) -> Result<Option<Limit>, String> {
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            return Err(format!("it has more than {MAX_PATTERNS} keys with a `pattern`"));
        }
        let built: Result<Regex, _> = RegexBuilder::new(pattern).size_limit(MAX_PATTERN_SIZE).build();
        if built.is_err() {
            self.unread_patterns.insert(name.to_owned());
        }
        Ok(built.ok().map(Limit::Pattern))
    }
}

fn text_of<'s>(object: &'s Map<String, Json>, key: &str) -> Option<&'s str> {
    object.get(key).and_then(Json::as_str)
}

/// The type that a definition names, beside null.
fn type_of(object: &Map<String, Json>) -> Option<&str> {
    match object.get("type")? {
        Json::String(name) => Some(name),
        Json::Array(names) => {
            let mut names = names.iter().filter_map(Json::as_str).filter(|name| *name != "null");
            let first = names.next();
            first.filter(|_| names.next().is_none())
        }
        _ => None,
    }
}

/// A whole number, which may be beyond 64 bits or written with a point.
fn whole(number: &Json) -> Option<i128> {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(number), ..) => Some(number.into()),
        (_, Some(number), _) => Some(number.into()),
        // Beyond 1e30 it is out of every range.
        (.., Some(number)) if number.fract() == 0.0 => number.clamp(-1e30, 1e30).to_string().parse().ok(),
        _ => None,
    }
}

/// The least and the greatest number that a definition allows.
fn bounds(integer: &Map<String, Json>) -> (Option<i128>, Option<i128>) {
    let number = |key: &str| integer.get(key).and_then(whole);
    let least = [number("minimum"), number("exclusiveMinimum").map(|number| number + 1)].into_iter().flatten().max();
    let most = [number("maximum"), number("exclusiveMaximum").map(|number| number - 1)].into_iter().flatten().min();
    (least, most)
}

fn range_of(kind: &Kind) -> (i128, i128) {
    match kind {
        Kind::Int32 => (i32::MIN.into(), i32::MAX.into()),
        Kind::UInt32 => (0, u32::MAX.into()),
        Kind::UInt64 => (0, u64::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

/// The integer that a definition means: those of 32 bits have the limits of the type, unless a rule limits them further.
fn integer_kind(integer: &Map<String, Json>, choices: &[&Map<String, Json>], ours: Option<&Kind>) -> Kind {
    let (least, most) = bounds(integer);
    let (least_32, most_32) = range_of(&Kind::Int32);
    let is_unsigned_text = |choice: &&Map<String, Json>| text_of(choice, "pattern") == Some("^[0-9]+$");
    match (least, most, ours) {
        (_, Some(most), _) if most == range_of(&Kind::UInt32).1 => Kind::UInt32,
        (_, Some(most), _) if most >= range_of(&Kind::UInt64).1 => Kind::UInt64,
        (Some(least), _, _) if least == least_32 => Kind::Int32,
        (_, Some(most), _) if most == most_32 => Kind::Int32,
        (Some(_), _, Some(ours @ (Kind::Int32 | Kind::Int64 | Kind::UInt32 | Kind::UInt64)))
        | (_, Some(_), Some(ours @ (Kind::Int32 | Kind::Int64 | Kind::UInt32 | Kind::UInt64))) => ours.clone(),
        _ if choices.iter().any(is_unsigned_text) => Kind::UInt64,
        _ => Kind::Int64,
    }
}

fn counts(object: &Map<String, Json>, least: &str, most: &str) -> impl Iterator<Item = Limit> {
    let number = |key: &str| object.get(key).and_then(Json::as_u64);
    let least = number(least).filter(|least| *least > 0).map(Limit::MinItems);
    least.into_iter().chain(number(most).map(Limit::MaxItems))
}

/// The one text that an anchored pattern matches.
fn literal(pattern: &str) -> Option<&str> {
    let inner = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let is_name = !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some(inner)
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

/// Whether what kaslint's key has to hold to can be asked of the file's key.
fn is_same(ours: &Kind, kind: &Type) -> bool {
    let is_integer = |kind: &Kind| matches!(kind, Kind::Int32 | Kind::Int64 | Kind::UInt32 | Kind::UInt64);
    match (ours, kind) {
        (Kind::List(ours), Type::List(item)) => is_same(ours, item),
        (Kind::Map(ours), Type::Map(value)) => is_same(ours, value),
        (Kind::Message(_), Type::Message(_)) => true,
        (ours, Type::Other(kind)) => {
            std::mem::discriminant(ours) == std::mem::discriminant(kind) || is_integer(ours) && is_integer(kind)
        }
        _ => false,
    }
}

/// A description as one paragraph, cut where it is long; `None` for nothing.
fn one_paragraph(text: &str) -> Option<String> {
    let start: String = text.chars().take(4 * MAX_DESCRIPTION).collect();
    let words: Vec<&str> = start.split_whitespace().collect();
    let text = words.join(" ");
    let cut: String = text.chars().take(MAX_DESCRIPTION).collect();
    match cut.is_empty() {
        true => None,
        false if cut.len() < text.len() => Some(cut + " …"),
        false => Some(cut),
    }
}
