//! `human`: miette's graphical report.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::excerpt::{Excerpt, MaskedSource};
use super::{Outcome, Summary};
use crate::diagnostic::{Finding, Severity};
use crate::outlet::Outlet;
use crate::source::{Place, Printable, Source, Span};

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
    pub fn write(self, outcome: &Outcome, is_quiet: bool, out: &mut Outlet<'_>) -> io::Result<()> {
        self.write_findings(&outcome.findings, out)?;
        if is_quiet {
            return Ok(());
        }
        for line in Summary::of(outcome).lines(outcome) {
            out.line(format_args!("{line}"))?;
        }
        Ok(())
    }

    /// Writes findings alone.
    ///
    /// # Errors
    /// When the receiver does not take it.
    pub fn write_findings(self, findings: &[Finding], out: &mut Outlet<'_>) -> io::Result<()> {
        let width = self.width.clamp(40, 160);
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode())
            .with_links(false)
            .with_context_lines(1)
            .with_width(width);
        let mut texts: HashMap<*const Source, Arc<MaskedSource>> = HashMap::new();
        for finding in findings {
            let mut masked = |source: &Arc<Source>| {
                let text = texts.entry(Arc::as_ptr(source)).or_insert_with(|| Arc::new(MaskedSource::new(source)));
                Arc::clone(text)
            };
            let report = Report::new(finding, &mut masked, width);
            let mut text = String::new();
            handler.render_report(&mut text, &report).map_err(io::Error::other)?;
            // miette puts a word before each further place, which says nothing to the reader.
            let text = text.replace("\nAdvice: \n", "\n");
            out.drawn(&text)?;
            out.empty_line()?;
        }
        Ok(())
    }
}

/// A finding as miette shows it, in lines that it makes: what it shows holds none.
#[derive(Debug)]
struct Report {
    code: String,
    message: Printable,
    help: Option<Printable>,
    severity: miette::Severity,
    source: Option<Excerpt>,
    /// Their texts are printable.
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Report>,
}

impl Report {
    fn new(finding: &Finding, masked: &mut dyn FnMut(&Arc<Source>) -> Arc<MaskedSource>, width: usize) -> Self {
        let place = &finding.place;
        let is_about_the_file = place.span.is_empty() && finding.label.is_empty() && finding.route.is_empty();
        let has_text = !is_about_the_file && !place.source.text().is_empty();
        let (here, others): (Vec<_>, Vec<_>) =
            finding.related.iter().partition(|related| Arc::ptr_eq(&related.place.source, &place.source));
        let elsewhere = others.into_iter().map(|related| {
            let span = underlined(&related.place);
            let excerpt = Excerpt::new(&masked(&related.place.source), &[span], width);
            Self {
                code: String::new(),
                message: Printable::of(&related.message),
                help: None,
                severity: miette::Severity::Advice,
                labels: vec![LabeledSpan::new_primary_with_span(None, excerpt.shown(span))],
                source: Some(excerpt),
                elsewhere: Vec::new(),
            }
        });
        let elsewhere = elsewhere.collect();
        let source = has_text.then(|| {
            let places = std::iter::once(place).chain(here.iter().map(|related| &related.place));
            let spans: Vec<Span> = places.map(underlined).collect();
            Excerpt::new(&masked(&place.source), &spans, width)
        });
        let labels = source.as_ref().map(|excerpt| {
            let label = Some(&finding.label).filter(|label| !label.is_empty());
            let label = label.map(|label| Printable::of(label).into_string());
            let primary = LabeledSpan::new_primary_with_span(label, excerpt.shown(underlined(place)));
            let others = here.iter().map(|related| {
                let label = Printable::of(&related.message).into_string();
                LabeledSpan::new_with_span(Some(label), excerpt.shown(underlined(&related.place)))
            });
            std::iter::once(primary).chain(others).collect()
        });
        let message = match has_text {
            true => Printable::of(&finding.message),
            false => Printable::of(&format!("{}: {}", place.source.path(), finding.message)),
        };
        Self {
            code: format!("{}[{}]", finding.severity, finding.rule.name),
            message,
            help: finding.help.as_deref().map(Printable::of),
            severity: match finding.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
                Severity::Note => miette::Severity::Advice,
            },
            source,
            labels: labels.unwrap_or_default(),
            elsewhere,
        }
    }
}

/// The part of a place that is underlined: of several lines the first, and at least one character if there is any.
fn underlined(place: &Place) -> Span {
    let line = place.source.line_span(place.source.line_index(place.span.start));
    Span::new(place.span.start, place.span.end.min(line.end.max(place.span.start)))
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
