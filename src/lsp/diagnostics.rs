//! Findings as editors show them.

use gen_lsp_types::{
    Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    Message,
};

use super::client::Client;
use super::options::EditorOptions;
use super::{pages, uri};
use crate::diagnostic::Tag;
use crate::diagnostic::{Finding, Severity};
use crate::source::{Place, Printable};

/// Who says it, beside the message.
pub(super) const SOURCE: &str = "kaslint";

/// What findings become a diagnostic with.
pub(super) struct Writer<'c> {
    /// What the client can do.
    pub client: &'c Client,
    /// What its settings say.
    pub options: &'c EditorOptions,
}

impl Writer<'_> {
    /// A finding as a diagnostic.
    pub fn diagnostic(&self, finding: &Finding) -> Diagnostic {
        // Findings of an analysis are masked; mistakes of settings and inventories quote what they found.
        let mut message = Printable::of(&finding.message).into_string();
        // Editors show one text, and the range in place of an arrow.
        if let Some(help) = &finding.help {
            message.push_str(&format!("\nhelp: {}", Printable::of(help)));
        }
        if !self.client.shows_related {
            for related in &finding.related {
                let (source, span) = (&related.place.source, related.place.span);
                let line = source.position(span.start).line;
                let is_here = source.path() == finding.place.source.path();
                let place =
                    if is_here { format!("line {line}") } else { format!("{}:{line}", Printable::of(source.path())) };
                message.push_str(&format!("\nsee {place}: {}", Printable::of(&related.message)));
            }
        }
        let shows_related = self.client.shows_related && !finding.related.is_empty();
        Diagnostic {
            range: self.client.encoding.range(&finding.place.source, finding.place.span),
            severity: Some(match finding.severity {
                Severity::Error => DiagnosticSeverity::Error,
                Severity::Warning => DiagnosticSeverity::Warning,
                Severity::Note => DiagnosticSeverity::Information,
            }),
            code: Some(Code::String(finding.rule.name.to_owned())),
            code_description: self.client.takes_links.then(|| CodeDescription { href: self.link(finding).into() }),
            source: Some(SOURCE.to_owned()),
            message: Message::String(message),
            tags: self.tag(finding).map(|tag| vec![tag]),
            related_information: shows_related.then(|| self.related(finding)),
            data: None,
        }
    }

    fn link(&self, finding: &Finding) -> String {
        pages::link(finding.rule, self.options.documentation_url.as_deref())
    }

    fn tag(&self, finding: &Finding) -> Option<DiagnosticTag> {
        match finding.rule.tag? {
            Tag::NoEffect => self.client.knows_unnecessary.then_some(DiagnosticTag::Unnecessary),
            Tag::GoingAway => self.client.knows_deprecated.then_some(DiagnosticTag::Deprecated),
        }
    }

    fn related(&self, finding: &Finding) -> Vec<DiagnosticRelatedInformation> {
        let related = finding.related.iter();
        related
            .map(|related| DiagnosticRelatedInformation {
                location: self.location(&related.place),
                message: Printable::of(&related.message).into_string(),
            })
            .collect()
    }

    /// A place as an address with a range.
    pub fn location(&self, place: &Place) -> Location {
        let path = std::path::Path::new(place.source.path());
        Location { uri: uri::from_path(path).into(), range: self.client.encoding.range(&place.source, place.span) }
    }
}
