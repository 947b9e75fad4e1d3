//! One sentence for each change, with a job that people recognise.

use super::DiffReport;
use crate::access::Condition;
use crate::diff::{
    Because, Cause, Change, Except, Granted, Kind, Member, Of, Open, OpenFact, Part, PatternList, Projects, Refs,
    Refused, Region, Side, Who, Witness,
};
use crate::gitlab::releases::PROTECTED_MERGE_REQUESTS;
use crate::words::{self, excerpt};

/// So many of a list are told; the others are counted.
const TOLD: usize = 5;

/// A change as one sentence.
pub(super) fn sentence(change: &Change, report: &DiffReport<'_>) -> String {
    let before = matcher_condition(change, report);
    let text = match &change.of {
        Of::Jobs { projects, refs, region, witness } => {
            let whose = listed(projects.iter().map(|part| projects_in_words(part, report)).collect(), "project");
            let subject = match region.is_everything() {
                true => format!("All jobs of {whose}"),
                false => format!(
                    "Jobs of {whose} {}",
                    environments(region, witness, super::json::is_uneven(change, report), report)
                ),
            };
            // Jobs with managed resources are all that have an environment.
            format!("{subject}, {}, {}", on_refs(*refs, report), what(change))
        }
        Of::People(members) => {
            let people = listed(members.iter().map(member).collect(), "other");
            format!("{people} {}", what(change))
        }
    };
    let conditions: Vec<String> = change.conditions.iter().map(words_of(change)).collect();
    let behind = if conditions.is_empty() { String::new() } else { format!(", if {}", words::list_and(&conditions)) };
    let text = format!("{text}{}{behind}.", why_failing(change));
    if before.is_empty() { text } else { format!("{before}: {}", lower_first(&text)) }
}

