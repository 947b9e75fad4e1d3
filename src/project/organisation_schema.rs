//! An organisation's own schemas for agent files.

use std::collections::HashMap;
use std::fmt;

use jsonschema::Validator;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::agent_config::AgentSchema;

/// An organisation's own JSON Schema for agent files.
pub struct OrganisationSchema {
    path: String,
    validator: Validator,
    is_agents: bool,
}

impl OrganisationSchema {
    /// Reads a schema; `path` is how messages name it.
    ///
    /// # Errors
    /// What is wrong with it, as a clause.
    pub fn read(path: &str, text: &str) -> Result<Self, String> {
        let schema: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON ({error})"))?;
        Extent::of(&schema)?;
        let validator =
            jsonschema::validator_for(&schema).map_err(|error| format!("it is no JSON Schema ({error})"))?;
        // Who had it before there was a setting for it had it here.
        let is_agents = AgentSchema::read(text).is_ok();
        Ok(Self { path: path.to_owned(), validator, is_agents })
    }

    /// How messages name it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is the schema that GitLab publishes of the agent's configuration, which has a setting of its own.
    #[must_use]
    pub fn is_agents(&self) -> bool {
        self.is_agents
    }

    /// What judges a document by it.
    #[must_use]
    pub fn validator(&self) -> &Validator {
        &self.validator
    }
}

/// How many parts a schema may have with each reference in the place of what it refers to, as the validator builds it: these take some 150 MB.
const MAX_PARTS: usize = 400_000;

/// How deep references and parts may lie in each other.
const MAX_DEPTH: usize = 500;

/// What a schema comes to with its references, before the validator builds it: a few references to references make it larger than any memory.
struct Extent<'s> {
    schema: &'s Value,
    /// What has a name, by the end of that.
    named: HashMap<&'s str, Vec<&'s Value>>,
    /// The parts of what was counted, by its address; `None` for what is being counted, which the validator builds once.
    parts: HashMap<*const Value, Option<usize>>,
}

impl<'s> Extent<'s> {
    /// Counts.
    ///
    /// # Errors
    /// What is too much, as a clause.
    fn of(schema: &'s Value) -> Result<(), String> {
        let mut named: HashMap<&str, Vec<&Value>> = HashMap::new();
        let mut open = vec![schema];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(keys) => {
                    for key in ["$id", "id", "$anchor", "$dynamicAnchor"] {
                        if let Some(name) = keys.get(key).and_then(Value::as_str) {
                            named.entry(last_part(name)).or_default().push(value);
                        }
                    }
                    open.extend(keys.values());
                }
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        let mut extent = Self { schema, named, parts: HashMap::new() };
        match extent.count(schema, 0)? > MAX_PARTS {
            true => Err(format!("with its references it has more than {MAX_PARTS} parts")),
            false => Ok(()),
        }
    }

    fn count(&mut self, value: &'s Value, depth: usize) -> Result<usize, String> {
        if depth > MAX_DEPTH {
            return Err(format!("its references lead more than {MAX_DEPTH} levels deep"));
        }
        let inner: Vec<&Value> = match value {
            Value::Object(keys) => keys.values().collect(),
            Value::Array(items) => items.iter().collect(),
            _ => return Ok(1),
        };
        let address: *const Value = value;
        match self.parts.get(&address) {
            Some(Some(parts)) => return Ok(*parts),
            Some(None) => return Ok(1),
            None => drop(self.parts.insert(address, None)),
        }
        let referred = |key: &str| value.get(key).and_then(Value::as_str);
        let references = ["$ref", "$dynamicRef", "$recursiveRef"].into_iter().filter_map(referred);
        let mut referred: Vec<&Value> = references.flat_map(|reference| self.meant(reference)).collect();
        // One part may have several names.
        referred.sort_by_key(|part| std::ptr::from_ref::<Value>(part));
        referred.dedup_by_key(|part| std::ptr::from_ref::<Value>(part));
        let mut parts = 1_usize;
        for part in inner.into_iter().chain(referred) {
            parts = parts.saturating_add(self.count(part, depth + 1)?);
        }
        self.parts.insert(address, Some(parts));
        Ok(parts)
    }

    /// What a reference may mean. What it names elsewhere is not read, so that it means nothing.
    fn meant(&self, reference: &str) -> Vec<&'s Value> {
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let bases: Vec<&Value> = match base {
            "" => vec![self.schema],
            name => self.named.get(last_part(name)).cloned().unwrap_or_default(),
        };
        let fragment = percent_decode_str(fragment).decode_utf8_lossy();
        match fragment.is_empty() || fragment.starts_with('/') {
            // A pointer starts at the nearest `$id` above, which may be any.
            true => {
                let all = self.named.values().flatten().copied();
                let starts = bases.into_iter().chain(all.filter(|_| base.is_empty()));
                starts.filter_map(|start| start.pointer(&fragment)).collect()
            }
            false => self.named.get(&*fragment).cloned().unwrap_or_default(),
        }
    }
}

/// The end of a name that may be an address.
fn last_part(name: &str) -> &str {
    let name = name.split('#').find(|part| !part.is_empty()).unwrap_or(name);
    name.rsplit(['/', ':']).next().unwrap_or(name)
}

impl fmt::Debug for OrganisationSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrganisationSchema").field("path", &self.path).finish_non_exhaustive()
    }
}
