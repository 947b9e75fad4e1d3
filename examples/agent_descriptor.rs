//! Prints the message of the agent configuration as the newest release knows it: a `FileDescriptorProto` in JSON, made from
//! the table of keys. `tests/peers/kas` reads files with it.
//!
//! It has names, types, presence and oneofs, nothing of what validation asks. Keys whose type the table leaves open are
//! left out, and the numbers of fields are made up: neither YAML nor JSON shows them.

use std::io::{self, Write as _};

use kaslint::agent_config::CONFIGURATION;
use kaslint::gitlab::NEWEST;
use kaslint::schema::{Key, Kind, Members, MessageRef, Presence};
use serde_json::{Value as Json, json};

const PACKAGE: &str = "agent";

fn main() -> io::Result<()> {
    let mut file = File::default();
    file.message(&(&CONFIGURATION).into());
    let descriptor = json!({
        "name": "agent.proto",
        "package": PACKAGE,
        "syntax": "proto3",
        "dependency": ["google/protobuf/duration.proto"],
        "messageType": file.written,
    });
    serde_json::to_writer_pretty(io::stdout().lock(), &descriptor)?;
    writeln!(io::stdout())
}

#[derive(Default)]
struct File {
    /// The messages that have a name, which is their position.
    known: Vec<MessageRef>,
    /// The messages that are complete, those of enums and maps included.
    written: Vec<Json>,
}

impl File {
    /// The full name of a message, which is written once.
    fn message(&mut self, message: &MessageRef) -> String {
        let known = self.known.iter().position(|known| known == message);
        let index = known.unwrap_or(self.known.len());
        let name = format!("Message{index}");
        if known.is_none() {
            self.known.push(message.clone());
            let written = self.descriptor(&name, message);
            self.written.push(written);
        }
        format!(".{PACKAGE}.{name}")
    }

    fn descriptor(&mut self, name: &str, message: &MessageRef) -> Json {
        let mut fields = Vec::new();
        let mut nested = Vec::new();
        // Those that presence alone asks for come behind the real ones.
        let mut oneofs = Vec::new();
        if message.members == Members::ExactlyOne {
            oneofs.push(json!({ "name": "member" }));
        }
        let keys = message.keys.iter().filter(|key| key.is_known(NEWEST) && !matches!(key.kind, Kind::Any));
        for (index, key) in keys.enumerate() {
            let mut field = self.field(name, key, &mut nested);
            field["name"] = key.name.as_ref().into();
            field["jsonName"] = key.name.as_ref().into();
            field["number"] = (index + 1).into();
            if message.members == Members::ExactlyOne {
                field["oneofIndex"] = 0.into();
            } else if key.presence == Presence::Explicit {
                field["oneofIndex"] = oneofs.len().into();
                field["proto3Optional"] = true.into();
                oneofs.push(json!({ "name": format!("_{}", key.name) }));
            }
            fields.push(field);
        }
        json!({
            "name": name,
            "field": fields,
            "nestedType": nested,
            "oneofDecl": oneofs,
        })
    }

    /// The label and type of a field; what they need is added to the nested types of its message.
    fn field(&mut self, message: &str, key: &Key, nested: &mut Vec<Json>) -> Json {
        match &key.kind {
            Kind::List(item) => {
                let mut field = self.single(message, &key.name, item, nested);
                field["label"] = "LABEL_REPEATED".into();
                field
            }
            Kind::Map(value) => {
                let mut entry_value = self.single(message, &key.name, value, nested);
                entry_value["name"] = "value".into();
                entry_value["number"] = 2.into();
                let entry_key = json!({ "name": "key", "number": 1, "label": "LABEL_OPTIONAL", "type": "TYPE_STRING" });
                let entry = entry_name(&key.name);
                nested
                    .push(json!({ "name": entry, "field": [entry_key, entry_value], "options": { "mapEntry": true } }));
                json!({ "label": "LABEL_REPEATED", "type": "TYPE_MESSAGE", "typeName": format!(".{PACKAGE}.{message}.{entry}") })
            }
            kind => self.single(message, &key.name, kind, nested),
        }
    }

    fn single(&mut self, message: &str, name: &str, kind: &Kind, nested: &mut Vec<Json>) -> Json {
        let of_type = |name: &str| json!({ "label": "LABEL_OPTIONAL", "type": name });
        let named = |kind: &str, name: String| json!({ "label": "LABEL_OPTIONAL", "type": kind, "typeName": name });
        match kind {
            Kind::Text => of_type("TYPE_STRING"),
            Kind::Bool => of_type("TYPE_BOOL"),
            Kind::Int32 => of_type("TYPE_INT32"),
            Kind::Int64 => of_type("TYPE_INT64"),
            Kind::UInt32 => of_type("TYPE_UINT32"),
            Kind::UInt64 => of_type("TYPE_UINT64"),
            Kind::Duration => named("TYPE_MESSAGE", ".google.protobuf.Duration".to_owned()),
            Kind::Message(link) => match link.follow() {
                Some(inner) => named("TYPE_MESSAGE", self.message(&inner)),
                None => json!({ "type": null }),
            },
            Kind::Enum(names) => {
                // Names of an enum's values have to differ from those of other enums beside it.
                let values = format!("Values_{name}");
                let numbered = names.all().into_iter().enumerate();
                let numbered: Vec<Json> =
                    numbered.map(|(number, name)| json!({ "name": name, "number": number })).collect();
                let holder = format!("Enum_{name}");
                nested.push(json!({ "name": holder, "enumType": [{ "name": values, "value": numbered }] }));
                named("TYPE_ENUM", format!(".{PACKAGE}.{message}.{holder}.{values}"))
            }
            // No key of an agent's file has one of these.
            Kind::Word(_) | Kind::TextOr(_) | Kind::List(_) | Kind::Map(_) | Kind::Any => json!({ "type": null }),
        }
    }
}

/// The name that the descriptor of a map's entries must have.
fn entry_name(field: &str) -> String {
    let mut upper = true;
    let camel = field.chars().filter_map(|character| match character {
        '_' => {
            upper = true;
            None
        }
        _ if std::mem::take(&mut upper) => Some(character.to_ascii_uppercase()),
        _ => Some(character),
    });
    camel.collect::<String>() + "Entry"
}
