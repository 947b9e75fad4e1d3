//! What the sources of answers claim, in one form, and where their claims cannot all be true.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A source of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// What the documented interface and GitLab's own order of work demand of the repository as it was made.
    Contract,
    Decode,
    Check,
    CheckVerbose,
    CheckTwice,
    Access,
    AccessVerbose,
    AccessTwice,
    AccessForPeople,
    AccessFor,
    AccessForForPeople,
    AccessQueries,
    AccessJobs,
    Editor,
    Edited,
    Workspace,
    Hover,
    Page,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Contract => "by the contract",
            Self::Decode => "decode",
            Self::Check => "check",
            Self::CheckVerbose => "check --verbose",
            Self::CheckTwice => "check, file named twice",
            Self::Access => "access",
            Self::AccessVerbose => "access --verbose",
            Self::AccessTwice => "access, file named twice",
            Self::AccessForPeople => "access, for people",
            Self::AccessFor => "access --for",
            Self::AccessForForPeople => "access --for, for people",
            Self::AccessQueries => "access --queries",
            Self::AccessJobs => "access --jobs",
            Self::Editor => "editor, diagnostics",
            Self::Edited => "editor, diagnostics after edits",
            Self::Workspace => "editor, diagnostics of the workspace",
            Self::Hover => "editor, hover",
            Self::Page => "editor, page of the rule",
        })
    }
}

/// The steps at which GitLab refuses a file, by their names in `decode --format json`.
pub const STAGES: [&str; 5] = ["read", "size", "yaml", "decode", "validate"];

/// What stands for the name of an environment where there is none.
pub const NO_ENVIRONMENT: &str = "–";

/// What may be claimed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// The file is read and accepted.
    Counts,
    /// GitLab refuses the file at this step, so that what was configured before stays in force.
    RefusedAt(&'static str),
    /// GitLab never looks at the file.
    NeverRead,
    /// The agent of the file is registered, or not.
    Registered(bool),
    /// The path of a project; `None` if it is not known.
    Path(Option<String>),
    /// The same with where it comes from.
    From(Option<(String, String)>),
    /// What else `--verbose` says of a project, line by line.
    Known(Vec<String>),
    /// Whether a job gets an agent.
    Gets(Gets),
    /// The rule by which a job's context is reported as one that the job does not get; `None` for no report.
    Reported(Option<String>),
    /// Findings about a file, one text each.
    Findings(BTreeSet<String>),
    /// How often something is told.
    Times(usize),
    /// The environments that a job may have, by name; [`NO_ENVIRONMENT`] for none.
    Environments(BTreeSet<String>),
    /// Entries, each with what it names and asks of jobs, in the order of the file.
    Entries(Vec<String>),
    /// The projects and groups that entries name.
    Names(BTreeSet<String>),
    /// An answer, as JSON.
    Rows(String),
    /// Whether an answer tells of any agent.
    TellsOfAgents(bool),
    /// Whether a context is that of an agent that is known.
    IsAgent(bool),
    /// The page of a rule is there, or not.
    Page(bool),
    /// Settings or an inventory cannot be used, by this rule in an editor.
    Unusable(&'static str),
    /// They can.
    Usable,
}

impl Fact {
    /// The rule that reports.
    fn reported(&self) -> Option<&str> {
        if let Self::Reported(Some(rule)) = self { Some(rule) } else { None }
    }
}

/// Whether a job gets an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gets {
    Yes,
    No,
    /// It hangs on something that is not known.
    Depends,
    /// GitLab refuses the agent's file, so what is in force is not known.
    FileRefused,
    /// The inventory does not list the job's project.
    NoSuchProject,
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counts => f.write_str("is read and accepted"),
            Self::RefusedAt(stage) => write!(f, "is refused ({stage})"),
            Self::NeverRead => f.write_str("is never read"),
            Self::Registered(true) => f.write_str("registered"),
            Self::Registered(false) => f.write_str("not registered"),
            Self::Path(path) => f.write_str(path.as_deref().unwrap_or("path not known")),
            Self::From(Some((path, from))) => write!(f, "{path} ({from})"),
            Self::From(None) => f.write_str("path not known"),
            Self::Known(lines) => f.write_str(&lines.join(", ")),
            Self::Gets(gets) => f.write_str(match gets {
                Gets::Yes => "gets in",
                Gets::No => "does not get in",
                Gets::Depends => "may or may not get in",
                Gets::FileRefused => "not known, since the agent's file is refused",
                Gets::NoSuchProject => "not told, since the inventory has no such project",
            }),
            Self::Reported(Some(rule)) => write!(f, "reported as {rule}"),
            Self::Reported(None) => f.write_str("nothing to report"),
            Self::Findings(findings) if findings.is_empty() => f.write_str("no findings"),
            Self::Findings(findings) => {
                let findings: Vec<&str> = findings.iter().map(String::as_str).collect();
                f.write_str(&findings.join("\n      "))
            }
            Self::Times(1) => f.write_str("told once at the most"),
            Self::Times(times) => write!(f, "told {times} times"),
            Self::Environments(names) => {
                f.write_str(&names.iter().map(String::as_str).collect::<Vec<_>>().join(" and "))
            }
            Self::Entries(entries) if entries.is_empty() => f.write_str("no entries"),
            Self::Entries(entries) => f.write_str(&entries.join(", ")),
            Self::Names(names) if names.is_empty() => f.write_str("nobody"),
            Self::Names(names) => f.write_str(&names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
            Self::Rows(rows) => f.write_str(rows),
            Self::TellsOfAgents(true) => f.write_str("tells of agents"),
            Self::TellsOfAgents(false) => f.write_str("no agent names the project"),
            Self::IsAgent(true) => f.write_str("is that of an agent"),
            Self::IsAgent(false) => f.write_str("is that of no agent that is known"),
            Self::Page(true) => f.write_str("is there"),
            Self::Page(false) => f.write_str("is not there"),
            Self::Unusable(rule) => write!(f, "cannot be used ({rule})"),
            Self::Usable => f.write_str("can be used"),
        }
    }
}

