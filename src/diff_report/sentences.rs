//! One sentence for each change, with a job that people recognise.

use super::DiffReport;
use crate::access::names::NamePattern;
use crate::access::{Condition, EnvironmentMatcher, Settings};
use crate::diff::{
    Cause, Change, Effect, Except, Granted, Kind, Member, Of, Open, OpenFact, Part, PatternList, Projects, Refs,
    Refused, Region, Side, Who,
};
use crate::gitlab::releases::{ADMINISTRATORS, NEW_MATCHER, OLD_MATCHER_LAST, PROTECTED_MERGE_REQUESTS};
use crate::words;

/// So many of a list are told; the others are counted.
const TOLD: usize = 5;

/// Names that people give to environments; one of them shows a part of which the witness of its change is none.
const EXAMPLES: [&str; 4] = ["preprod", "staging", "production", "review/feature-x"];

/// What of a sentence about refs that are not protected is enough to be read once.
const MERGE_REQUESTS: &str = " (merge request pipelines too, unless the project protects them)";

/// A value in backticks, of which it has none itself, so that it is known where it ends.
fn excerpt(text: &str) -> String {
    words::excerpt(&text.replace('`', "'"))
}

/// A change as one sentence.
pub(super) fn sentence(change: &Change, report: &DiffReport<'_>) -> String {
    let before = matcher_condition(change, report);
    let text = match &change.of {
        Of::Jobs { projects, refs, region, .. } => {
            // What is below a group stands behind the names, which would else seem to be groups too.
            let mut parts: Vec<&Projects> = projects.iter().collect();
            parts.sort_by_key(|part| match part {
                Projects::One(_) => 0,
                Projects::Below(..) => 1,
                Projects::Anywhere(_) => 2,
            });
            let whose = listed(parts.into_iter().map(|part| projects_in_words(part, report)).collect(), "project");
            let subject = match region.is_everything() {
                true => format!("All jobs of {whose}"),
                false => format!("Jobs of {whose} {}", environments(region, change, report)),
            };
            let also = if passes_by_restrictions(change) { ", those that the entry shuts out among them" } else { "" };
            format!("{subject}, {}{also}, {}", on_refs(*refs, report), what(change))
        }
        Of::People(members) => {
            format!("{}{}{}", people(members), what(change), administrators(change, members, report))
        }
    };
    let conditions: Vec<String> = change.conditions.iter().map(words_of(change)).collect();
    let behind = if conditions.is_empty() { String::new() } else { format!(", if {}", words::list_and(&conditions)) };
    let text = format!("{text}{}{behind}.", why_failing(change));
    if before.is_empty() { text } else { format!("{before}: {}", lower_first(&text)) }
}

/// The same behind sentences that said already what is said once.
pub(super) fn sentence_behind(change: &Change, report: &DiffReport<'_>, is_said: &mut bool) -> String {
    let sentence = sentence(change, report);
    let short = if *is_said { sentence.replacen(MERGE_REQUESTS, "", 1) } else { sentence.clone() };
    *is_said |= sentence.contains(MERGE_REQUESTS);
    short
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
    let (base, head) = (report.base.settings, report.head.settings);
    let (of_base, of_head) = (report.release_of(base), report.release_of(head));
    let name = |is_new: bool| if is_new { "new" } else { "old" };
    let is_open = |settings: Settings| settings.environment_matcher() == EnvironmentMatcher::Either;
    let told = pairs.iter().map(|pair| match (is_open(base), is_open(head)) {
        // Both sides have the same.
        _ if of_base == of_head && pair.is_even() => {
            format!("{of_head} has the {} environment matcher", name(pair.head_is_new))
        }
        (false, _) => format!("{of_head} has the {} environment matcher", name(pair.head_is_new)),
        (_, false) => format!("{of_base} has the {} environment matcher", name(pair.base_is_new)),
        _ => format!(
            "{of_base} has the {} environment matcher and {of_head} the {} one",
            name(pair.base_is_new),
            name(pair.head_is_new)
        ),
    });
    let mut told: Vec<String> = told.collect();
    told.dedup();
    format!("If {}", told.join(", or "))
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
                0 => "none today".to_owned(),
                count => format!("{count} today"),
            });
            format!("any project below {}{}", excerpt(group), in_brackets(apart(except).into_iter().chain(today)))
        }
        Projects::Anywhere(except) => {
            format!("any project of the organization{}", in_brackets(apart(except).into_iter()))
        }
    }
}

