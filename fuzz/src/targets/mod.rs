//! The targets, one a file.

pub mod agent_file;
pub mod ci_file;
pub mod environment_patterns;
pub mod environment_template;
pub mod fix_then_decode;
pub mod ignore_comments;
pub mod inventory;
pub mod lsp_session;
pub mod reports;
pub mod settings;

/// A target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its file, its seeds and its dictionary.
    pub name: &'static str,
    /// Tries an input; panics where something is wrong.
    pub run: fn(&[u8]),
}

/// All targets.
pub const ALL: [Target; 10] = [
    Target { name: "agent_file", run: agent_file::run },
    Target { name: "ci_file", run: ci_file::run },
    Target { name: "environment_patterns", run: environment_patterns::run },
    Target { name: "environment_template", run: environment_template::run },
    Target { name: "fix_then_decode", run: fix_then_decode::run },
    Target { name: "ignore_comments", run: ignore_comments::run },
    Target { name: "inventory", run: inventory::run },
    Target { name: "lsp_session", run: lsp_session::run },
    Target { name: "reports", run: reports::run },
    Target { name: "settings", run: settings::run },
];

/// The largest input that is tried, in bytes: what is quadratic in the length would show as a time-out well below the sizes that kaslint
/// reads, and small inputs are found sooner.
pub const MAX_LENGTH: usize = 16 << 10;
