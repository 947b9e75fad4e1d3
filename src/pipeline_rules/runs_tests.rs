//! On which pipelines jobs run: `rules`, `only`, `except` and `workflow`.

use proptest::prelude::*;

use super::super::{ConditionRoute, OnlyInput, RuleInput};
use super::*;
use crate::gitlab::MergeRequestProtection;

fn facts() -> RefFacts {
    RefFacts {
        default_branch: Some("main".to_owned()),
        protected_branches: Some(vec!["main".into(), "release/*".into()]),
        protected_tags: Some(vec!["v*".into()]),
        ..RefFacts::default()
    }
}

/// Merge requests that may be protected, between `main`, `release/*` and nothing else.
#[test]
fn a_protected_merge_request_is_one_between_protected_branches_of_the_project() {
    let facts =
        RefFacts { merge_requests: MergeRequestProtection::Open, project: Some("acme/web/shop".to_owned()), ..facts() };
    let of = |condition: &str| {
        let rules = rules(&[condition]);
        let conditions = JobConditions { rules: Some(&rules), ..JobConditions::default() };
        let runs = runs(&conditions, &facts, &|name| match name {
            "CI_PROJECT_PATH" => "acme/web/shop".into(),
            _ => Value::Unset,
        });
        let of_requests = runs.into_iter().filter(|run| run.scenario.kind == PipelineKind::MergeRequest);
        of_requests.map(|run| run.scenario.protected).collect::<Vec<_>>()
    };
    // `None` for one of which it is not known whether it is protected.
    for (condition, protected) in [
        ("$CI_MERGE_REQUEST_IID", &[None][..]),
        ("$CI_COMMIT_REF_PROTECTED == 'true'", &[Some(true)]),
        ("$CI_COMMIT_REF_PROTECTED == 'false'", &[Some(false)]),
        ("$CI_MERGE_REQUEST_TARGET_BRANCH_NAME == 'main'", &[None]),
        ("$CI_MERGE_REQUEST_TARGET_BRANCH_NAME == $CI_DEFAULT_BRANCH", &[None]),
        ("$CI_MERGE_REQUEST_SOURCE_BRANCH_NAME == 'release/1'", &[None]),
        ("$CI_MERGE_REQUEST_SOURCE_BRANCH_NAME == 'topic'", &[Some(false)]),
        ("$CI_MERGE_REQUEST_TARGET_BRANCH_NAME == 'develop'", &[Some(false)]),
        ("$CI_COMMIT_REF_NAME == 'topic'", &[Some(false)]),
        ("$CI_MERGE_REQUEST_SOURCE_PROJECT_PATH != $CI_PROJECT_PATH", &[Some(false)]),
    ] {
        let found = of(condition);
        assert_eq!(found, protected, "{condition}");
    }
}

/// A rule of its `if`, or of words in front of it: `never`, `manual`, `changes`, `compare`, `exists`.
fn rule(text: &str) -> RuleInput {
    let mut input = RuleInput::default();
    let mut rest = text;
    loop {
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        match word {
            "never" | "manual" => input.when = Some(word.to_owned()),
            "changes" => input.has_changes = true,
            "compare" => (input.has_changes, input.has_compare_to) = (true, true),
            "exists" => input.has_exists = true,
            _ => break,
        }
        rest = behind;
    }
    input.condition = (!rest.is_empty()).then(|| rest.to_owned());
    input
}

fn rules(texts: &[&str]) -> Vec<RuleInput> {
    texts.iter().map(|text| rule(text)).collect()
}

fn variable(name: &str) -> Value {
    match name {
        "DEPLOY" => "yes".into(),
        "HIDDEN" => Value::Unknown,
        _ => Value::Unset,
    }
}

/// `<scenario>`, `?` for a maybe, `#<rule>`.
fn words_of(runs: &[Run]) -> Vec<String> {
    let words = |run: &Run| {
        let certainty = match (run.certainty, run.in_pipeline) {
            (Certainty::Yes, _) => "",
            (Certainty::Maybe, Certainty::Maybe) => " ?",
            (Certainty::Maybe, Certainty::Yes) => " ?!",
        };
        let rule = run.rule.map(|rule| format!(" #{rule}")).unwrap_or_default();
        format!("{}{certainty}{rule}", run.scenario)
    };
    runs.iter().map(words).collect()
}

fn words(conditions: &JobConditions<'_>) -> Vec<String> {
    words_of(&runs(conditions, &facts(), &variable))
}

fn by(texts: &[&str]) -> Vec<String> {
    words(&JobConditions { rules: Some(&rules(texts)), ..JobConditions::default() })
}

fn by_only(refs: &[&str], except: &[&str]) -> Vec<String> {
    let input =
        |refs: &[&str]| OnlyInput { refs: refs.iter().map(ToString::to_string).collect(), ..OnlyInput::default() };
    let (only, except) = (input(refs), input(except));
    words(&JobConditions { only: Some(&only), except: Some(&except), ..JobConditions::default() })
}

