//! Jobs of child pipelines: where what starts the child runs, and with `parent_pipeline` as their source.

use super::*;
use crate::gitlab::{PartialText, Shape};
use crate::pipeline_rules::{Start, Starts};

fn start<'a>(conditions: JobConditions<'a>, above: Option<&'a Starts<'a>>) -> Start<'a> {
    Start { conditions, variables: Box::new(variable), rules: None, forwards_source: false, above }
}

fn by_rules(rules: &[RuleInput]) -> JobConditions<'_> {
    JobConditions { rules: Some(rules), ..JobConditions::default() }
}

/// Where a job with these rules runs, none for one without, below a job with those.
fn below(parent: &[&str], child: Option<&[&str]>) -> Vec<String> {
    let (parent, child) = (rules(parent), child.map(rules));
    let starts = Starts::new(vec![start(by_rules(&parent), None)], false);
    let conditions = JobConditions { rules: child.as_deref(), ..JobConditions::default() };
    words_of(&runs_below(&conditions, Some(&starts), &facts(), &variable))
}

#[test]
fn a_child_runs_where_its_parent_starts_it() {
    let all = [&BRANCHES[..], &TAGS[..]].concat();
    // In a pipeline of a merge request a job without rules is left out, in a child as well.
    assert_eq!(below(&[""], None), all);
    assert_eq!(below(&[""], Some(&[""])), [&all[..], &["merge request pipelines"]].concat().map_rule());
    assert_eq!(below(&["$CI_COMMIT_BRANCH == 'main'"], None), ["the default branch `main`"]);
    assert_eq!(
        below(&["$CI_COMMIT_BRANCH == 'develop'"], Some(&["$CI_COMMIT_BRANCH =~ /^dev/"])),
        ["the branch `develop` #0"]
    );
    assert_eq!(below(&["$CI_COMMIT_BRANCH == 'main'"], Some(&["$CI_COMMIT_TAG"])), [""; 0]);
}

trait Ruled {
    fn map_rule(&self) -> Vec<String>;
}

impl Ruled for Vec<&str> {
    fn map_rule(&self) -> Vec<String> {
        self.iter().map(|words| format!("{words} #0")).collect()
    }
}

#[test]
fn the_source_of_a_child_is_always_the_same() {
    for source in ["merge_request_event", "push", "schedule", "web"] {
        assert_eq!(below(&[""], Some(&[&format!("$CI_PIPELINE_SOURCE == '{source}'")])), [""; 0], "{source}");
    }
    assert_eq!(below(&[""], Some(&["$CI_PIPELINE_SOURCE == 'parent_pipeline'"])).len(), 6);
    // What creates the pipeline at the top is told.
    let scheduled = below(&["$CI_PIPELINE_SOURCE == 'schedule'"], Some(&["$CI_COMMIT_BRANCH == 'main'"]));
    assert_eq!(scheduled, ["the default branch `main` (only scheduled pipelines) #0"]);
    let of_request = ["$CI_PIPELINE_SOURCE == 'merge_request_event'"];
    assert_eq!(
        below(&of_request, Some(&["$CI_MERGE_REQUEST_IID"])),
        ["merge request pipelines (only merge requests) #0"]
    );
    assert_eq!(below(&of_request, None), [""; 0]);
}

#[test]
fn words_of_only_ask_for_the_child_itself() {
    let starts =
        Starts::new(vec![start(JobConditions { workflow: Some(&[]), ..JobConditions::default() }, None)], true);
    let only = |refs: &[&str]| {
        let only = OnlyInput { refs: refs.iter().map(ToString::to_string).collect(), ..OnlyInput::default() };
        let conditions = JobConditions { only: Some(&only), ..JobConditions::default() };
        runs_below(&conditions, Some(&starts), &facts(), &variable).len()
    };
    assert_eq!([only(&["merge_requests"]), only(&["pushes", "web"])], [0, 0]);
    assert_eq!([only(&["parent_pipelines"]), only(&["branches"]), only(&["main"])], [6, 3, 1]);
}

