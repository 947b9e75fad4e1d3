//! `duplicate-key`.

use std::collections::HashMap;

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::{Finding, Safety};
use crate::project::AgentFile;
use crate::words::brief;
use crate::yaml::{Data, LossKind, NodeId};

rule! {
    /// The same key twice in one mapping: the earlier value is lost, whole.
    ///
    /// GitLab's parser takes the last of equal keys without a word and merges nothing: two `ci_access:` blocks leave the
    /// grants of the second. A merge (`<<`) that stands *below* a key replaces it as well, against the YAML specification.
    ///
    /// Source: `decode.go` of `yaml.v2` (`Unmarshal` is not strict).
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ci_access:
    ///   groups:
    ///     - id: acme/ops
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///   groups:
    ///     - id: acme/ops
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write each key once and put its values together. Put `<<` first in its mapping.
    DuplicateKey = "duplicate-key", Error in File, tag NoEffect
}

impl Rule for DuplicateKey {
    fn check_file(&self, file: &AgentFile, cx: &FileContext<'_>, findings: &mut Findings) {
        let tree = file.config.document.tree();
        let reading = file.config.document.reading();
        for (id, node) in tree.nodes() {
            let Data::Mapping { entries, .. } = &node.data else { continue };
            let losses = reading.losses(id);
            let values: HashMap<NodeId, NodeId> =
                if losses.is_empty() { HashMap::new() } else { entries.iter().copied().collect() };
            for loss in losses {
                let key = brief(&loss.key);
                let (message, kept, help) = match loss.kind {
                    LossKind::Again => (
                        format!("{key} is written twice; GitLab keeps the last value and drops this one, whole"),
                        "this value is kept",
                        "put the values together under one key",
                    ),
                    LossKind::MergeBelow => (
                        format!(
                            "{key} is replaced by the merge below: in GitLab's parser `<<` wins over the keys above it"
                        ),
                        "this value, brought by `<<`, is kept",
                        "move `<<` to the top of the mapping",
                    ),
                };
                let finding = Finding::new(&INFO, &file.source, tree.node(loss.lost).span, message)
                    .label("this value is lost")
                    .related(tree.node(loss.kept).span, kept)
                    .key(loss.key.clone());
                // The one that is kept stands below; of two equal values, nothing is lost with one of them.
                let is_again = loss.kind == LossKind::Again;
                let kept = values.get(&loss.kept).map(|value| file.slice(tree.node(*value).span));
                let is_same = kept == Some(file.slice(tree.node(loss.lost_value).span));
                let cut = if is_again && is_same { cx.without_key(tree.node(loss.lost).span) } else { None };
                findings.report(finding.help(help).removal(Safety::Safe, format!("Remove the first {key}"), cut));
            }
        }
    }
}
