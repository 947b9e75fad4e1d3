//! Tables of keys: what a mapping may hold, since when, of which type. ONE table feeds decoding, suggestions, the
//! JSON Schema and the documentation of keys, so that they cannot disagree.
//!
//! The same machinery reads GitLab's agent configuration ([`crate::agent_config`]) and kaslint's own files. It decodes as
//! strictly as protojson does: unknown keys, wrong types and null items are refused.

mod decode;
mod describe;
mod duration;
mod earlier;
mod json;
mod json_schema;
mod suggest;
mod table;
mod value;

pub use decode::{Decoded, Found, Problem, ProblemKind, Stage, decode, decode_after};
pub use describe::describe;
pub use duration::Duration;
pub use earlier::Earlier;
pub use json::to_json;
pub use json_schema::{Difference, json_schema};
pub use suggest::{Suggestion, nearest};
pub use table::{
    Check, Declared, Inert, Key, KeyRef, Kind, Limit, Link, Members, Message, MessageRef, Messages, Names, Period,
    Presence, listed, listed_and,
};
pub use value::{Data, Field, MessageValue, Value};