#[test]
fn what_is_handed_down_is_what_the_parent_has() {
    let forwarded = |name: &str| match name {
        "FROM" => Value::Text(PartialText::unknown("CI_PIPELINE_SOURCE", Shape::NotEmpty)),
        "BRANCH" => Value::Text(PartialText::unknown("CI_COMMIT_BRANCH", Shape::NotEmpty)),
        "NUMBER" => Value::Text(PartialText::unknown("CI_PIPELINE_ID", Shape::Digits)),
        _ => Value::Unset,
    };
    let any = rules(&[""]);
    let found = |condition: &str| {
        let start = Start { forwards_source: true, ..start(by_rules(&any), None) };
        let starts = Starts::new(vec![start], false);
        words_of(&runs_below(&by_rules(&rules(&[condition])), Some(&starts), &facts(), &forwarded))
    };
    assert_eq!(found("$FROM == 'merge_request_event'"), ["merge request pipelines (only merge requests) #0"]);
    assert_eq!(found("$BRANCH == 'main'"), ["the default branch `main` #0"]);
    assert_eq!(found("$BRANCH == null"), [""; 0]);
    assert_eq!(found("$NUMBER").len(), 6);
}

#[test]
fn levels_and_several_starts() {
    let (tags, main, none) = (rules(&["$CI_COMMIT_TAG"]), rules(&["$CI_COMMIT_BRANCH == 'main'"]), rules(&["never"]));
    let source = rules(&["$CI_PIPELINE_SOURCE == 'parent_pipeline' && $CI_COMMIT_BRANCH"]);
    let child =
        |starts: &Starts<'_>| words_of(&runs_below(&JobConditions::default(), Some(starts), &facts(), &variable));
    let either = Starts::new(vec![start(by_rules(&tags), None), start(by_rules(&main), None)], false);
    assert_eq!(child(&either), [&BRANCHES[..1], &TAGS].concat());
    let inner = Starts::new(vec![start(by_rules(&source), Some(&either))], false);
    assert_eq!(child(&inner), BRANCHES[..1]);
    let never = Starts::new(vec![start(by_rules(&none), None)], false);
    assert_eq!(child(&Starts::new(vec![start(by_rules(&source), Some(&never))], false)), [""; 0]);
    // Others of which nothing is told may start it anywhere.
    assert!(child(&Starts::new(vec![start(by_rules(&none), None)], true)).iter().all(|words| words.ends_with('?')));
}

proptest! {
    /// By kind of pipeline: a child is nowhere where nothing starts it, and nowhere surer than that.
    #[test]
    fn a_child_is_nowhere_surer_than_what_starts_it(
        parent in prop::collection::vec(prop::sample::select(CONDITIONS), 0..4),
        child in prop::collection::vec(prop::sample::select(CONDITIONS), 0..4),
    ) {
        let (parent, child) = (rules(&parent), rules(&child));
        let starts = Starts::new(vec![start(by_rules(&parent), None)], false);
        for run in runs_below(&by_rules(&child), Some(&starts), &facts(), &variable) {
            let truth = run.scenario.sources.iter().map(|source| starts.start_a_child(&run.scenario.created_by(source.into())));
            let least = truth.min().unwrap_or(Truth::No);
            prop_assert!(least != Truth::No, "{}", run.scenario);
            prop_assert!(least == Truth::Yes || run.in_pipeline == Certainty::Maybe, "{}", run.scenario);
        }
    }
}

const CONDITIONS: &[&str] = &[
    "$CI_COMMIT_BRANCH == 'main'",
    "never $HIDDEN == 'x'",
    "$CI_PIPELINE_SOURCE == 'schedule'",
    "$CI_PIPELINE_SOURCE == 'parent_pipeline'",
    "changes $CI_COMMIT_TAG",
    "$CI_COMMIT_BRANCH =~ /^rel/",
    "never $CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH",
    "exists",
    "$CI_COMMIT_REF_PROTECTED == 'true'",
    "$CI_MERGE_REQUEST_IID",
];
