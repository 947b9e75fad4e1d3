//! Inventories on disk.

use std::path::Path;
use std::sync::Arc;

use super::Unusable;
use super::discover;
use crate::diagnostic::{Finding, Severity};
use crate::diagnostic::{RuleInfo, Topic};
use crate::fixing::Texts;
use crate::inventory::{self, Inventory, Problem, ProblemKind};
use crate::schema;
use crate::source::Source;

/// The largest inventory that is read, in bytes.
const MAX_SIZE: u64 = 1 << 28;

/// What every mistake in an inventory is called; it is an error of the call, not a finding about a configuration.
static INVALID_INVENTORY: RuleInfo = RuleInfo {
    name: "invalid-inventory",
    severity: Severity::Error,
    topic: Topic::Linter,
    is_off: false,
    tag: None,
    needs: &[],
    doc: &[" The inventory cannot be used."],
};

/// Reads an inventory.
///
/// # Errors
/// When it cannot be read, or has mistakes.
pub(crate) fn load(file: &Path, texts: &Texts) -> Result<Inventory, Unusable> {
    read(file, texts).map(|(_, inventory)| inventory)
}

/// The same with its text.
pub(crate) fn read(file: &Path, texts: &Texts) -> Result<(Arc<Source>, Inventory), Unusable> {
    let shown = discover::shown_path(file);
    let source = discover::read_own("inventory", file, MAX_SIZE, texts)?;
    let loaded = inventory::read(&source);
    let mistakes: Vec<Finding> = loaded.problems.iter().filter_map(|problem| mistake(problem, &source)).collect();
    if mistakes.is_empty() {
        return Ok((source, loaded.inventory));
    }
    let message = format!("the inventory {shown} cannot be used");
    Err(Unusable::with_mistakes(message, mistakes))
}

/// A mistake of an inventory as a finding; `None` for what is none.
pub(crate) fn mistake(problem: &Problem, source: &Arc<Source>) -> Option<Finding> {
    let finding = |message: String| Finding::new(&INVALID_INVENTORY, source, problem.span, message).route("inventory");
    let finding = match &problem.kind {
        ProblemKind::Yaml(_) => {
            finding("this is no valid YAML".to_owned()).help("quote the value, or mend what stands before it")
        }
        ProblemKind::Shape(problem) => {
            let (message, help) = schema::describe(problem)?;
            finding(message).help(help)
        }
        _ => finding(problem.message()?),
    };
    Some(match problem.related {
        Some(related) => finding.related(related, "listed here first"),
        None => finding,
    })
}
