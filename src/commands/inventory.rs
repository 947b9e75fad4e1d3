//! `kaslint inventory check`, and loading an inventory for others.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::discover::{self, Content};
use super::{Exit, Unusable, output};
use crate::finding::{Finding, Severity};
use crate::inventory::{self, Inventory, Problem, ProblemKind};
use crate::report::Human;
use crate::rules::{RuleInfo, Topic};
use crate::shape;
use crate::source::Source;

/// The largest inventory that is read, in bytes.
const MAX_SIZE: u64 = 1 << 28;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Validate an inventory.
    Check {
        /// The inventory.
        file: PathBuf,
    },
}

/// What every mistake in an inventory is called; it is an error of the call, not a finding about a configuration.
static INVALID_INVENTORY: RuleInfo = RuleInfo {
    name: "invalid-inventory",
    severity: Severity::Error,
    topic: Topic::Linter,
    is_off: false,
    needs: &[],
    doc: &[" The inventory cannot be used."],
};

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let Command::Check { file } = &arguments.command;
    let inventory = load(file)?;
    let (projects, namespaces) = (inventory.projects().len(), inventory.namespaces().len());
    output::to_stdout(&|out| {
        writeln!(
            out,
            "{} is a valid inventory: {projects} projects, {namespaces} groups and users.",
            discover::shown_path(file)
        )
    })?;
    Ok(Exit::Fine)
}

/// Reads an inventory.
///
/// # Errors
/// When it cannot be read, or has mistakes; these have been told on standard error then.
pub(super) fn load(file: &Path) -> Result<Inventory, Unusable> {
    let shown = discover::shown_path(file);
    let bytes = match discover::read_file(file, MAX_SIZE)? {
        Content::Text(bytes) => bytes,
        Content::TooLarge(size) => {
            return Err(Unusable(format!("the inventory {shown} has {size} bytes, which is too much")));
        }
        Content::NoFile(what) => return Err(Unusable(format!("the inventory {shown} is {what}"))),
    };
    let source = Arc::new(Source::from_bytes(shown.clone(), &bytes));
    let loaded = inventory::read(&source);
    let mistakes: Vec<Finding> = loaded.problems.iter().filter_map(|problem| mistake(problem, &source)).collect();
    if mistakes.is_empty() {
        return Ok(loaded.inventory);
    }
    let mut text = Vec::new();
    let _ = Human { width: output::width() }.write_findings(&mistakes, &mut text);
    output::complain(String::from_utf8_lossy(&text).trim_end());
    Err(Unusable(format!("the inventory {shown} cannot be used; mend what is said above")))
}

fn mistake(problem: &Problem, source: &Arc<Source>) -> Option<Finding> {
    let finding = |message: String| Finding::new(&INVALID_INVENTORY, source, problem.span, message).route("inventory");
    let finding = match &problem.kind {
        ProblemKind::Yaml(_) => {
            finding("this is no valid YAML".to_owned()).help("quote the value, or mend what stands before it")
        }
        ProblemKind::Shape(problem) => {
            let (message, help) = shape::describe(problem)?;
            finding(message).help(help)
        }
        _ => finding(problem.message()?),
    };
    Some(match problem.related {
        Some(related) => finding.related(related, "listed here first"),
        None => finding,
    })
}
