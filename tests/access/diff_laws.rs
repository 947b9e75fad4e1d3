//! Laws of comparing two states, on states made at random.

use kaslint::access::{Index, Query, Settings};
use kaslint::access_report::{AccessReport, Expected, Format, WHOLE};
use kaslint::diff::{Change, Diff, Effect, Kind, Of, OpenFact, Sides, Verdict, compare};
use kaslint::gitlab::{Tier, Version};
use kaslint::outlet::Outlet;
use proptest::prelude::*;

use crate::setting::{PREMIUM, Setting};

const HOME: &str = "acme/agents";
const PROJECTS: [&str; 5] = ["acme/agents", "acme/web/shop", "acme/web/eu/site", "acme/tool", "globex/x"];
const GROUPS: [&str; 4] = ["acme", "acme/web", "acme/web/eu", "globex"];
const OLD: Version = Version::new(18, 4);
const NEW: Version = Version::new(19, 5);
const EITHER: Version = Version::new(19, 0);

/// An entry in the order in which it is written: its id, patterns, protection, identity, namespace, management of resources.
#[derive(Clone, Debug)]
struct Entry {
    id: &'static str,
    environments: Vec<&'static str>,
    protected: bool,
    access_as: &'static str,
    namespace: Option<&'static str>,
    managed: bool,
}

/// A file of the agent.
#[derive(Clone, Debug)]
struct File {
    projects: Vec<Entry>,
    groups: Vec<Entry>,
    instance: bool,
    people: Vec<&'static str>,
    as_user: bool,
}

impl Entry {
    fn keys(&self) -> Vec<String> {
        let mut keys = vec![format!("id: {}", self.id)];
        if !self.environments.is_empty() {
            let quoted: Vec<String> = self.environments.iter().map(|pattern| format!("'{pattern}'")).collect();
            keys.push(format!("environments: [{}]", quoted.join(", ")));
        }
        if self.protected {
            keys.push("protected_branches_only: true".to_owned());
        }
        keys.push(format!("access_as: {{{}}}", self.access_as));
        keys.extend(self.namespace.map(|name| format!("default_namespace: {name}")));
        if self.managed {
            keys.push("resource_management: {enabled: true}".to_owned());
        }
        keys
    }
}

impl File {
    fn text(&self) -> String {
        self.written(false)
    }

    /// The same with keys, entries of different ids and patterns in another order, and with comments.
    fn rewritten(&self) -> String {
        self.written(true)
    }

    fn written(&self, is_turned: bool) -> String {
        let mut out = "ci_access:\n".to_owned();
        let mut sections = vec![("projects", &self.projects), ("groups", &self.groups)];
        if is_turned {
            sections.reverse();
        }
        for (key, entries) in sections {
            // Of entries with one id the last counts.
            let mut of_each: Vec<Entry> = Vec::new();
            for entry in entries {
                of_each.retain(|known| known.id != entry.id);
                of_each.push(entry.clone());
            }
            if is_turned {
                of_each.reverse();
                of_each.iter_mut().for_each(|entry| entry.environments.reverse());
                out.push_str("  # In another order.\n");
            }
            out.push_str(&format!("  {key}:\n"));
            for entry in &of_each {
                let mut keys = entry.keys();
                if is_turned {
                    keys.reverse();
                }
                out.push_str(&format!("    - {{{}}}\n", keys.join(", ")));
            }
        }
        if self.instance {
            out.push_str("  instance: {}\n");
        }
        if !self.people.is_empty() {
            let access_as = if self.as_user { "user" } else { "agent" };
            out.push_str(&format!("user_access:\n  access_as: {{{access_as}: {{}}}}\n  groups:\n"));
            let mut groups = self.people.clone();
            groups.sort_unstable();
            groups.dedup();
            if is_turned {
                groups.reverse();
            }
            groups.iter().for_each(|group| out.push_str(&format!("    - id: {group}\n")));
        }
        out
    }
}

/// Patterns of which none raises, with those that both matchers take otherwise.
const PATTERNS: [&str; 9] = ["production", "staging", "prod*", "*prod", "review/*", "^prod*", "*", "a*b", "dev"];

