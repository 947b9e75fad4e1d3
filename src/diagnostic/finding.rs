//! Findings: what a rule says about one place, with the other places that explain it and the change that mends it.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::RuleInfo;
use crate::source::{Place, Source, Span};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Access is probably not what the file seems to say.
    Warning,
    /// GitLab refuses or drops what is written, or it is a hole that no one wants.
    Error,
}

impl Severity {
    /// All severities, mildest first.
    pub const ALL: [Self; 3] = [Self::Note, Self::Warning, Self::Error];

    /// The name in options, settings and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// That settings give a finding a lower severity.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The severity without them.
    pub from: Severity,
    /// The settings file as reports show it.
    pub settings: Arc<str>,
}

/// A further place that explains a finding.
#[derive(Clone, Debug)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What is there; a clause without capital and full stop.
    pub message: String,
}

/// A fault that may have several places; they are told as one finding.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The jobs that have it at this place.
    pub jobs: Vec<Arc<str>>,
    /// The templates that these jobs extend, if they may be where it comes from.
    pub templates: Vec<Arc<str>>,
    /// What is said of the fault, without names of jobs: only places of which the same is said are one. Empty where all are.
    pub said: String,
    /// What is said of this place beside another one in the same jobs.
    pub also: &'static str,
    /// The jobs as messages name them.
    pub names: Vec<String>,
    /// What the message says in front of the names of several jobs, and behind them.
    pub around_names: (String, String),
    /// The label and the help for several jobs, where those of one do not fit them.
    pub of_several: Option<(&'static str, &'static str)>,
}

/// Whether a fix may be applied without a person looking at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// It does what the author meant.
    Safe,
    /// It changes who gets in, or guesses.
    Unsafe,
}

impl Safety {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// A replacement of one part of a text.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What is replaced.
    pub place: Place,
    /// By what.
    pub text: String,
}

/// A change that mends a finding.
#[derive(Clone, Debug)]
pub struct Fix {
    /// What the change does, as a command: "Write `projects`".
    pub title: String,
    /// Whether it may be applied unseen.
    pub safety: Safety,
    /// The replacements; they do not overlap.
    pub edits: Vec<Edit>,
    /// Whether GitLab reads something else from an accepted file afterwards, because that is what the fix is for. Of any
    /// other safe fix nothing of the kind is taken.
    pub is_meant_to_change: bool,
    /// Whom it lets in or shuts out, or what comes into force with it, in one line; `None` for nothing, and until that was worked out.
    pub effect: Option<String>,
}

impl Fix {
    /// What it does, and what that changes of who gets in.
    #[must_use]
    pub fn in_words(&self) -> String {
        match &self.effect {
            Some(effect) => format!("{}. {effect}", self.title),
            None => self.title.clone(),
        }
    }
}

/// One thing that a rule says about one place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static RuleInfo,
    /// How bad it is, after settings.
    pub severity: Severity,
    /// What lowers the severity, if anything does.
    pub lowered: Option<Lowered>,
    /// What is wrong and what GitLab does with it, in one or two sentences.
    pub message: String,
    /// What stands at the place, as a clause beside it.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Where.
    pub place: Place,
    /// Where in the configuration, e.g. `ci_access.projects[2].id`; empty for the file as such.
    pub route: String,
    /// The same with ids for positions, which stays when entries are put before it.
    pub anchor: String,
    /// Further places.
    pub related: Vec<Related>,
    /// A change that mends it.
    pub fix: Option<Fix>,
    /// Changes of what is granted, which a person may choose: an editor offers them, and nothing makes them unasked.
    pub offers: Vec<Fix>,
    /// What tells this finding from others of the rule at the same route, whatever the wording.
    pub key: String,
    /// The fault that this is one place of, where a rule tells all places as one.
    pub fault: Option<Fault>,
    /// The jobs that it is about, as they are shown; none where it is about no job in particular.
    pub jobs: Vec<String>,
    /// Whether what else could be said of the file has the same cause, and is left out.
    pub is_for_the_file: bool,
}

