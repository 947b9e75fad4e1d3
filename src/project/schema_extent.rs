//! How large an organisation's schema becomes with its references, before a validator is built of it.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde_json::Value;

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

/// Holds a schema to what it may come to.
///
/// # Errors
/// What is too much, as a clause.
pub(super) fn hold(schema: &Value) -> Result<(), String> {
    let parts = Extent::new(schema).count(schema, 0)?;
    match parts > MAX_PARTS {
        true => Err(format!("with its references it has more than {MAX_PARTS} parts")),
        false => Ok(()),
    }
}

impl<'s> Extent<'s> {
    fn new(schema: &'s Value) -> Self {
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
        Self { schema, named, parts: HashMap::new() }
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
