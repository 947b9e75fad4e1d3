//! Decoded values with the places where they are written.

use super::duration::Duration;
use super::table::{KeyRef, MessageRef};
use crate::source::Span;
use crate::yaml::NodeId;

/// A decoded value.
#[derive(Clone, Debug)]
pub struct Value {
    /// Where it is written; behind an alias, where the anchor's value is written.
    pub span: Span,
    /// The node it was decoded from, aliases followed.
    pub node: NodeId,
    /// What it is.
    pub data: Data,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Data {
    /// Null: not set.
    Null,
    /// Text.
    Text(Box<str>),
    /// A boolean.
    Bool(bool),
    /// An integer; `wide` for a 64-bit field, which JSON writes as text.
    Int {
        /// The number; those of a field with a sign fit 64 bits.
        value: i128,
        /// Whether the field has 64 bits.
        wide: bool,
    },
    /// A value of an enum.
    Enum {
        /// Its number, where that is known.
        number: Option<i32>,
        /// Its name, where the number has one.
        name: Option<Box<str>>,
    },
    /// A duration.
    Duration(Duration),
    /// A mapping with known keys.
    Message(MessageValue),
    /// A list.
    List(Vec<Value>),
    /// A mapping with free keys.
    Map(Vec<(Box<str>, Span, Value)>),
    /// Anything, where the table does not say.
    Any,
    /// Something that is not of the type, which a problem says.
    Invalid,
}

/// The fields of a mapping with known keys.
#[derive(Clone, Debug)]
pub struct MessageValue {
    /// Its table.
    pub message: MessageRef,
    /// The fields that are written, in the order in which their keys are.
    pub fields: Vec<Field>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Field {
    /// The key's entry in the table.
    pub key: KeyRef,
    /// Where the key is written.
    pub key_span: Span,
    /// The value.
    pub value: Value,
}

impl MessageValue {
    /// The field of this name, if it is written; its value may be null.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key.name == name)
    }

    /// The field of this name, if it is set: written and not null.
    #[must_use]
    pub fn set(&self, name: &str) -> Option<&Field> {
        self.field(name).filter(|field| !matches!(field.value.data, Data::Null))
    }
}

impl Value {
    /// The mapping with known keys that it is.
    #[must_use]
    pub fn as_message(&self) -> Option<&MessageValue> {
        match &self.data {
            Data::Message(message) => Some(message),
            _ => None,
        }
    }

    /// The items of the list that it is; none otherwise.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// The text that it is.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean that it is.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.data {
            Data::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The integer that it is.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self.data {
            Data::Int { value, .. } => i64::try_from(value).ok(),
            _ => None,
        }
    }
}
