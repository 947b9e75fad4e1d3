//! Laws of effective access, on worlds made at random. Those that one might expect and that do not hold are named with a
//! counter-example.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kaslint::access::decisions::{Decider, Kept, Name, Word};
use kaslint::access::{Authorization, Condition, Effect, Index, Outcome, Query, Row, Settings, Target, Unknown};
use kaslint::agent_config::CiEntry;
use kaslint::gitlab::releases::{NEW_MATCHER_POSSIBLE, OLD_MATCHER_LAST};
use kaslint::gitlab::{NEWEST, Tier};
use kaslint::words;
use proptest::prelude::*;

use crate::setting::{PREMIUM, Setting};

const PROJECTS: [&str; 8] = [
    "acme/agents",
    "acme/web/shop",
    "acme/web/eu/site",
    "acme/tool",
    "globex/agents",
    "globex/x/y",
    "jdoe/toy",
    "jdoe/agents",
];
const GROUPS: [&str; 6] = ["acme", "acme/web", "acme/web/eu", "globex", "globex/x", "jdoe"];
const ENVIRONMENTS: [Option<&str>; 4] = [None, Some("production"), Some("preprod"), Some("review/1")];

/// What an entry says beside its id.
#[derive(Clone, Debug)]
struct Terms {
    environments: Option<Vec<&'static str>>,
    protected: bool,
    access_as: &'static str,
}

#[derive(Clone, Debug)]
struct Entry {
    id: String,
    terms: Terms,
}

#[derive(Clone, Debug)]
struct File {
    home: &'static str,
    projects: Vec<Entry>,
    groups: Vec<Entry>,
    instance: Option<Terms>,
}

impl Terms {
    fn text(&self, out: &mut String) {
        if let Some(environments) = &self.environments {
            let quoted: Vec<String> = environments.iter().map(|pattern| format!("'{pattern}'")).collect();
            let _ = write!(out, ", environments: [{}]", quoted.join(", "));
        }
        let _ = write!(out, ", protected_branches_only: {}, access_as: {{{}}}", self.protected, self.access_as);
    }
}

impl File {
    fn text(&self) -> String {
        let mut out = "ci_access:\n".to_owned();
        for (key, entries) in [("projects", &self.projects), ("groups", &self.groups)] {
            let _ = writeln!(out, "  {key}:");
            for entry in entries {
                let _ = write!(out, "    - {{id: {}", entry.id);
                entry.terms.text(&mut out);
                out.push_str("}\n");
            }
        }
        if let Some(terms) = &self.instance {
            let mut text = String::new();
            terms.text(&mut text);
            let _ = writeln!(out, "  instance: {{{}}}", text.trim_start_matches(", "));
        }
        out
    }
}

/// Patterns that are regular expressions for Ruby; some only Ruby can judge.
fn terms() -> impl Strategy<Value = Terms> {
    let pattern =
        prop::sample::select(vec!["production", "prod*", "*", "review/*", "^prod*", "Production", "(?i)PROD*"]);
    let environments = prop::option::of(prop::collection::vec(pattern, 0..3));
    let access_as = prop::sample::select(vec!["agent: {}", "ci_job: {}", "impersonate: {username: x}"]);
    (environments, any::<bool>(), access_as).prop_map(|(environments, protected, access_as)| Terms {
        environments,
        protected,
        access_as,
    })
}

fn entries(ids: &'static [&'static str]) -> impl Strategy<Value = Vec<Entry>> {
    let entry = (prop::sample::select(ids), any::<bool>(), terms()).prop_map(|(id, is_upper, terms)| {
        let id = if is_upper { id.to_uppercase() } else { id.to_owned() };
        Entry { id, terms }
    });
    prop::collection::vec(entry, 0..6)
}

fn file() -> impl Strategy<Value = File> {
    let home = prop::sample::select(vec!["acme/agents", "globex/agents", "jdoe/agents"]);
    (home, entries(&PROJECTS), entries(&GROUPS), prop::option::of(terms()))
        .prop_map(|(home, projects, groups, instance)| File { home, projects, groups, instance })
}

fn settings() -> impl Strategy<Value = Settings> {
    let tier = prop::sample::select(vec![Tier::Free, Tier::Premium, Tier::Ultimate]);
    let version = prop::sample::select(vec![OLD_MATCHER_LAST, NEW_MATCHER_POSSIBLE, NEWEST]);
    (version, tier, any::<bool>()).prop_map(|(version, tier, instance)| Settings {
        version,
        is_release_assumed: false,
        tier: Some(tier),
        instance_authorization: Some(instance),
    })
}