fn in_brackets(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join("; ")) }
}

fn apart(except: &Except) -> Option<String> {
    let quoted = |paths: &[String]| paths.iter().map(|path| excerpt(path)).collect::<Vec<_>>();
    let mut parts = Vec::new();
    if !except.projects.is_empty() {
        parts.push(listed(quoted(&except.projects), "project"));
    }
    if !except.groups.is_empty() {
        parts.push(format!("those below {}", listed(quoted(&except.groups), "group")));
    }
    (!parts.is_empty()).then(|| format!("apart from {}", parts.join(" and ")))
}

fn quoted_or<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut quoted: Vec<String> = texts.map(excerpt).collect();
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

fn any_of(list: &PatternList) -> String {
    quoted_or(list.patterns.iter().map(NamePattern::text))
}

fn environments(region: &Region, change: &Change, report: &DiffReport<'_>) -> String {
    let mut told: Vec<String> = Vec::new();
    if region.without {
        told.push("without environment".to_owned());
    }
    if region.has_every_name() {
        told.push("with any environment".to_owned());
        return told.join(", or ");
    }
    let exact: Vec<Option<Vec<&str>>> = region.names.iter().map(names_alone).collect();
    let names: Vec<&str> = exact.iter().flatten().flatten().copied().collect();
    if !names.is_empty() {
        told.push(format!("with the environment {}", quoted_or(names.into_iter())));
    }
    let others = region.names.iter().zip(&exact).filter(|(_, names)| names.is_none());
    for (number, (part, _)) in others.enumerate() {
        let such_as = if number == 0 { example(part, change) } else { None };
        let such_as = such_as.map(|name| format!(" (such as {})", excerpt(name))).unwrap_or_default();
        told.push(format!("with {}{such_as}", part_in_words(part, change, report)));
    }
    told.join(", or ")
}

/// The names of a part, where these are all; a pattern that only Ruby can judge leaves that open.
fn names_alone(part: &Part) -> Option<Vec<&str>> {
    let list = part.within.iter().find(|list| list.patterns.iter().all(|pattern| !pattern.has_star()))?;
    let is_judged = |name: &str| {
        let all = part.within.iter().chain([&part.without]).flat_map(|list| &list.patterns);
        all.into_iter().all(|pattern| pattern.matches(name).is_some())
    };
    let names: Vec<&str> = list.patterns.iter().map(NamePattern::text).collect();
    if !names.iter().all(|name| is_judged(name)) {
        return None;
    }
    Some(names.into_iter().filter(|name| part.holds(name)).collect())
}

/// A name that shows a part.
fn example<'c>(part: &Part, change: &'c Change) -> Option<&'c str> {
    let witness = match &change.of {
        Of::Jobs { witness, .. } => witness.environment.as_deref(),
        Of::People(_) => None,
    };
    let is_judged = |name: &&str| part.without.patterns.iter().all(|pattern| pattern.matches(name).is_some());
    witness
        .filter(|name| part.holds(name))
        .or_else(|| EXAMPLES.into_iter().filter(is_judged).find(|name| part.holds(name)))
}

