//! `ignored-document`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::Finding;
use crate::project::AgentFile;
use crate::source::Span;

rule! {
    /// Everything after the first YAML document is ignored.
    ///
    /// The agent server's parser stops at the end of the first document. What follows `---` or `...`, or stands behind a value
    /// that ends the document early, has no effect, not even a syntax error in it has.
    ///
    /// Source: `yaml.v2`, which `sigs.k8s.io/yaml` reads with (`Unmarshal` parses one document).
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ---
    /// user_access:
    ///   access_as:
    ///     agent: {}
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// user_access:
    ///   access_as:
    ///     agent: {}
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## How to fix
    ///
    /// Put everything into one document, or delete what is ignored.
    IgnoredDocument = "ignored-document", Error in File, tag NoEffect
}

impl Rule for IgnoredDocument {
    fn check_file(&self, file: &AgentFile, _cx: &FileContext<'_>, findings: &mut Findings) {
        let Some(ignored) = file.config.document.ignored() else { return };
        let first_line = file.source.line_span(file.source.line_index(ignored.start));
        let span = Span::new(ignored.start, first_line.end.min(ignored.end));
        let is_empty_before = file
            .config
            .document
            .tree()
            .root()
            .is_none_or(|root| file.config.document.tree().node(root).span.is_empty());
        let what = match is_empty_before {
            true => "GitLab reads only the first YAML document, which is empty; everything from here on is ignored",
            false => "GitLab reads only the first YAML document; everything from here on is ignored",
        };
        let finding = Finding::new(&INFO, &file.source, span, what).label("the first document ends here");
        findings.report(finding.help("put everything into one document"));
    }
}