const BRANCHES: [&str; 3] =
    ["the default branch `main`", "branches that match `release/*`", "other branches that are not protected"];
const TAGS: [&str; 2] = ["tags that match `v*`", "tags that are not protected"];

#[test]
fn without_conditions_a_job_is_in_pipelines_of_branches_and_tags() {
    let all = [&BRANCHES[..], &TAGS[..]].concat();
    assert_eq!(words(&JobConditions::default()), all);
    let manual = JobConditions { when: Some("manual"), ..JobConditions::default() };
    assert_eq!(words(&manual), all);
    let workflow = rules(&[""]);
    let with_workflow = JobConditions { workflow: Some(&workflow), ..JobConditions::default() };
    assert_eq!(words(&with_workflow), [&all[..], &["merge request pipelines"]].concat());
    assert!(words(&JobConditions { when: Some("never"), ..JobConditions::default() }).is_empty());
}

#[test]
fn the_first_rule_that_matches_decides() {
    assert_eq!(by(&["$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"]), ["the default branch `main` #0"]);
    assert_eq!(by(&["$CI_COMMIT_BRANCH == 'develop'"]), ["the branch `develop` #0"]);
    assert_eq!(
        by(&["$CI_COMMIT_BRANCH =~ /^(develop|main)$/"]),
        ["the default branch `main` #0", "the branch `develop` #0"]
    );
    assert_eq!(by(&["$CI_MERGE_REQUEST_IID"]), ["merge request pipelines #0"]);
    assert_eq!(
        by(&["$CI_PIPELINE_SOURCE == 'merge_request_event'"]),
        ["merge request pipelines (only merge requests) #0"]
    );
    assert_eq!(by(&["$CI_COMMIT_TAG"]), TAGS.map(|tag| format!("{tag} #0")));
    assert_eq!(by(&["never $CI_COMMIT_TAG", "never $CI_COMMIT_BRANCH", "manual"]), ["merge request pipelines #2"]);
    assert_eq!(by(&["$NONE"]), Vec::<String>::new());
    assert_eq!(by(&[]), Vec::<String>::new());
    assert_eq!(by(&["$CI_COMMIT_BRANCH == 'main' && $DEPLOY == 'yes'"]), ["the default branch `main` #0"]);
    assert_eq!(
        by(&["$CI_COMMIT_REF_PROTECTED == 'true' && $CI_COMMIT_TAG == null"]),
        ["the default branch `main` #0", "branches that match `release/*` #0"]
    );
    assert_eq!(
        by(&["$CI_COMMIT_BRANCH =~ /^release/"]),
        ["branches that match `release/*` ? #0", "other branches that are not protected ? #0"]
    );
}

#[test]
fn sources_are_told_apart_where_conditions_do() {
    assert_eq!(
        by(&["$CI_COMMIT_BRANCH == 'main' && $CI_PIPELINE_SOURCE == 'schedule'"]),
        ["the default branch `main` (only scheduled pipelines) #0"]
    );
    assert_eq!(
        by(&["never $CI_PIPELINE_SOURCE == 'schedule'", "$CI_COMMIT_BRANCH == 'main'"]),
        ["the default branch `main` (not scheduled pipelines) #1"]
    );
}

#[test]
fn a_rule_that_may_match_leaves_room_for_later_ones() {
    let main = "$CI_COMMIT_BRANCH == 'main'";
    let hidden = format!("{main} && $HIDDEN == 'x'");
    assert_eq!(by(&[&hidden]), ["the default branch `main` ? #0"]);
    assert_eq!(by(&[&hidden, main]), ["the default branch `main` ?! #0", "the default branch `main` ?! #1"]);
    assert_eq!(by(&[&format!("never {hidden}"), main]), ["the default branch `main` ? #1"]);
    assert_eq!(by(&[&format!("exists {main}")]), ["the default branch `main` ? #0"]);
    assert_eq!(by(&[main, &hidden]), ["the default branch `main` #0"]);
    assert_eq!(by(&["$CI_COMMIT_BRANCH == main"]).len(), 6, "an expression that cannot be read is a maybe");
}

#[test]
fn changes_hold_where_nothing_is_known_about_them() {
    assert_eq!(
        by(&["changes $CI_COMMIT_BRANCH == 'main'"]),
        [
            "the default branch `main` (only pushes, child pipelines and external pull requests) ? #0",
            "the default branch `main` (not pushes, child pipelines and external pull requests) #0",
        ]
    );
    assert_eq!(by(&["compare $CI_COMMIT_BRANCH == 'main'"]), ["the default branch `main` ? #0"]);
    assert_eq!(by(&["changes $CI_COMMIT_TAG"]), TAGS.map(|tag| format!("{tag} #0")));
}