fn part_in_words(part: &Part, change: &Change, report: &DiffReport<'_>) -> String {
    let but = &part.without;
    let mut lists: Vec<&PatternList> = Vec::new();
    for list in &part.within {
        if !lists.iter().any(|known| known.patterns == list.patterns && known.is_new == list.is_new) {
            lists.push(list);
        }
    }
    let possible = report.pairs();
    let pairs = change.pairs.as_ref().unwrap_or(&possible);
    if let Some(uneven) = pairs.iter().find(|pair| !pair.is_even()).filter(|_| part.has_star()) {
        let (base, head) = (report.base.settings.version.line(), report.head.settings.version.line());
        let of = |list: &PatternList| if list.is_new == uneven.base_is_new { base } else { head };
        let mut told: Vec<String> = Vec::new();
        for list in &lists {
            let rules = if told.is_empty() { "the rules" } else { "those" };
            told.push(format!("{} matches by {rules} of GitLab {}", any_of(list), of(list)));
        }
        let same_texts = |list: &PatternList| {
            list.patterns.iter().map(NamePattern::text).eq(but.patterns.iter().map(NamePattern::text))
        };
        match (&lists[..], but.patterns.is_empty()) {
            (_, true) => {}
            ([], false) => told.push(format!("{} does not match by the rules of GitLab {}", any_of(but), of(but))),
            ([only], false) if same_texts(only) => told.push(format!("does not by those of {}", of(but))),
            (_, false) => told.push(format!("{} does not by those of {}", any_of(but), of(but))),
        }
        return format!("an environment that {}", told.join(" and "));
    }
    let is_exact = but.patterns.iter().all(|pattern| !pattern.has_star());
    match &lists[..] {
        [] if but.patterns.is_empty() => "any environment".to_owned(),
        [] if is_exact => format!("any environment but {}", any_of(but)),
        [] => format!("an environment that does not match {}", any_of(but)),
        lists => {
            let matched: Vec<String> = lists.iter().map(|list| any_of(list)).collect();
            let but = if but.patterns.is_empty() { String::new() } else { format!(" but not {}", any_of(but)) };
            format!("an environment that matches {}{but}", matched.join(" and "))
        }
    }
}

fn on_refs(refs: Refs, report: &DiffReport<'_>) -> String {
    let may_protect = report.head.settings.version >= PROTECTED_MERGE_REQUESTS;
    match (refs.protected, refs.unprotected) {
        (true, false) => "on protected refs".to_owned(),
        (false, true) if may_protect => format!("on refs that are not protected{MERGE_REQUESTS}"),
        (false, true) => "on refs that are not protected, merge requests among them".to_owned(),
        _ => "on any ref".to_owned(),
    }
}

/// Whoever is a member, up to what they do.
fn people(members: &[Member]) -> String {
    let named = |noun: &str, of: fn(&Member) -> Option<&String>| {
        let paths: Vec<String> = members.iter().filter_map(of).map(|path| excerpt(path)).collect();
        match paths.len() {
            0 => None,
            1 => Some(format!("members of the {noun} {}", listed(paths, noun))),
            _ => Some(format!("members of the {noun}s {}", listed(paths, noun))),
        }
    };
    let groups = named("group", |member| if let Member::Group(path) = member { Some(path) } else { None });
    let projects = named("project", |member| if let Member::Project(path) = member { Some(path) } else { None });
    let administrators = members.contains(&Member::Administrators);
    let administrators = administrators.then(|| "instance administrators, members or not,".to_owned());
    // What is true of members of projects alone stands behind these.
    let rest = match (&groups, &projects) {
        (_, Some(_)) => ", by invited groups too (Developer or more), ",
        (Some(_), None) => " (Developer or more) ",
        (None, None) => " ",
    };
    let told: Vec<String> = administrators.into_iter().chain(groups).chain(projects).collect();
    format!("{}{rest}", upper_first(&told.join(" and ")))
}

fn upper_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Why administrators are let in where the release alone is why.
fn administrators(change: &Change, members: &[Member], report: &DiffReport<'_>) -> String {
    let (base, head) = (report.base.settings.version, report.head.settings.version);
    let is_new = base < ADMINISTRATORS && head >= ADMINISTRATORS;
    match change.kind == Kind::Gained && is_new && members.contains(&Member::Administrators) {
        true => {
            format!(": from about GitLab {ADMINISTRATORS} every agent with `user_access` lets them in")
        }
        false => String::new(),
    }
}

/// As whom somebody acts.
pub(super) fn as_whom(who: &Who) -> String {
    match who {
        Who::Agent => "the agent itself".to_owned(),
        Who::CiJob => "the CI job".to_owned(),
        Who::User => "themselves".to_owned(),
        Who::Fixed { username, groups, uid, extra } => {
            let name = username
                .as_deref()
                .map_or_else(|| "a user without a name".to_owned(), |name| format!("the fixed user {}", excerpt(name)));
            let mut with = Vec::new();
            if !groups.is_empty() {
                let noun = if groups.len() == 1 { "group" } else { "groups" };
                with.push(format!(
                    "the {noun} {}",
                    listed(groups.iter().map(|group| excerpt(group)).collect(), "group")
                ));
            }
            with.extend(uid.iter().map(|uid| format!("the uid {}", excerpt(uid))));
            let of_key = |key: &str, values: &[String]| excerpt(&format!("{key}: {}", values.join(", ")));
            with.extend(extra.iter().take(TOLD).map(|(key, values)| format!("extra {}", of_key(key, values))));
            if with.is_empty() { name } else { format!("{name} with {}", words::list_and(&with)) }
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
            let behind = match passes_by_restrictions(change) {
                true => "; `environments` and `protected_branches_only` do not bind them",
                false => "",
            };
            format!("now have managed resources made by {agent}{behind}")
        }
        Kind::Managed => format!("no longer have managed resources made by {agent}"),
    }
}

