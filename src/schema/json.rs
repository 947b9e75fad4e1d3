//! The canonical form: what GitLab's Rails side receives.
//!
//! Values equal to the protobuf default are left out, messages are kept even when empty, 64-bit integers are texts
//! (protojson's `encode.go`).

use serde_json::{Map, Value as Json};

use super::table::Presence;
use super::value::{Data, MessageValue, Value};

/// The canonical JSON of a decoded message; invalid values are left out.
#[must_use]
pub fn to_json(message: &MessageValue) -> Json {
    let mut object = Map::new();
    for key in &message.message.keys {
        let Some(field) = message.set(&key.name) else { continue };
        let Some(json) = value_to_json(&field.value) else { continue };
        if key.presence == Presence::Explicit || !is_default(&field.value) {
            object.insert(key.name.to_string(), json);
        }
    }
    Json::Object(object)
}

fn is_default(value: &Value) -> bool {
    match &value.data {
        Data::Text(text) => text.is_empty(),
        Data::Bool(value) => !value,
        Data::Int { value, .. } => *value == 0,
        Data::Enum { number, .. } => *number == Some(0),
        Data::List(items) => items.is_empty(),
        Data::Map(entries) => entries.is_empty(),
        Data::Null | Data::Invalid | Data::Any => true,
        Data::Message(_) | Data::Duration(_) => false,
    }
}

fn value_to_json(value: &Value) -> Option<Json> {
    Some(match &value.data {
        Data::Null | Data::Invalid | Data::Any => return None,
        Data::Text(text) => Json::from(&**text),
        Data::Bool(value) => Json::from(*value),
        Data::Int { value, wide: true } => Json::from(value.to_string()),
        Data::Int { value, wide: false } => Json::from(i64::try_from(*value).ok()),
        Data::Enum { name: Some(name), .. } => Json::from(&**name),
        Data::Enum { number, name: None } => Json::from(*number),
        Data::Duration(duration) => Json::from(duration.to_string()),
        Data::Message(message) => to_json(message),
        Data::List(items) => Json::Array(items.iter().filter_map(value_to_json).collect()),
        Data::Map(entries) => Json::Object(
            entries.iter().filter_map(|(key, _, value)| Some((key.to_string(), value_to_json(value)?))).collect(),
        ),
    })
}
