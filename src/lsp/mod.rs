//! The language server: what `check` and `access` know, at the place where the cursor is.
//!
//! [`serve`] speaks the protocol over a pair of pipes. `transport` bounds what arrives, `server` is the loop, `session` what is known
//! while it runs, `world` the projects, `requests/` has one file for each thing that an editor asks, `completion/` finds what could
//! be written at a place. The base is lsp-server: it is synchronous, which is enough where an answer takes some milliseconds, and
//! brings no async runtime; its types are gen-lsp-types', which are generated from the protocol's own model and kept up with it. All
//! answers come from [`crate::analysis`]; nothing here knows a rule.

mod ci_hover;
mod client;
mod completion;
mod diagnostics;
mod documents;
mod encoding;
mod entries;
mod hints;
mod options;
mod pages;
mod place;
mod requests;
mod server;
mod session;
mod shown;
mod transport;
mod uri;
mod watch;
mod world;

pub(crate) use server::serve_with;
pub use server::{End, serve};