impl Finding {
    /// A finding at a place; every finding has one.
    #[must_use]
    pub fn new(rule: &'static RuleInfo, source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.severity,
            lowered: None,
            message: message.into(),
            label: String::new(),
            help: None,
            place: Place { source: Arc::clone(source), span },
            route: String::new(),
            anchor: String::new(),
            related: Vec::new(),
            fix: None,
            offers: Vec::new(),
            key: String::new(),
            fault: None,
            jobs: Vec::new(),
            is_for_the_file: false,
        }
    }

    /// Where in the configuration it stands.
    #[must_use]
    pub fn route(mut self, route: impl Into<String>) -> Self {
        self.route = route.into();
        self.anchor.clone_from(&self.route);
        self
    }

    /// What stands at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// What to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Another severity than the rule's.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// A further place of the same file.
    #[must_use]
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        let place = Place { source: Arc::clone(&self.place.source), span };
        self.related.push(Related { place, message: message.into() });
        self
    }

    /// A further place, of any file.
    #[must_use]
    pub fn related_at(mut self, place: Place, message: impl Into<String>) -> Self {
        self.related.push(Related { place, message: message.into() });
        self
    }

    /// A change of one part of the same file.
    #[must_use]
    pub fn fix(mut self, safety: Safety, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        let place = Place { source: Arc::clone(&self.place.source), span };
        let edits = vec![Edit { place, text: text.into() }];
        self.fix = Some(Fix { title: title.into(), safety, edits, is_meant_to_change: false, effect: None });
        self
    }

    /// A guess at the name that is meant in place of the one that is written, in the same quotes.
    #[must_use]
    pub fn proposal(self, name: Option<&str>, span: Span) -> Self {
        let Some(name) = name else { return self };
        let written = self.place.source.slice(span);
        let text = match written.chars().next() {
            Some(quote @ ('"' | '\'')) => format!("{quote}{name}{quote}"),
            _ => name.to_owned(),
        };
        match written.contains(['\n', '*', '&', '!']) {
            true => self,
            false => self.fix(Safety::Unsafe, format!("Write `{name}`"), span, text),
        }
    }

    /// A change of what is granted, for a person to choose.
    #[must_use]
    pub fn offer(mut self, title: impl Into<String>, place: Place, text: impl Into<String>) -> Self {
        let edits = vec![Edit { place, text: text.into() }];
        self.offers.push(Fix {
            title: title.into(),
            safety: Safety::Unsafe,
            edits,
            is_meant_to_change: true,
            effect: None,
        });
        self
    }

    /// Says of the fix that GitLab shall read something else afterwards.
    #[must_use]
    pub fn changing(mut self) -> Self {
        if let Some(fix) = &mut self.fix {
            fix.is_meant_to_change = true;
        }
        self
    }

    /// A change that takes this place out, if there is one.
    #[must_use]
    pub fn removal(self, safety: Safety, title: impl Into<String>, span: Option<Span>) -> Self {
        match span {
            Some(span) => self.fix(safety, title, span, "").changing(),
            None => self,
        }
    }

    /// What tells it from other findings of the rule at the same route.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// A name for the finding that does not change when lines move or entries are put before it: the SHA-256 of rule, path,
    /// anchor and key.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.rule.name, self.place.source.path(), &self.anchor, &self.key] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Makes it the only finding about the file, but for keys and tokens in it: what else could be said has the same cause.
    #[must_use]
    pub fn for_the_file(mut self) -> Self {
        self.is_for_the_file = true;
        self
    }

    /// The order of reports: file, place, rule.
    pub(crate) fn sort_key(&self) -> (&str, usize, usize, &'static str) {
        (self.place.source.path(), self.place.span.start, self.place.span.end, self.rule.name)
    }
}
