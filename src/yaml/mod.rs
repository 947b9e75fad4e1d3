//! YAML as GitLab's agent server reads it: a tree with spans, styles, comments, anchors and merges, and the
//! YAML 1.1 meaning of scalars that `yaml.v2` gives.
//!
//! [`read()`] makes a [`Document`] of the first document of a file, which is all that GitLab reads of an agent's
//! configuration; [`read_libyaml()`] reads as Ruby does, and reaches a second document. This floor knows nothing of
//! agents.

mod build;
mod gate;
mod json;
mod libyaml;
mod plain;
mod read;
mod reading;
mod recover;
mod scalar;
mod tokens;
mod tree;
mod write;

pub use json::Step;
pub use plain::{PlainEvent, PlainEvents};
pub use read::{Document, Problem, ProblemKind, read, read_libyaml, read_libyaml_with_parser, read_with_parser};
pub use reading::{Entry, Loss, LossKind, Reading};
pub use scalar::{Scalar, ScalarError, scalar, untagged};
pub use tree::{Comment, Data, Named, Node, NodeId, Style, Tree};
pub use write::written;