fn entry(ids: &'static [&'static str], patterns: &'static [&'static str]) -> impl Strategy<Value = Entry> {
    let access_as = prop::sample::select(vec![
        "agent: {}",
        "agent: {}",
        "ci_job: {}",
        "impersonate: {username: u}",
        "impersonate: {username: u, groups: [a]}",
        "impersonate: {username: u, groups: [b, a]}",
        "impersonate: {username: v, groups: [a]}",
    ]);
    (
        prop::sample::select(ids),
        prop::collection::vec(prop::sample::select(patterns), 0..4),
        prop::bool::weighted(0.3),
        access_as,
        prop::option::weighted(0.2, prop::sample::select(vec!["one", "two"])),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(id, environments, protected, access_as, namespace, managed)| Entry {
            id,
            environments,
            protected,
            access_as,
            namespace,
            managed,
        })
}

fn file_of(patterns: &'static [&'static str]) -> impl Strategy<Value = File> {
    (
        prop::collection::vec(entry(&PROJECTS, patterns), 0..4),
        prop::collection::vec(entry(&GROUPS, patterns), 0..4),
        prop::bool::weighted(0.2),
        prop::collection::vec(prop::sample::select(&GROUPS[..]), 0..3),
        any::<bool>(),
    )
        .prop_map(|(projects, groups, instance, people, as_user)| File {
            projects,
            groups,
            instance,
            people,
            as_user,
        })
}

fn file() -> impl Strategy<Value = File> {
    file_of(&PATTERNS)
}