/// What several sources speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// Whether settings and inventory can be used.
    Usable,
    /// Which files count, and the step that refuses each.
    File,
    /// Whether an agent is registered.
    Registered,
    /// The path of a project.
    Path,
    /// Where the path of a project comes from.
    Origin,
    /// What else is known of a project.
    Known,
    /// The environments of a job.
    Environments,
    /// What the entries of an agent name.
    Entries,
    /// Who gets in.
    Gets,
    /// The rows of an answer.
    Rows,
    /// Whether a context is that of an agent.
    Context,
    /// What is reported of the context that a job selects.
    Selection,
    /// Findings about a file.
    Findings,
    /// How often something is told.
    Times,
    /// The page of a rule.
    Page,
}

impl About {
    fn in_words(self) -> &'static str {
        match self {
            Self::Usable => "settings or inventory",
            Self::Context => "context",
            Self::File => "file",
            Self::Registered => "agent of",
            Self::Path => "path of the project of",
            Self::Origin => "path and origin of the project in",
            Self::Known => "what is told of",
            Self::Environments => "environments of",
            Self::Entries => "what is named by",
            Self::Gets => "who gets in:",
            Self::Rows => "answer about a",
            Self::Selection => "selected context:",
            Self::Findings => "findings in",
            Self::Times => "counted:",
            Self::Page => "page",
        }
    }
}

/// A source with what it allows: one of these facts.
type Claim = (Source, BTreeSet<Fact>);

/// All claims.
#[derive(Debug, Default)]
pub struct Ledger {
    claims: BTreeMap<(About, String), Vec<Claim>>,
    faults: Vec<String>,
}

/// What came of a comparison.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Claims that cannot all be true, in words.
    pub disagreements: Vec<String>,
    /// Of what a source spoke of which another one spoke as well.
    pub compared: BTreeSet<(About, Source)>,
    /// The rules that reported a context.
    pub reported: BTreeSet<String>,
}