fn words_of(change: &Change) -> impl Fn(&Condition) -> String {
    let is_ci = matches!(change.of, Of::Jobs { .. });
    move |condition| if is_ci { words::condition(condition) } else { words::condition_for_users(condition) }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

/// What a change hangs on where releases leave both matchers possible.
fn matcher_condition(change: &Change, report: &DiffReport<'_>) -> String {
    let Some(pairs) = &change.pairs else { return String::new() };
    let (base, head) = (report.base.settings.version.line(), report.head.settings.version.line());
    let name = |is_new: bool| if is_new { "new" } else { "old" };
    let one = |is_new: bool| format!("If GitLab {head} has the {} environment matcher", name(is_new));
    let all = |of: fn(&crate::diff::Pair) -> bool| pairs.iter().all(of);
    match () {
        () if all(|pair| pair.head_is_new) && base == head => one(true),
        () if all(|pair| !pair.head_is_new) && base == head => one(false),
        () => {
            let told = pairs.iter().map(|pair| {
                format!(
                    "GitLab {base} has the {} environment matcher and {head} the {} one",
                    name(pair.base_is_new),
                    name(pair.head_is_new)
                )
            });
            format!("If {}", told.collect::<Vec<_>>().join(", or "))
        }
    }
}

/// Some of a list, and how many others.
fn listed(mut all: Vec<String>, noun: &str) -> String {
    if all.len() > TOLD + 1 {
        let others = all.len() - TOLD;
        all.truncate(TOLD);
        all.push(format!("{others} other {noun}s"));
    }
    words::list_and(&all)
}

fn projects_in_words(projects: &Projects, report: &DiffReport<'_>) -> String {
    match projects {
        Projects::One(path) => excerpt(path),
        Projects::Below(group, except) => {
            let today = report.count_below(group, except).map(|count| match count {
                0 => " (none today)".to_owned(),
                count => format!(" ({count} today)"),
            });
            format!("any project below {}{}{}", excerpt(group), apart(except), today.unwrap_or_default())
        }
        Projects::Anywhere(except) => format!("any project of the organization{}", apart(except)),
    }
}

fn apart(except: &Except) -> String {
    let quoted = |paths: &[String]| paths.iter().map(|path| excerpt(path)).collect::<Vec<_>>();
    let mut parts = Vec::new();
    if !except.projects.is_empty() {
        parts.push(listed(quoted(&except.projects), "project"));
    }
    if !except.groups.is_empty() {
        parts.push(format!("those below {}", listed(quoted(&except.groups), "group")));
    }
    if parts.is_empty() { String::new() } else { format!(" (apart from {})", parts.join(" and ")) }
}

fn quoted_or(patterns: &PatternList) -> String {
    let mut quoted: Vec<String> = patterns.patterns.iter().map(|pattern| excerpt(pattern.text())).collect();
    if quoted.len() > TOLD + 1 {
        let others = quoted.len() - TOLD;
        quoted.truncate(TOLD);
        quoted.push(format!("{others} others"));
    }
    match quoted.pop() {
        None => String::new(),
        Some(last) if quoted.is_empty() => last,
        Some(last) => format!("{} or {last}", quoted.join(", ")),
    }
}

fn environments(region: &Region, witness: &Witness, is_uneven: bool, report: &DiffReport<'_>) -> String {
    let mut told: Vec<String> = Vec::new();
    if region.without {
        told.push("without environment".to_owned());
    }
    if region.has_every_name() {
        told.push("with any environment".to_owned());
    } else {
        told.extend(region.names.iter().map(|part| part_in_words(part, witness, is_uneven, report)));
    }
    told.join(", or ")
}

fn part_in_words(part: &Part, witness: &Witness, is_uneven: bool, report: &DiffReport<'_>) -> String {
    let such_as = match &witness.environment {
        Some(name) if part.holds(name) => Some(name.clone()),
        _ => None,
    };
    let such_as = such_as.map(|name| format!(" (such as {})", excerpt(&name))).unwrap_or_default();
    let but = &part.without;
    let is_exact = |list: &PatternList| list.patterns.iter().all(|pattern| !pattern.has_star());
    if is_uneven
        && part.has_star()
        && let [within] = &part.within[..]
    {
        let of = |is_new: bool| {
            let (base, head) = (report.base.settings.version.line(), report.head.settings.version.line());
            let base_is_new = report.pairs().iter().all(|pair| pair.base_is_new);
            if is_new == base_is_new { base } else { head }
        };
        let rest = match but.patterns.is_empty() {
            true => String::new(),
            false
                if but
                    .patterns
                    .iter()
                    .map(crate::access::names::NamePattern::text)
                    .eq(within.patterns.iter().map(crate::access::names::NamePattern::text)) =>
            {
                format!(" and does not by those of {}", of(but.is_new))
            }
            false => format!(" and {} does not by those of {}", quoted_or(but), of(but.is_new)),
        };
        return format!(
            "with an environment that {} matches by the rules of GitLab {}{rest}{such_as}",
            quoted_or(within),
            of(within.is_new)
        );
    }
    match &part.within[..] {
        [] if but.patterns.is_empty() => "with any environment".to_owned(),
        [] if is_exact(but) => format!("with any environment but {}{such_as}", quoted_or(but)),
        [] => format!("with an environment that does not match {}{such_as}", quoted_or(but)),
        [only] if is_exact(only) && but.patterns.is_empty() => format!("with the environment {}", quoted_or(only)),
        lists => {
            let matched: Vec<String> = lists.iter().map(quoted_or).collect();
            let but = if but.patterns.is_empty() { String::new() } else { format!(" but not {}", quoted_or(but)) };
            format!("with an environment that matches {}{but}{such_as}", matched.join(" and "))
        }
    }
}

fn on_refs(refs: Refs, report: &DiffReport<'_>) -> &'static str {
    let may_protect = report.head.settings.version >= PROTECTED_MERGE_REQUESTS;
    match (refs.protected, refs.unprotected) {
        (true, false) => "on protected refs",
        (false, true) if may_protect => {
            "on refs that are not protected (merge request pipelines too, unless the project protects them)"
        }
        (false, true) => "on refs that are not protected, merge requests among them",
        _ => "on any ref",
    }
}

fn member(member: &Member) -> String {
    match member {
        Member::Group(path) => format!("members of the group {} (Developer or more)", excerpt(path)),
        Member::Project(path) => {
            format!("members of the project {}, by invited groups too (Developer or more)", excerpt(path))
        }
        Member::Administrators => "instance administrators, members or not,".to_owned(),
    }
}

/// As whom somebody acts.
pub(super) fn as_whom(who: &Who) -> String {
    match who {
        Who::Agent => "the agent itself".to_owned(),
        Who::CiJob => "the CI job".to_owned(),
        Who::User => "themselves".to_owned(),
        Who::Fixed { username, groups, .. } => {
            let name = username
                .as_deref()
                .map_or_else(|| "a user without a name".to_owned(), |name| format!("the fixed user {}", excerpt(name)));
            match groups.len() {
                0 => name,
                _ => format!("{name} with {}", listed(groups.iter().map(|group| excerpt(group)).collect(), "group")),
            }
        }
    }
}

fn namespace(namespace: Option<&String>) -> String {
    namespace.map_or_else(|| "none".to_owned(), |namespace| excerpt(namespace))
}

fn what(change: &Change) -> String {
    let agent = format!("agent {}", excerpt(&change.context));
    let who = |granted: &Option<Granted>| match granted {
        Some(Granted::Agent(who, _) | Granted::As(who)) => as_whom(who),
        _ => String::new(),
    };
    let of = |granted: &Option<Granted>| match granted {
        Some(Granted::Namespace(name)) => namespace(name.as_ref()),
        _ => String::new(),
    };
    match change.kind {
        Kind::Gained => format!("now get {agent} as {}", who(&change.after)),
        Kind::Lost => format!("lose {agent}"),
        Kind::Identity => format!("use {agent} as {}, until now as {}", who(&change.after), who(&change.before)),
        Kind::Namespace => {
            format!("have the default namespace {} at {agent}, until now {}", of(&change.after), of(&change.before))
        }
        Kind::Managed if change.after == Some(Granted::Managed(true)) => {
            format!("now have managed resources made by {agent}")
        }
        Kind::Managed => format!("no longer have managed resources made by {agent}"),
    }
}

fn why_failing(change: &Change) -> String {
    let Some(fails) = &change.fails else { return String::new() };
    let pattern = excerpt(&fails.pattern);
    let context = excerpt(&fails.context);
    match change.kind {
        Kind::Lost => format!(
            ", because {pattern} in the file of {context} is no regular expression and GitLab answers their request with an error"
        ),
        _ => format!(
            ", because {pattern} in the file of {context}, which made GitLab answer their request with an error, is gone"
        ),
    }
}

/// What decides on either side, in one line; empty where there is nothing to point at.
pub(super) fn why(because: &Because) -> String {
    let place = |cause: &Cause| match (&cause.entry, &cause.path, cause.line) {
        (Some(entry), Some(path), Some(line)) => format!("{entry} ({path}:{line})"),
        (Some(entry), Some(path), None) => format!("{entry} ({path})"),
        (Some(entry), ..) => entry.clone(),
        (None, ..) => "the configuration project's own access".to_owned(),
    };
    match (&because.base, &because.head) {
        (Some(base), Some(head)) if base.entry == head.entry => format!("by {}", place(head)),
        (Some(base), Some(head)) => format!("by {}; until now by {}", place(head), place(base)),
        (None, Some(head)) => format!("by {}", place(head)),
        (Some(base), None) => format!("until now by {}", place(base)),
        (None, None) => String::new(),
    }
}

/// That GitLab refuses a file, and what that comes to.
pub(super) fn refused_sentence(side: Side, refused: &Refused) -> String {
    let (name, consequence) = match side {
        Side::Head if refused.base_is_in_force => {
            ("HEAD", "nothing of this change takes effect, what BASE grants stays in force")
        }
        Side::Head => ("HEAD", "nothing of it takes effect"),
        Side::Base if refused.in_force.is_some() => {
            ("BASE", "an older configuration is in force, which is compared in its place")
        }
        Side::Base => ("BASE", "an older configuration is in force, and which is not known here"),
    };
    let why = if refused.why.is_empty() { words::refused_at(refused.step) } else { &refused.why };
    let line = refused.line.map(|line| format!(", line {line}")).unwrap_or_default();
    format!("GitLab refuses {name}'s file of agent {} ({why}{line}): {consequence}.", excerpt(&refused.context))
}

/// What stands in the way of a proof.
pub(super) fn open_sentences(open: &Open, report: &DiffReport<'_>) -> String {
    let agent = format!("agent {}", excerpt(&open.context));
    match &open.fact {
        OpenFact::BaseConfiguration => {
            format!("What {agent} lets in today is not known, so neither is what this change adds.")
        }
        OpenFact::Identity(before, after) => format!(
            "Whether {} may do more than {}, the cluster's RBAC says, not these files.",
            as_whom(after),
            as_whom(before)
        ),
        OpenFact::EnvironmentMatcher => {
            format!(
                "Whether {agent} lets in more hangs on how GitLab {} compares environment patterns.",
                report.releases()
            )
        }
        OpenFact::Expression(pattern) => {
            format!("What {} of {agent} matches, only Ruby can tell.", excerpt(pattern))
        }
        OpenFact::Budget => format!("The patterns of {agent} leave too many possibilities to rule out."),
    }
}

/// What would settle it.
pub(super) fn settle(fact: &OpenFact) -> String {
    match fact {
        OpenFact::BaseConfiguration => {
            "two revisions of git with their history, or the version that was in force".to_owned()
        }
        OpenFact::Identity(before, after) => {
            format!("what the cluster's RBAC binds to {} and to {}", as_whom(before), as_whom(after))
        }
        OpenFact::EnvironmentMatcher => "the release: 18.9 or older, 19.5 or newer".to_owned(),
        OpenFact::Expression(_) => "a simpler pattern".to_owned(),
        OpenFact::Budget => "fewer patterns with `*`".to_owned(),
    }
}