#[test]
fn workflow_rules_decide_about_pipelines_altogether() {
    let workflow = rules(&["$CI_PIPELINE_SOURCE == 'merge_request_event'", "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"]);
    let any = rules(&[""]);
    let conditions = JobConditions { workflow: Some(&workflow), rules: Some(&any), ..JobConditions::default() };
    let expected = ["the default branch `main`", "merge request pipelines (only merge requests)"];
    assert_eq!(words(&conditions), expected.map(|words| format!("{words} #0")));
    let only = OnlyInput { refs: vec!["merge_requests".to_owned()], ..OnlyInput::default() };
    let conditions = JobConditions { workflow: Some(&workflow), only: Some(&only), ..JobConditions::default() };
    assert_eq!(words(&conditions), ["merge request pipelines (only merge requests)"]);
    let workflow = rules(&["exists"]);
    let conditions = JobConditions { workflow: Some(&workflow), rules: Some(&any), ..JobConditions::default() };
    assert!(words(&conditions).iter().all(|words| words.ends_with(" ? #0")));
}

#[test]
fn only_and_except_take_names_keywords_and_regular_expressions() {
    let tags = TAGS.map(String::from);
    let no_tag = [&BRANCHES[..], &["merge request pipelines"]].concat();
    assert_eq!(by_only(&["main"], &[]), ["the default branch `main`"]);
    assert_eq!(by_only(&["develop"], &[]), ["the branch `develop`"]);
    assert_eq!(by_only(&["v1"], &[]), ["the branch `v1`", "the tag `v1`"]);
    assert_eq!(by_only(&["tags"], &[]), tags);
    assert_eq!(by_only(&["branches"], &["main"]), BRANCHES[1..]);
    assert_eq!(by_only(&[], &["branches"]), tags);
    assert_eq!(by_only(&["/^(main|develop)$/"], &[]), ["the default branch `main`", "the branch `develop`"]);
    assert_eq!(by_only(&["/^MAI/i"], &[])[0], "the default branch `main`");
    assert_eq!(by_only(&["/^release/"], &[])[0], "branches that match `release/*` ?");
    assert_eq!(by_only(&["merge_requests"], &[]), ["merge request pipelines (only merge requests)"]);
    assert_eq!(by_only(&["main@group/project"], &[]), ["the default branch `main` ?"]);
    assert_eq!(by_only(&["schedules"], &["branches"]), TAGS.map(|tag| format!("{tag} (only scheduled pipelines)")));
    assert_eq!(by_only(&["main"], &["schedules"]), ["the default branch `main` (not scheduled pipelines)"]);
    assert_eq!(by_only(&["branches", "merge_requests", "parent_pipelines"], &["tags"]), no_tag);
    assert!(by_only(&["external"], &[]).is_empty());
}

#[test]
fn all_parts_of_only_have_to_hold_and_no_part_of_except() {
    let parts = |variables: &[&str], kubernetes| OnlyInput {
        refs: vec!["main".to_owned()],
        variables: variables.iter().map(ToString::to_string).collect(),
        kubernetes,
        changes: false,
    };
    let main = ["the default branch `main`"];
    let only = |input: OnlyInput| words(&JobConditions { only: Some(&input), ..JobConditions::default() });
    assert_eq!(only(parts(&["$NONE", "$DEPLOY"], false)), main);
    assert!(only(parts(&["$NONE"], false)).is_empty());
    assert_eq!(only(parts(&[], true)), ["the default branch `main` ?"]);
    let variables = OnlyInput { variables: vec!["$DEPLOY".to_owned()], ..OnlyInput::default() };
    assert_eq!(only(variables), [&BRANCHES[..], &TAGS[..]].concat(), "without refs: branches and tags");
    let except = |input: OnlyInput| words(&JobConditions { except: Some(&input), ..JobConditions::default() });
    assert!(except(parts(&["$NONE"], false)).iter().all(|words| !words.contains("main")));
    assert!(except(parts(&["$DEPLOY"], false)).is_empty());
    let changes = OnlyInput { changes: true, ..OnlyInput::default() };
    assert_eq!(only(changes)[1], "the default branch `main` (not pushes, child pipelines and external pull requests)");
}