impl Ledger {
    /// A source claims that one of some facts holds. No facts are no claim.
    pub fn claim(
        &mut self,
        about: About,
        subject: impl Into<String>,
        source: Source,
        facts: impl IntoIterator<Item = Fact>,
    ) {
        let facts: BTreeSet<Fact> = facts.into_iter().collect();
        if !facts.is_empty() {
            self.claims.entry((about, subject.into())).or_default().push((source, facts));
        }
    }

    /// A source said nothing, or what cannot be true whatever the others say.
    pub fn fault(&mut self, source: Source, what: impl fmt::Display) {
        self.faults.push(format!("{source}: {what}"));
    }

    /// Compares all claims.
    pub fn compare(self) -> Outcome {
        let mut outcome = Outcome { disagreements: self.faults, ..Outcome::default() };
        for ((about, subject), claims) in self.claims {
            let [(_, first), others @ ..] = &claims[..] else { continue };
            let sources: BTreeSet<Source> = claims.iter().map(|(source, _)| *source).collect();
            outcome.reported.extend(claims.iter().filter_map(|claim| match claim {
                (Source::Check, facts) => facts.iter().find_map(Fact::reported).map(str::to_owned),
                _ => None,
            }));
            if sources.len() > 1 {
                outcome.compared.extend(sources.into_iter().map(|source| (about, source)));
            }
            let common = others.iter().fold(first.clone(), |common, (_, facts)| &common & facts);
            if common.is_empty() {
                outcome.disagreements.push(told(about, &subject, &claims));
            }
        }
        outcome
    }
}

/// The claims about one thing, a line each; those that say the same share a line.
fn told(about: About, subject: &str, claims: &[Claim]) -> String {
    let mut lines: Vec<(&BTreeSet<Fact>, Vec<String>)> = Vec::new();
    for (source, facts) in claims {
        match lines.iter_mut().find(|(known, _)| *known == facts) {
            Some((_, sources)) if sources.contains(&source.to_string()) => {}
            Some((_, sources)) => sources.push(source.to_string()),
            None => lines.push((facts, vec![source.to_string()])),
        }
    }
    let mut text = format!("{} {subject}", about.in_words());
    for (facts, sources) in lines {
        // Findings that all have are of no interest.
        let facts: Vec<String> = facts.iter().map(|fact| shown(fact, claims)).collect();
        text.push_str(&format!("\n    {}: {}", sources.join("; "), facts.join(", or ")));
    }
    text
}

fn shown(fact: &Fact, claims: &[Claim]) -> String {
    let Fact::Findings(findings) = fact else { return fact.to_string() };
    let is_shared = |finding: &String| {
        claims
            .iter()
            .all(|(_, facts)| facts.iter().all(|fact| matches!(fact, Fact::Findings(other) if other.contains(finding))))
    };
    let own: BTreeSet<String> = findings.iter().filter(|finding| !is_shared(finding)).cloned().collect();
    if own.is_empty() { "nothing but what the others say, too".to_owned() } else { Fact::Findings(own).to_string() }
}

#[test]
fn claims_disagree_where_no_fact_fits_all() {
    let mut ledger = Ledger::default();
    let refused = || Fact::RefusedAt("size");
    ledger.claim(About::File, "a", Source::Decode, [refused(), Fact::NeverRead]);
    ledger.claim(About::File, "a", Source::Check, [refused()]);
    ledger.claim(About::File, "b", Source::Decode, [refused(), Fact::NeverRead]);
    ledger.claim(About::File, "b", Source::Check, [refused(), Fact::Counts]);
    ledger.claim(About::File, "b", Source::Access, [Fact::NeverRead, Fact::Counts]);
    ledger.claim(About::Path, "c", Source::Access, [Fact::Path(None)]);
    ledger.fault(Source::Check, "status 101");
    let outcome = ledger.compare();
    let told = "\
        file b\n    \
        decode: is refused (size), or is never read\n    \
        check: is read and accepted, or is refused (size)\n    \
        access: is read and accepted, or is never read";
    assert_eq!(outcome.disagreements, ["check: status 101", told]);
    let compared = [Source::Decode, Source::Check, Source::Access].map(|source| (About::File, source));
    assert_eq!(outcome.compared, compared.into());
}