/// Two files of which the second is the first with some sections of another.
fn pair_of(patterns: &'static [&'static str]) -> impl Strategy<Value = (File, File)> {
    (file_of(patterns), file_of(patterns), 0..8_u8).prop_map(|(one, other, taken)| {
        let mut next = one.clone();
        if taken & 1 != 0 {
            next.projects = other.projects;
        }
        if taken & 2 != 0 {
            next.groups = other.groups;
        }
        if taken & 4 != 0 {
            (next.instance, next.people, next.as_user) = (other.instance, other.people, other.as_user);
        }
        (one, next)
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let version = prop::sample::select(vec![OLD, NEW, EITHER]);
    let tier = prop::option::of(prop::sample::select(vec![Tier::Free, Tier::Premium]));
    (version, tier, prop::option::of(any::<bool>())).prop_map(|(version, tier, instance_authorization)| Settings {
        version,
        is_release_assumed: false,
        tier,
        instance_authorization,
    })
}

fn world(settings: Settings, text: &str) -> Setting {
    let inventory = format!(
        "groups: [{}]\nprojects: [{}]",
        GROUPS.map(|path| format!("{{path: {path}}}")).join(", "),
        PROJECTS.map(|path| format!("{{path: {path}}}")).join(", "),
    );
    Setting::new(settings).inventory(&inventory).agent(HOME, "prod", text)
}

fn with_both<T>(base: &Setting, head: &Setting, work: impl FnOnce(&Index<'_>, &Index<'_>, Diff) -> T) -> T {
    base.with(|base| {
        head.with(|head| {
            let diff = compare(&Sides { base, head, in_force: None, settled: &[] });
            work(base, head, diff)
        })
    })
}

fn diff(base: &Setting, head: &Setting) -> Diff {
    with_both(base, head, |_, _, diff| diff)
}

/// A change without lines; turned around where that is asked for.
fn told(change: &Change, is_turned: bool) -> String {
    let mut change = change.clone();
    change.because = kaslint::diff::Because::default();
    if let Of::Jobs { witness, projects, region, .. } = &mut change.of {
        witness.project.clear();
        witness.environment = None;
        witness.origin = kaslint::diff::Origin::Example;
        projects.sort();
        region.names.sort();
    }
    if let Of::People(members) = &mut change.of {
        members.sort();
    }
    if is_turned {
        change.kind = match change.kind {
            Kind::Gained => Kind::Lost,
            Kind::Lost => Kind::Gained,
            kind => kind,
        };
        change.effect = match change.effect {
            Effect::Widened => Effect::Narrowed,
            Effect::Narrowed => Effect::Widened,
            Effect::Changed => Effect::Changed,
        };
        std::mem::swap(&mut change.before, &mut change.after);
    }
    change.conditions.sort_by_key(|condition| format!("{condition:?}"));
    format!("{change:?}")
}

fn all_told(diff: &Diff, is_turned: bool) -> Vec<String> {
    let mut all: Vec<String> = diff.changes.iter().map(|change| told(change, is_turned)).collect();
    all.sort();
    all
}

/// What agents grant, as `--format json` writes it.
fn recorded(index: &Index<'_>) -> String {
    let report = AccessReport { index, agent: None, environment: None, why: false, format: Format::Json, width: WHOLE };
    let mut text = Vec::new();
    report.write_grants(&mut Outlet::without_tones(&mut text)).expect("a text");
    String::from_utf8(text).expect("a text")
}

/// Projects, environments and refs at which both states are asked.
fn points() -> impl Iterator<Item = (&'static str, Option<&'static str>, bool)> {
    let names = [None, Some("production"), Some("preprod"), Some("review/1"), Some("dev"), Some("axb"), Some("zz")];
    // Of projects that may come `access` has no answer beside an inventory.
    PROJECTS
        .into_iter()
        .flat_map(move |project| names.into_iter().flat_map(move |name| [true, false].map(|on| (project, name, on))))
}

/// Whether the job gets in, which is known.
fn is_let_in(index: &Index<'_>, project: &str, name: Option<&str>, protected: bool) -> bool {
    let answer = index.query(&Query::new(project, name, Some(protected)));
    assert!(answer.unknown.is_empty() && answer.allowed.iter().all(|row| row.conditions.is_empty()));
    !answer.allowed.is_empty()
}

/// Whether a change is told of a point.
fn is_at(change: &Change, project: &str, name: Option<&str>, protected: bool) -> bool {
    match &change.of {
        Of::Jobs { projects, refs, region, .. } => {
            projects.iter().any(|part| part.holds(project))
                && (if protected { refs.protected } else { refs.unprotected })
                && region.holds(name)
        }
        Of::People(_) => false,
    }
}

/// The kinds of the changes at a point.
fn kinds_at(diff: &Diff, project: &str, name: Option<&str>, protected: bool) -> Vec<Kind> {
    let all = diff.changes.iter().filter(|change| is_at(change, project, name, protected));
    all.map(|change| change.kind).collect()
}

/// Whether there is a pair of matchers, and facts, under which both happen.
fn can_both_be(one: &Change, other: &Change) -> bool {
    let share_pairs = match (&one.pairs, &other.pairs) {
        (Some(one), Some(other)) => one.iter().any(|pair| other.contains(pair)),
        _ => true,
    };
    let is_contrary = |condition: &kaslint::access::Condition| {
        other.conditions.iter().any(|known| known.unknown == condition.unknown && known.holds != condition.holds)
    };
    share_pairs && !one.conditions.iter().any(is_contrary)
}

fn has_open(diff: &Diff) -> bool {
    diff.unknown.iter().any(|open| matches!(open.fact, OpenFact::Budget | OpenFact::Expression(_)))
}

/// What is told of two files that have no star in any pattern, with the release of each side.
fn told_by_releases(base: &str, head: &str, before: Version, after: Version) -> (Verdict, Vec<String>) {
    let of = |version| Settings { version, ..PREMIUM };
    let diff = diff(&world(of(before), base), &world(of(after), head));
    assert!(diff.changes.iter().all(|change| change.pairs.is_none()), "{diff:#?}");
    let mut told = all_told(&diff, false);
    told.iter_mut().for_each(|text| *text = text.replace("is_new: true", "is_new: false"));
    (diff.verdict, told)
}

/// A list of a name and a variable has no star: the project that had it is told with the rest of its group, whichever release either side has.
#[test]
fn a_list_without_stars_is_the_same_by_both_matchers() {
    let base = "
ci_access:
  projects:
    - {id: acme/web/eu/site, environments: [a.b, '${X}'], protected_branches_only: true}
  groups:
    - {id: acme, protected_branches_only: true}
";
    let head = "ci_access: {groups: [{id: acme, environments: ['${X}', a.b], access_as: {ci_job: {}}}]}\n";
    let old = told_by_releases(base, head, OLD, OLD);
    assert_eq!(old.0, Verdict::NewAccess);
    for (before, after) in [(NEW, NEW), (OLD, NEW), (EITHER, EITHER)] {
        assert_eq!(told_by_releases(base, head, before, after), old, "{before} to {after}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Identity: a state compared with itself, or with itself in another order, has no changes.
    #[test]
    fn order_and_comments_change_nothing(file in file(), settings in settings()) {
        for text in [file.text(), file.rewritten()] {
            let diff = diff(&world(settings, &file.text()), &world(settings, &text));
            prop_assert!(diff.changes.is_empty(), "{text}: {:?}", diff.changes);
            prop_assert_eq!(diff.verdict, Verdict::NoNewAccess);
        }
    }

    /// What a report says does not hang on the order in which either file is written.
    #[test]
    fn reports_do_not_hang_on_order((base, head) in pair_of(&PATTERNS), settings in settings()) {
        let one = diff(&world(settings, &base.text()), &world(settings, &head.text()));
        let other = diff(&world(settings, &base.rewritten()), &world(settings, &head.rewritten()));
        prop_assert_eq!(one.verdict, other.verdict);
        prop_assert_eq!(all_told(&one, false), all_told(&other, false));
    }

    /// A recording says what the files said that it is of.
    #[test]
    fn recordings_mean_what_their_files_mean((base, head) in pair_of(&PATTERNS), settings in settings()) {
        let (base, head) = (world(settings, &base.text()), world(settings, &head.text()));
        let (told, read) = with_both(&base, &head, |base, head, diff| {
            let expected = Expected::read(&recorded(base), &recorded(head)).expect("what agents grant");
            let difference = expected.difference(head);
            assert_eq!(difference.is_empty(), diff.changes.is_empty() && diff.unknown.is_empty(), "{difference:#?}");
            (all_told(&diff, false), all_told(difference.diff(), false))
        });
        prop_assert_eq!(told, read);
    }

    /// Mirror: the comparison the other way around has the same changes, turned around.
    #[test]
    fn turned_around_changes_are_turned_around((base, head) in pair_of(&PATTERNS), settings in settings()) {
        // What hangs on several facts is cut by the side that asks first, so that they are known here.
        let tier = settings.tier.or(PREMIUM.tier);
        let settings = Settings { tier, instance_authorization: settings.instance_authorization.or(Some(true)), ..settings };
        let (base, head) = (world(settings, &base.text()), world(settings, &head.text()));
        prop_assert_eq!(all_told(&diff(&base, &head), true), all_told(&diff(&head, &base), false));
    }

    /// Composition: at each point a change is told where the answers of `access` differ, and only there; none twice.
    #[test]
    fn changes_are_where_answers_differ((base, head) in pair_of(&PATTERNS), across in 0..3_usize, instance in any::<bool>()) {
        let settings = |version| Settings { version, instance_authorization: Some(instance), ..PREMIUM };
        let (before, after) = [(OLD, OLD), (NEW, NEW), (OLD, NEW)][across];
        with_both(&world(settings(before), &base.text()), &world(settings(after), &head.text()), |base, head, diff| {
            for (project, name, protected) in points() {
                let (was, is) = (is_let_in(base, project, name, protected), is_let_in(head, project, name, protected));
                let kinds = kinds_at(&diff, project, name, protected);
                let count = |kind| kinds.iter().filter(|known| **known == kind).count();
                assert_eq!(count(Kind::Gained), usize::from(!was && is), "{project} {name:?} {protected}: {diff:#?}");
                assert_eq!(count(Kind::Lost), usize::from(was && !is), "{project} {name:?} {protected}: {diff:#?}");
                for kind in [Kind::Identity, Kind::Namespace] {
                    assert!(count(kind) <= usize::from(was && is), "{kind:?} {project} {name:?} {protected}: {diff:#?}");
                }
                assert!(count(Kind::Managed) <= usize::from(name.is_some()));
            }
            for change in &diff.changes {
                let Of::Jobs { projects, refs, region, witness } = &change.of else { continue };
                let name = witness.environment.as_deref();
                assert!(name.is_none_or(kaslint::access::names::is_name), "{witness:?}");
                assert!(region.holds(name), "{change:#?}");
                assert!(projects.iter().any(|part| part.holds(&witness.project)), "{change:#?}");
                assert!(if witness.protected { refs.protected } else { refs.unprotected }, "{change:#?}");
                if !PROJECTS.contains(&&*witness.project) {
                    continue;
                }
                let was = is_let_in(base, &witness.project, name, witness.protected);
                let is = is_let_in(head, &witness.project, name, witness.protected);
                match change.kind {
                    Kind::Gained => assert!(!was && is, "{change:#?}"),
                    Kind::Lost => assert!(was && !is, "{change:#?}"),
                    Kind::Identity | Kind::Namespace => assert!(was && is, "{change:#?}"),
                    Kind::Managed => {}
                }
            }
        });
    }

    /// No region is empty, and no two changes of one kind that can happen together are told of one point.
    #[test]
    fn regions_hold_something_and_do_not_overlap((base, head) in pair_of(&PATTERNS), settings in settings(), other in settings()) {
        let diff = diff(&world(settings, &base.text()), &world(other, &head.text()));
        let names = ["production", "preprod", "prod", "review/1", "dev", "axb", "a/prod/b", "zz"];
        let names: Vec<Option<&str>> = names.into_iter().map(Some).chain([None]).collect();
        let projects = || PROJECTS.into_iter().chain(["acme/new", "acme/web/new", "acme/web/eu/new", "elsewhere/new"]);
        for (at, change) in diff.changes.iter().enumerate() {
            let Of::Jobs { witness, .. } = &change.of else { continue };
            prop_assert!(is_at(change, &witness.project, witness.environment.as_deref(), witness.protected), "{change:#?}");
            for other in diff.changes[..at].iter().filter(|other| other.kind == change.kind && can_both_be(change, other)) {
                for project in projects() {
                    for (name, protected) in names.iter().flat_map(|&name| [(name, true), (name, false)]) {
                        let both = is_at(change, project, name, protected) && is_at(other, project, name, protected);
                        prop_assert!(!both, "{project} {name:?} {protected}: {change:#?} {other:#?}");
                    }
                }
            }
        }
    }

    /// Chain: two steps without new access are none together.
    #[test]
    fn steps_without_new_access_lead_to_none((one, two) in pair_of(&PATTERNS), three in file(), settings in settings()) {
        // Steps back towards the first are likely to take away.
        let worlds: Vec<Setting> = [&one, &two, &three].map(|file| world(settings, &file.text())).into();
        for [first, second, third] in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let step = |from: usize, to: usize| diff(&worlds[from], &worlds[to]);
            if step(first, second).verdict == Verdict::NoNewAccess && step(second, third).verdict == Verdict::NoNewAccess {
                let both = step(first, third);
                prop_assert!(both.verdict != Verdict::NewAccess);
                prop_assert!(both.verdict == Verdict::NoNewAccess || has_open(&both));
            }
        }
    }

    /// Another pattern takes nothing away, protection lets nobody in, and neither bears on managed resources.
    #[test]
    fn patterns_widen_and_protection_narrows(file in file(), at in any::<prop::sample::Index>(), pattern in prop::sample::select(&PATTERNS[..]), settings in settings()) {
        let count = file.projects.len() + file.groups.len();
        prop_assume!(count > 0);
        let edited = |edit: &dyn Fn(&mut Entry)| {
            let mut file = file.clone();
            let at = at.index(count);
            let of_projects = file.projects.len();
            edit(if at < of_projects { &mut file.projects[at] } else { &mut file.groups[at - of_projects] });
            file
        };
        let base = world(settings, &file.text());
        let is_of = |diff: &Diff, kinds: &[Kind]| diff.changes.iter().any(|change| kinds.contains(&change.kind));
        let wider = edited(&|entry| if !entry.environments.is_empty() { entry.environments.push(pattern) });
        prop_assert!(!is_of(&diff(&base, &world(settings, &wider.text())), &[Kind::Lost, Kind::Managed]));
        let narrower = edited(&|entry| entry.protected = true);
        prop_assert!(!is_of(&diff(&base, &world(settings, &narrower.text())), &[Kind::Gained, Kind::Managed]));
    }

    /// Matchers: without a star they agree, whichever either side has.
    #[test]
    fn without_stars_matchers_are_one((base, head) in pair_of(&["production", "staging", "review/1", "a.b", "${X}"])) {
        let without_people = |file: &File| File { people: Vec::new(), ..file.clone() }.text();
        let (base, head) = (without_people(&base), without_people(&head));
        let old = told_by_releases(&base, &head, OLD, OLD);
        prop_assert_eq!(&old, &told_by_releases(&base, &head, NEW, NEW));
        prop_assert_eq!(&old, &told_by_releases(&base, &head, OLD, NEW));
        prop_assert_eq!(&old, &told_by_releases(&base, &head, EITHER, EITHER));
    }

    /// Pairs: what is said of several that are possible is what each comes to.
    #[test]
    fn open_releases_are_as_each_pair_alone((base, head) in pair_of(&PATTERNS)) {
        // The people of 19.5 differ from those of 19.0 by release, not by matcher.
        let without_people = |file: &File| File { people: Vec::new(), ..file.clone() }.text();
        let (base, head) = (without_people(&base), without_people(&head));
        let verdict = |version| {
            let settings = Settings { version, ..PREMIUM };
            diff(&world(settings, &base), &world(settings, &head)).verdict
        };
        let (old, new) = (verdict(OLD), verdict(NEW));
        let both = verdict(EITHER);
        prop_assert_eq!(both, if old == new { old } else { Verdict::NotProved });
    }
}