#[test]
fn what_a_job_may_run_on_comes_down_to_three_values() {
    let on = |texts: &[&str], facts: &RefFacts| {
        let input = rules(texts);
        let conditions = JobConditions { rules: Some(&input), ..JobConditions::default() };
        let runs = runs(&conditions, facts, &variable);
        (may_run_on_protected(&runs), may_run_on_unprotected(&runs))
    };
    let unknown = RefFacts::default();
    for (texts, expected, without_facts) in [
        (&["$CI_MERGE_REQUEST_IID"][..], (Truth::No, Truth::Yes), (Truth::No, Truth::Yes)),
        (&["$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"], (Truth::Yes, Truth::No), (Truth::Maybe, Truth::Maybe)),
        (&["$CI_COMMIT_BRANCH == 'develop'"], (Truth::No, Truth::Yes), (Truth::Maybe, Truth::Maybe)),
        (&["$CI_COMMIT_BRANCH"], (Truth::Yes, Truth::Yes), (Truth::Yes, Truth::Yes)),
        (&["$CI_COMMIT_REF_PROTECTED == 'true'"], (Truth::Yes, Truth::No), (Truth::Yes, Truth::No)),
        (&["never $CI_COMMIT_REF_PROTECTED == 'true'", ""], (Truth::No, Truth::Yes), (Truth::No, Truth::Yes)),
        (&["$CI_MERGE_REQUEST_IID && $HIDDEN"], (Truth::No, Truth::Maybe), (Truth::No, Truth::Maybe)),
        (&["$NONE"], (Truth::No, Truth::No), (Truth::No, Truth::No)),
    ] {
        assert_eq!(on(texts, &facts()), expected, "{texts:?}");
        assert_eq!(on(texts, &unknown), without_facts, "{texts:?}");
    }
}

#[test]
fn expressions_that_cannot_be_read_are_named() {
    let (workflow, rules) = (rules(&["$A == 1"]), rules(&["$A", "$A =="]));
    let conditions = JobConditions { workflow: Some(&workflow), rules: Some(&rules), ..JobConditions::default() };
    let places: Vec<_> = conditions.errors().into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, [ConditionRoute::Workflow(0), ConditionRoute::Rules(1)]);
    let except = OnlyInput { variables: vec!["$A".to_owned(), "a".to_owned()], ..OnlyInput::default() };
    let conditions = JobConditions { except: Some(&except), ..JobConditions::default() };
    let errors: Vec<_> = conditions.errors().iter().map(|(place, error)| format!("{place}: {error}")).collect();
    assert_eq!(errors, ["except:variables[1]: `a` is no part of an expression"]);
}

#[test]
fn many_conditions_take_little_time() {
    let many: Vec<RuleInput> = (0..200)
        .map(|number| rule(&format!("changes $CI_COMMIT_BRANCH =~ /^b{number}$/ && $CI_PIPELINE_SOURCE == 'push'")))
        .collect();
    let conditions = JobConditions { workflow: Some(&many), rules: Some(&many), ..JobConditions::default() };
    let all = runs(&conditions, &RefFacts::default(), &variable);
    // Two kinds of branches may be any of those that are too many to have a scenario of their own.
    assert!((24..1_000).contains(&all.len()), "{}", all.len());
}

/// A run, of one source: its words, its rule, and whether it is sure.
fn split(runs: &[Run]) -> Vec<(String, Option<usize>, Certainty)> {
    let each = |run: &Run| {
        let of = |source: PipelineSource| {
            (format!("{:?} {source:?}", run.scenario.kind), run.scenario.protected, run.rule, run.certainty)
        };
        run.scenario.sources.iter().map(of).collect::<Vec<_>>()
    };
    let each = runs.iter().flat_map(each);
    each.map(|(kind, protected, rule, certainty)| (format!("{kind} {protected:?}"), rule, certainty)).collect()
}

proptest! {
    #[test]
    fn knowing_a_variable_takes_nothing_back(
        picked in prop::collection::vec(prop::sample::select(vec![
            "$CI_COMMIT_BRANCH == 'main'",
            "never $HIDDEN == 'x'",
            "$HIDDEN == 'y' && $CI_PIPELINE_SOURCE == 'schedule'",
            "changes $HIDDEN != 'x' && $CI_COMMIT_TAG",
            "$CI_COMMIT_BRANCH == $HIDDEN",
            "never $CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH || $HIDDEN",
            "exists",
            "manual $CI_COMMIT_REF_PROTECTED == 'true'",
        ]), 0..5),
        workflow in any::<bool>(),
        value in prop::sample::select(vec!["", "x", "y", "main"]),
    ) {
        let rules = rules(&picked);
        let workflow = workflow.then_some(&rules[..]);
        let conditions = JobConditions { workflow, rules: Some(&rules), ..JobConditions::default() };
        let with = |hidden: Value| split(&runs(&conditions, &facts(), &move |_| hidden.clone()));
        let (vague, known) = (with(Value::Unknown), with(value.into()));
        for (kind, rule, _) in &known {
            prop_assert!(vague.iter().any(|(other, of, _)| other == kind && of == rule), "{kind} {rule:?} was out of question");
        }
        for run in vague.iter().filter(|(_, _, certainty)| *certainty == Certainty::Yes) {
            prop_assert!(known.contains(run), "{run:?} was sure");
        }
    }
}

#[path = "starts_tests.rs"]
mod starts;