fn world(settings: Settings, files: &[&File]) -> Setting {
    let setting = Setting::new(settings).projects(&["jdoe"], &PROJECTS);
    files
        .iter()
        .enumerate()
        .fold(setting, |setting, (number, file)| setting.agent(file.home, &format!("agent-{number}"), &file.text()))
}

/// Every job of every project, with what it gets.
fn answers(setting: &Setting) -> Vec<(Job, Vec<String>)> {
    jobs().map(|job| (job, setting.ask(job.project, job.environment, Some(job.protected)))).collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Job {
    project: &'static str,
    environment: Option<&'static str>,
    protected: bool,
}

fn jobs() -> impl Iterator<Item = Job> {
    PROJECTS.into_iter().flat_map(|project| {
        ENVIRONMENTS.into_iter().flat_map(move |environment| {
            [true, false].into_iter().map(move |protected| Job { project, environment, protected })
        })
    })
}

/// The contexts of those rows that lead to one.
fn contexts(rows: &[String]) -> Vec<&str> {
    let allowed = rows.iter().filter_map(|row| row.strip_prefix("+ "));
    let mut agents: Vec<&str> = allowed.filter_map(|row| row.split(' ').next()).collect();
    agents.dedup();
    agents
}

/// Rows without the places of entries in their lists.
fn without_places(rows: &[String]) -> Vec<String> {
    rows.iter()
        .map(|row| {
            let mut kept = String::new();
            let mut is_inside = false;
            for character in row.chars() {
                is_inside = character == '[' || is_inside && character != ']';
                kept.extend((!is_inside && character != ']').then_some(character));
            }
            kept
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A job without an environment never gets in by an entry with patterns.
    #[test]
    fn patterns_need_an_environment(file in file(), settings in settings()) {
        world(settings, &[&file]).with(|index| {
            for project in PROJECTS {
                let answer = index.query(&Query::new(project, None, Some(true)));
                for row in &answer.allowed {
                    let entry = row.winner.and_then(|winner| winner.entry);
                    prop_assert!(entry.is_none_or(|entry| entry.environments.is_empty()));
                }
            }
            Ok(())
        })?;
    }

    /// A protected ref opens whatever an unprotected one opens.
    #[test]
    fn protection_only_opens(file in file(), settings in settings()) {
        let setting = world(settings, &[&file]);
        for job in jobs().filter(|job| !job.protected) {
            let unprotected = setting.ask(job.project, job.environment, Some(false));
            let protected = setting.ask(job.project, job.environment, Some(true));
            let protected = contexts(&protected);
            prop_assert!(contexts(&unprotected).iter().all(|context| protected.contains(context)), "{:?}", job);
        }
    }

    /// An entry for another project, at the end of a list that is not full, changes nothing for this one.
    ///
    /// Not true at the front: [shop, then 499 others] with one more before them loses its last. Not true for groups: an
    /// entry for `acme/web` replaces that for `acme` wherever both apply.
    #[test]
    fn entries_for_other_projects_change_nothing(file in file(), terms in terms(), other in prop::sample::select(&PROJECTS[..]), settings in settings()) {
        let mut more = file.clone();
        more.projects.push(Entry { id: other.to_owned(), terms });
        let (before, after) = (answers(&world(settings, &[&file])), answers(&world(settings, &[&more])));
        for ((job, before), (_, after)) in before.iter().zip(&after).filter(|((job, _), _)| job.project != other) {
            prop_assert_eq!(before, after, "{:?}", job);
        }
    }

    /// Removing an entry changes nothing for jobs about which it does not decide.
    ///
    /// That removing a more specific entry never narrows is not true: `projects: [{id: acme/shop}]` over `groups: [{id:
    /// acme, protected_branches_only: true}]`. That it never widens is not true either: swap the two terms.
    #[test]
    fn an_entry_matters_only_where_it_decides(mut file in file(), settings in settings()) {
        // Of two equal ids the earlier one comes back when the later one goes.
        file.groups = last_of_each(&file.groups);
        prop_assume!(!file.groups.is_empty());
        let position = file.groups.len() - 1;
        let mut less = file.clone();
        less.groups.truncate(position);
        let (before, after) = (answers(&world(settings, &[&file])), answers(&world(settings, &[&less])));
        let decides = format!("by groups[{position}]");
        for ((job, before), (_, after)) in before.iter().zip(&after) {
            if before.iter().all(|row| !row.contains(&decides)) {
                prop_assert_eq!(contexts(before), contexts(after), "{:?}", job);
            }
        }
    }

    /// Of equal ids only the last counts, so the others may go.
    #[test]
    fn earlier_equal_ids_may_go(file in file(), settings in settings()) {
        let less = File { projects: last_of_each(&file.projects), groups: last_of_each(&file.groups), ..file.clone() };
        let (before, after) = (answers(&world(settings, &[&file])), answers(&world(settings, &[&less])));
        for ((job, before), (_, after)) in before.iter().zip(&after) {
            prop_assert_eq!(contexts(before), contexts(after), "{:?}", job);
        }
    }

    /// Neither the letter case of ids nor, for ids that differ, their order counts.
    #[test]
    fn order_and_letter_case_do_not_count(file in file(), settings in settings()) {
        let turned = |entries: &[Entry]| -> Vec<Entry> {
            let entries = last_of_each(entries).into_iter().rev();
            entries.map(|entry| Entry { id: entry.id.to_lowercase(), ..entry }).collect()
        };
        let file = File { projects: last_of_each(&file.projects), groups: last_of_each(&file.groups), ..file };
        let other = File { projects: turned(&file.projects), groups: turned(&file.groups), ..file.clone() };
        let (before, after) = (answers(&world(settings, &[&file])), answers(&world(settings, &[&other])));
        for ((job, before), (_, after)) in before.iter().zip(&after) {
            prop_assert_eq!(without_places(before), without_places(after), "{:?}", job);
        }
    }

    /// An empty list of environments is as good as none.
    #[test]
    fn no_patterns_are_no_restriction(mut file in file(), settings in settings()) {
        let before = answers(&world(settings, &[&file]));
        for entry in file.projects.iter_mut().chain(&mut file.groups) {
            entry.terms.environments = entry.terms.environments.take().filter(|patterns| !patterns.is_empty());
        }
        prop_assert_eq!(before, answers(&world(settings, &[&file])));
    }

    /// Other agents change nothing, unless a pattern of theirs raises (`unknowns.rs` has that).
    #[test]
    fn agents_do_not_know_each_other(one in file(), other in file(), settings in settings()) {
        let (alone, both) = (answers(&world(settings, &[&one])), answers(&world(settings, &[&one, &other])));
        for ((job, alone), (_, both)) in alone.iter().zip(&both) {
            let of_one: Vec<&String> = both.iter().filter(|row| row.contains("agent-0")).collect();
            prop_assert_eq!(alone.iter().collect::<Vec<_>>(), of_one, "{:?}", job);
        }
    }

    /// Ultimate opens what Premium opens, and the other way round.
    ///
    /// That Premium opens whatever Free opens is not true: `projects: [{id: acme/shop, environments: [prod], access_as:
    /// {ci_job: {}}}]` over `groups: [{id: acme}]` shuts out jobs without environment, and on Free the project's entry
    /// falls out.
    #[test]
    fn paid_licences_are_alike(file in file(), settings in settings()) {
        let at = |tier| answers(&world(Settings { tier: Some(tier), ..settings }, &[&file]));
        prop_assert_eq!(at(Tier::Premium), at(Tier::Ultimate));
    }

    /// What is told under a condition is what is told when the condition is known to hold.
    #[test]
    fn both_outcomes_are_the_right_ones(one in file(), other in file(), settings in settings()) {
        let known = world(settings, &[&one, &other]);
        let unknown = world(Settings { tier: None, instance_authorization: None, ..settings }, &[&one, &other]);
        for job in jobs() {
            let holds = |row: &&String| {
                let conditions = row.split_once(" if ").map_or("", |(_, conditions)| conditions);
                conditions.split(" and ").all(|condition| match condition {
                    "" => true,
                    _ if known_conditions(settings, job).contains(&condition.to_owned()) => true,
                    // What neither world knows.
                    condition => condition.contains("only Ruby can judge") || condition.contains("environment patterns"),
                })
            };
            let told = unknown.ask(job.project, job.environment, None);
            let mut told: Vec<String> = told.iter().filter(holds).map(|row| without_known(row, settings, job)).collect();
            let mut expected = known.ask(job.project, job.environment, Some(job.protected));
            told.sort();
            expected.sort();
            prop_assert_eq!(told, expected, "{:?}", job);
        }
    }

    /// The one word of the tables is what the rows of an answer come to together.
    #[test]
    fn decisions_in_one_word_are_what_is_answered(
        mut one in file(), other in file(), mut settings in settings(), is_open in any::<bool>(), raising in entries(&PROJECTS),
    ) {
        if is_open {
            settings = Settings { tier: None, instance_authorization: None, ..settings };
        }
        for entry in raising.into_iter().skip(3) {
            let environments = Some(vec!["stag*", "(*"]);
            one.projects.push(Entry { terms: Terms { environments, ..entry.terms }, ..entry });
        }
        world(settings, &[&one, &other]).with(|index| {
            let (decider, mut kept) = (Decider::new(index), Kept::default());
            let names: Vec<Name<'_>> =
                ENVIRONMENTS.into_iter().flatten().map(|name| Name { name, is_comparable: true }).collect();
            for project in index.inventory().expect("an inventory").projects() {
                let mut words = BTreeMap::new();
                decider.decide(project, &names, &mut kept, &mut |decision| {
                    words.insert((decision.environment, decision.protected, decision.agent), decision.word);
                });
                let mut expected = BTreeMap::new();
                for job in jobs().filter(|job| *job.project == *project.path) {
                    let answer = index.query(&Query::new(job.project, job.environment, Some(job.protected)));
                    for row in answer.rows() {
                        let word = match row.outcome {
                            Outcome::Allowed => Word::Allowed,
                            Outcome::Denied(_) => Word::Denied,
                            Outcome::Unknown(_) => Word::Unknown,
                        };
                        let known = expected.entry((job.environment, job.protected, row.agent)).or_insert(word);
                        *known = if *known == word { word } else { Word::Unknown };
                    }
                }
                prop_assert_eq!(words, expected, "{}", project.path);
            }
            Ok(())
        })?;
    }

    /// What is said of one file is what is decided: the same becomes of its entries, and of those that may let a project in the first
    /// wins, and the others are overridden.
    #[test]
    fn files_agree_with_questions(one in file(), other in file(), mut settings in settings(), is_open in any::<bool>()) {
        if is_open {
            settings = Settings { tier: None, instance_authorization: None, ..settings };
        }
        let setting = world(settings, &[&one, &other]);
        setting.with(|index| {
            for (name, entries) in setting.entries() {
                let (agent, _) = index.agent_ids().find(|(_, agent)| agent.name == name).expect("an agent");
                prop_assert_eq!(authorizations(&index.entry_authorizations(agent)), authorizations(entries.of_ci_access()));
                for project in PROJECTS {
                    let rows = index.query_agent(agent, &Query::new(project, Some("production"), Some(true)));
                    // The row in which everything holds that is not known.
                    let is_best = |row: &&Row<'_>| {
                        row.conditions.iter().all(|condition| {
                            condition.holds || matches!(condition.unknown, Unknown::PatternMatches(_))
                        })
                    };
                    let row = rows.iter().find(is_best).expect("one row");
                    let mut candidates = entries.candidates(Target::Project(project), settings.tier);
                    prop_assert_eq!(candidates.next(), row.winner, "{}", project);
                    prop_assert_eq!(candidates.collect::<Vec<_>>(), row.overridden.clone(), "{}", project);
                }
            }
            Ok(())
        })?;
    }

    /// A question about one agent is answered as the question about all is, whatever other agents' patterns do to the request.
    #[test]
    fn one_agent_is_answered_as_all_are(
        files in prop::collection::vec((file(), any::<bool>()), 1..4),
        mut settings in settings(),
        is_open in any::<bool>(),
    ) {
        if is_open {
            settings = Settings { tier: None, instance_authorization: None, ..settings };
        }
        let mut setting = Setting::new(settings).projects(&["jdoe"], &PROJECTS);
        for (number, (file, raises)) in files.iter().enumerate() {
            let text = if *raises { file.text().replace("'*'", "'(*'") } else { file.text() };
            setting = setting.agent(file.home, &format!("agent-{number}"), &text);
        }
        setting.with(|index| {
            for job in jobs() {
                for protected in [Some(job.protected), None] {
                    let query = Query::new(job.project, job.environment, protected);
                    let answer = index.query(&query);
                    for (agent, _) in index.agent_ids() {
                        let of_all: Vec<String> = answer.rows_of(agent).map(|row| format!("{row:?}")).collect();
                        let of_one: Vec<String> =
                            index.query_agent(agent, &query).iter().map(|row| format!("{row:?}")).collect();
                        match &of_all[..] {
                            [] => prop_assert!(of_one.len() == 1 && of_one[0].contains("NoEntry"), "{:?}", of_one),
                            of_all => prop_assert_eq!(of_one, of_all),
                        }
                    }
                }
            }
            Ok(())
        })?;
    }

    /// What an agent grants says of each project which entry decides, as the question about it does.
    #[test]
    fn grants_agree_with_questions(file in file(), mut settings in settings(), is_open in any::<bool>()) {
        if is_open {
            settings = Settings { tier: None, instance_authorization: None, ..settings };
        }
        world(settings, &[&file]).with(|index| {
            for (agent, _) in index.agent_ids() {
                for case in &index.agent_grants(agent).cases {
                    let decided: u32 = case.grants.iter().map(|grant| match &grant.effect {
                        Effect::Decides(reach) => reach.count().unwrap_or_default(),
                        _ => 0,
                    }).sum();
                    let mut asked = 0;
                    for project in PROJECTS {
                        let query = Query::new(project, Some("production"), Some(true));
                        let rows = index.query_agent(agent, &query);
                        let row = rows.iter().find(|row| fits(row, &case.conditions)).expect("one row fits each case");
                        let deciding = case.grants.iter().filter(|grant| matches!(&grant.effect, Effect::Decides(reach) if reaches(index, reach, project)));
                        let deciding: Vec<_> = deciding.map(|grant| grant.candidate).collect();
                        prop_assert_eq!(row.winner.into_iter().collect::<Vec<_>>(), deciding, "{} in {:?}", project, case.conditions);
                        asked += u32::from(row.winner.is_some());
                    }
                    prop_assert_eq!(decided, asked);
                }
            }
            Ok(())
        })?;
    }
}

/// What becomes of entries, by where they stand.
fn authorizations(entries: &[(&CiEntry, Authorization)]) -> Vec<(String, Authorization)> {
    entries.iter().map(|(entry, authorization)| (entry.route(), authorization.clone())).collect()
}

fn reaches(index: &Index<'_>, reach: &kaslint::access::Reach, project: &str) -> bool {
    index.inventory().is_some_and(|inventory| reach.projects(inventory).any(|reached| *reached.path == *project))
}

/// Whether nothing that a row hangs on contradicts these conditions.
fn fits(row: &Row<'_>, conditions: &[Condition]) -> bool {
    row.conditions.iter().all(|needed| {
        let is_pattern = matches!(needed.unknown, Unknown::PatternMatches(_));
        is_pattern || conditions.iter().all(|known| known.unknown != needed.unknown || known.holds == needed.holds)
    })
}

fn last_of_each(entries: &[Entry]) -> Vec<Entry> {
    let is_last = |(index, entry): &(usize, &Entry)| {
        entries.iter().skip(index + 1).all(|later| !later.id.eq_ignore_ascii_case(&entry.id))
    };
    entries.iter().enumerate().filter(is_last).map(|(_, entry)| entry.clone()).collect()
}

/// The clauses that hold for a job where everything is known.
fn known_conditions(settings: Settings, job: Job) -> Vec<String> {
    let unknowns = [
        (Unknown::PaidTier, settings.tier > Some(Tier::Free)),
        (Unknown::InstanceAuthorization, settings.instance_authorization == Some(true)),
        (Unknown::ProtectedRef, job.protected),
    ];
    unknowns.map(|(unknown, holds)| words::condition(&Condition { unknown, holds })).to_vec()
}

fn without_known(row: &str, settings: Settings, job: Job) -> String {
    let known = known_conditions(settings, job);
    let Some((row, conditions)) = row.split_once(" if ") else { return row.to_owned() };
    let left: Vec<&str> =
        conditions.split(" and ").filter(|condition| !known.iter().any(|known| known == condition)).collect();
    if left.is_empty() { row.to_owned() } else { format!("{row} if {}", left.join(" and ")) }
}

#[test]
fn the_counter_examples_are_true() {
    let setting = |tier, text: &str| {
        let settings = Settings { tier: Some(tier), ..PREMIUM };
        Setting::new(settings).projects(&[], &["acme/agents", "acme/shop"]).agent("acme/agents", "a", text)
    };
    let opens = |setting: Setting| !contexts(&setting.ask("acme/shop", None, Some(false))).is_empty();
    let strict_group = "groups: [{id: acme, protected_branches_only: true}]";
    assert!(opens(setting(Tier::Free, &format!("ci_access: {{projects: [{{id: acme/shop}}], {strict_group}}}"))));
    assert!(!opens(setting(Tier::Free, &format!("ci_access: {{{strict_group}}}"))), "removing narrows");
    let strict_project = "projects: [{id: acme/shop, protected_branches_only: true}]";
    assert!(!opens(setting(Tier::Free, &format!("ci_access: {{{strict_project}, groups: [{{id: acme}}]}}"))));
    assert!(opens(setting(Tier::Free, "ci_access: {groups: [{id: acme}]}")), "removing widens");
    let paid =
        "ci_access: {projects: [{id: acme/shop, environments: [prod], access_as: {ci_job: {}}}], groups: [{id: acme}]}";
    assert!(opens(setting(Tier::Free, paid)) && !opens(setting(Tier::Premium, paid)), "Free may open more");
}