/// Whether resources are made for jobs that the entry does not let in.
fn passes_by_restrictions(change: &Change) -> bool {
    let is_restricted = change.because.head.as_ref().is_some_and(|cause| cause.is_restricted);
    is_restricted && change.after == Some(Granted::Managed(true))
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
pub(super) fn why(change: &Change, report: &DiffReport<'_>) -> String {
    if let Some(fails) = &change.fails {
        let place = fails.line.map_or_else(|| fails.path.clone(), |line| format!("{}:{line}", fails.path));
        let until = if change.kind == Kind::Lost { "" } else { "until now " };
        return format!("{until}by {} ({place})", excerpt(&fails.pattern));
    }
    let (base, head) = (change.because.base.as_ref(), change.because.head.as_ref());
    let place = |cause: &Cause| match (&cause.path, cause.line) {
        (Some(path), Some(line)) => format!("{path}:{line}"),
        (Some(path), None) => path.clone(),
        _ => String::new(),
    };
    let is_several = matches!(&change.of, Of::Jobs { projects, .. } if projects.len() > 1);
    let named = |cause: &Cause, place: &str| {
        // An entry of a project decides about that project alone.
        let others = if is_several && entry_of(cause).starts_with("projects") { " and others" } else { "" };
        match &cause.entry {
            Some(_) if place.is_empty() => format!("`{}`{others}", entry_of(cause)),
            Some(_) => format!("`{}` ({place}){others}", entry_of(cause)),
            None => "the configuration project's own access".to_owned(),
        }
    };
    let is_one_file = |base: &Cause, head: &Cause| base.path.is_some() && base.path == head.path;
    match (base, head) {
        (Some(base), Some(head)) if base.entry == head.entry => format!("by {}", named(head, &place(head))),
        (Some(base), Some(head)) => {
            let before = match base.line.filter(|_| is_one_file(base, head)) {
                Some(line) => format!("line {line} in BASE"),
                None => place(base),
            };
            let (before, now) = (named(base, &before), named(head, &place(head)));
            let is_looser = change.effect == Effect::Widened && matches!(change.kind, Kind::Gained | Kind::Identity);
            match is_looser && rank(base) < rank(head) {
                // The stricter entry would have gone before.
                true => {
                    let same = report.base.settings == report.head.settings;
                    let gone = if same { "is gone" } else { "no longer counts" };
                    format!("because {before}, which was stricter, {gone} and {now} decides now")
                }
                false => format!("by {now}; until now by {before}"),
            }
        }
        (None, Some(head)) => format!("by {}", named(head, &place(head))),
        (Some(base), None) => format!("until now by {}", named(base, &place(base))),
        (None, None) => String::new(),
    }
}

/// An entry within its section.
fn entry_of(cause: &Cause) -> &str {
    let entry = cause.entry.as_deref().unwrap_or_default();
    entry.strip_prefix("ci_access.").or_else(|| entry.strip_prefix("user_access.")).unwrap_or(entry)
}

/// In which order kinds of entries decide.
fn rank(cause: &Cause) -> u8 {
    let entry = cause.entry.as_deref().unwrap_or_default();
    match () {
        () if entry.starts_with("ci_access.projects") => 0,
        () if entry.is_empty() => 1,
        () if entry.starts_with("ci_access.groups") => 2,
        () if entry.starts_with("ci_access.instance") => 3,
        () => 4,
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
                "Whether {agent} lets in more hangs on how {} compares environment patterns: as up to \
                 {OLD_MATCHER_LAST}, or as from {NEW_MATCHER}.",
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
