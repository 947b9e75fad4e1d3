//! `human`: miette's graphical report.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};

use super::{Outcome, Summary};
use crate::diagnostic::{Finding, Place, Severity};
use crate::source::Source;
use crate::source::secrets;

/// The report for people.
#[derive(Clone, Copy, Debug)]
pub struct Human {
    /// Columns of the terminal.
    pub width: usize,
}

impl Human {
    /// Writes findings and, unless quiet is wanted, the summary.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn write(self, outcome: &Outcome, is_quiet: bool, out: &mut dyn io::Write) -> io::Result<()> {
        self.write_findings(&outcome.findings, out)?;
        if is_quiet {
            return Ok(());
        }
        for line in Summary::of(outcome).lines(outcome) {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// Writes findings alone.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn write_findings(self, findings: &[Finding], out: &mut dyn io::Write) -> io::Result<()> {
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode())
            .with_links(false)
            .with_context_lines(1)
            .with_width(self.width.clamp(40, 160));
        let mut texts: HashMap<*const Source, Arc<MaskedSource>> = HashMap::new();
        for finding in findings {
            let mut masked = |source: &Arc<Source>| {
                let text = texts.entry(Arc::as_ptr(source)).or_insert_with(|| Arc::new(MaskedSource::new(source)));
                Arc::clone(text)
            };
            let report = Report::new(finding, &mut masked);
            let mut text = String::new();
            handler.render_report(&mut text, &report).map_err(io::Error::other)?;
            // miette puts a word before each further place, which says nothing to the reader.
            let text = text.replace("\nAdvice: \n", "\n");
            out.write_all(text.as_bytes())?;
            writeln!(out)?;
        }
        Ok(())
    }
}

/// A source without its secrets, indexed by lines, so that miette need not read it from the start for each label.
#[derive(Debug)]
struct MaskedSource {
    source: Arc<Source>,
    masked: Option<String>,
}

impl MaskedSource {
    fn new(source: &Arc<Source>) -> Self {
        let masked = match secrets::mask(source.text()) {
            std::borrow::Cow::Owned(masked) => Some(masked),
            std::borrow::Cow::Borrowed(_) => None,
        };
        Self { source: Arc::clone(source), masked }
    }

    fn text(&self) -> &str {
        self.masked.as_deref().unwrap_or(self.source.text())
    }
}

/// A source as miette reads it.
#[derive(Clone, Debug)]
struct Code(Arc<MaskedSource>);

impl SourceCode for Code {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let source = &self.0.source;
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > source.text().len() {
            return Err(MietteError::OutOfBounds);
        }
        let position = source.position(start);
        // miette wants the span's own start where no lines before it are asked for.
        let (first_line, data_start, column) = match before {
            0 => (position.line - 1, start, position.column - 1),
            _ => {
                let line = (position.line - 1).saturating_sub(before);
                (line, source.line_span(line).start, 0)
            }
        };
        let last_line = (source.line_index(end.saturating_sub(usize::from(end > start))) + after)
            .min(source.line_count().saturating_sub(1));
        let data_end = source.line_span(last_line).end.max(end);
        let data = self.0.text().get(data_start..data_end).ok_or(MietteError::OutOfBounds)?;
        let contents = MietteSpanContents::new_named(
            source.path().to_owned(),
            data.as_bytes(),
            (data_start, data_end - data_start).into(),
            first_line,
            column,
            source.line_count(),
        );
        Ok(Box::new(contents))
    }
}

/// A finding as miette shows it.
#[derive(Debug)]
struct Report {
    code: String,
    message: String,
    help: Option<String>,
    severity: miette::Severity,
    source: Option<Code>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Report>,
}

impl Report {
    fn new(finding: &Finding, masked: &mut dyn FnMut(&Arc<Source>) -> Arc<MaskedSource>) -> Self {
        let place = &finding.place;
        let is_about_the_file = place.span.is_empty() && finding.label.is_empty() && finding.route.is_empty();
        let has_text = !is_about_the_file && !place.source.text().is_empty();
        let mut labels = vec![LabeledSpan::new_primary_with_span(
            Some(finding.label.clone()).filter(|label| !label.is_empty()),
            span(place),
        )];
        let mut elsewhere = Vec::new();
        for related in &finding.related {
            if Arc::ptr_eq(&related.place.source, &place.source) {
                labels.push(LabeledSpan::new_with_span(Some(related.message.clone()), span(&related.place)));
            } else {
                elsewhere.push(Self {
                    code: String::new(),
                    message: related.message.clone(),
                    help: None,
                    severity: miette::Severity::Advice,
                    source: Some(Code(masked(&related.place.source))),
                    labels: vec![LabeledSpan::new_primary_with_span(None, span(&related.place))],
                    elsewhere: Vec::new(),
                });
            }
        }
        let message = match has_text {
            true => finding.message.clone(),
            false => format!("{}: {}", place.source.path(), finding.message),
        };
        Self {
            code: format!("{}[{}]", finding.severity, finding.rule.name),
            message,
            help: finding.help.clone(),
            severity: match finding.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
                Severity::Note => miette::Severity::Advice,
            },
            source: has_text.then(|| Code(masked(&place.source))),
            labels: if has_text { labels } else { Vec::new() },
            elsewhere,
        }
    }
}

/// The part of a place that is underlined: of several lines the first, and at least one character if there is any.
fn span(place: &Place) -> SourceSpan {
    let line = place.source.line_span(place.source.line_index(place.span.start));
    let end = place.span.end.min(line.end.max(place.span.start));
    (place.span.start, end - place.span.start).into()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        if self.code.is_empty() { None } else { Some(Box::new(&self.code)) }
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() { None } else { Some(Box::new(self.labels.iter().cloned())) }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.elsewhere.is_empty() {
            None
        } else {
            Some(Box::new(self.elsewhere.iter().map(|report| report as &dyn Diagnostic)))
        }
    }
}
