//! What variables come to.

use super::variables::{Scope, shape};
use super::*;
use crate::gitlab::Shape;

fn scope(text: &str) -> Scope {
    clean(text).jobs[0].scopes(&Scope::predefined(&facts()), None, None).of(0)
}

#[test]
fn variables_are_put_in() {
    let scope = scope(
        "variables: { A: a, B: b$A, C: '%B%-${A}', RAW: { value: $A, expand: true } }
job: { script: x, stage: deploy, variables: { A: job, D: { value: $A, expand: false }, E: $$A, F: $A$UNKNOWN } }
",
    );
    for (text, expanded) in [
        ("$B", "bjob"),
        ("${C}/%A%", "bjob-job/job"),
        ("$D", "$A"),
        ("$E", "$A"),
        ("$F", "job$UNKNOWN"),
        ("$$A", "$job"),
        ("$CI_PROJECT_PATH_SLUG $CI_JOB_NAME $CI_JOB_STAGE", "acme-web-shop job deploy"),
        ("$CI_PROJECT_NAMESPACE:$CI_PROJECT_ID:$CI_DEFAULT_BRANCH", "acme/web:7:main"),
        ("$CI_API_V4_URL ${CI_SERVER_HOST}", "https://gitlab.example.com/api/v4 gitlab.example.com"),
        ("100% $ ${ ${} ${1} %a $1", "100% $ ${ ${} ${1} %a $1"),
        ("ü$A ü", "üjob ü"),
    ] {
        assert_eq!(scope.expand(text).to_string(), expanded, "{text}");
    }
    assert_eq!(scope.value("B").as_known(), Some("bjob"));
    assert!(scope.has("A") && !scope.has("UNKNOWN"));
}

#[test]
fn conditions_see_a_value_that_holds_no_variable() {
    let scope = scope(
        "variables: { A: a, B: $A, C: { value: $A, expand: false }, D: /^v1$/, E: $UNKNOWN }\njob: { script: x }\n",
    );
    let seen = |name: &str| scope.in_condition(name).map(|value| value.to_string());
    assert_eq!(seen("A").as_deref(), Some("a"));
    assert_eq!(seen("B"), None);
    assert_eq!(seen("C").as_deref(), Some("$A"));
    assert_eq!(seen("D").as_deref(), Some("/^v1$/"));
    assert_eq!((seen("E"), seen("UNKNOWN")), (None, None));
    assert_eq!(seen("CI_PROJECT_PATH").as_deref(), Some("acme/web/shop"));
}

#[test]
fn unknown_variables_have_a_shape() {
    for (name, expected) in [
        ("CI_COMMIT_REF_SLUG", Shape::Slug),
        ("CI_MERGE_REQUEST_IID", Shape::Digits),
        ("CI_PIPELINE_ID", Shape::Digits),
        ("CI_COMMIT_SHORT_SHA", Shape::Hex),
        ("CI_COMMIT_BRANCH", Shape::NotEmpty),
        ("CI_COMMIT_DESCRIPTION", Shape::Any),
        ("CLUSTER", Shape::Any),
        ("MY_ID", Shape::Any),
    ] {
        assert_eq!(shape(name), expected, "{name}");
    }
}

#[test]
fn environments_are_expanded_before_there_is_a_job() {
    let pipeline = clean(
        "job: { script: x, environment: { name: 'review/$CI_COMMIT_REF_SLUG$CI_JOB_ID$CI_ENVIRONMENT_SLUG', deployment_tier: $T }, variables: { T: staging } }\n",
    );
    let job = &pipeline.jobs[0];
    let environment = job.environment.as_ref().unwrap();
    let scope = job.scopes(&Scope::default(), None, None).of(0);
    assert_eq!(scope.expand_environment(&environment.name).to_string(), "review/$CI_COMMIT_REF_SLUG");
    let inside = scope.in_environment(environment);
    assert_eq!(inside.expand("$CI_ENVIRONMENT_NAME").to_string(), "review/$CI_COMMIT_REF_SLUG");
    assert_eq!(inside.expand("$CI_ENVIRONMENT_SLUG").to_string(), "$CI_ENVIRONMENT_SLUG");
    assert_eq!(inside.expand("$CI_ENVIRONMENT_TIER $CI_ENVIRONMENT_ACTION").to_string(), "staging start");
    let known = scope.with_values([("CI_COMMIT_REF_SLUG", "my-branch".into())]).in_environment(environment);
    assert_eq!(known.expand("$CI_ENVIRONMENT_SLUG").as_known(), Some("review-my-branch-add4nu"));
}

#[test]
fn layers_go_before_those_below() {
    let pipeline = clean(
        "variables: { A: top, B: top, C: top }
workflow: { rules: [{ if: $X, variables: { A: workflow, B: workflow, C: workflow } }] }
job:
  script: x
  variables: { B: job }
  parallel: { matrix: [{ A: [one, two] }] }
  rules: [{ if: $X, variables: { B: rule } }]
",
    );
    let job = &pipeline.jobs[0];
    let base = Scope::default().without(&["CI_COMMIT_TAG"]);
    let rule = job.rules.as_ref().unwrap().first();
    let shown: Vec<String> = job
        .scopes(&base, None, rule)
        .iter()
        .map(|scope| scope.expand("$A$B<$CI_COMMIT_TAG>$CI_JOB_NAME").to_string())
        .collect();
    assert_eq!(shown, ["onerule<>job: [one]", "tworule<>job: [two]"]);
    assert_eq!(job.scopes(&base, None, None).of(0).expand("$B").to_string(), "job");
    let workflow = pipeline.workflow_rules.as_ref().unwrap().first();
    assert_eq!(job.scopes(&base, workflow, None).of(0).expand("$A $B $C").to_string(), "one job workflow");
}

#[test]
fn circles_and_growth_stay_bounded() {
    let circle = scope("job: { script: x, variables: { A: a$B, B: b$A, C: $C } }\n");
    assert_eq!(circle.expand("$A").to_string(), "ab$A");
    assert_eq!(circle.expand("$C").to_string(), "$C");
    let mut text = "job: { script: x, variables: { V0: x".to_owned();
    for number in 1..60 {
        text += &format!(", V{number}: $V{0}$V{0}", number - 1);
    }
    let grown = scope(&(text + " } }\n"));
    assert!(grown.expand("$V59").parts().len() < 100_000);
    assert_eq!(grown.expand("$V3").to_string(), "xxxxxxxx");
}

#[test]
fn of_equal_names_in_a_layer_the_last_counts() {
    let values = [("B", "1"), ("A", "1"), ("B", "2"), ("C", "1"), ("B", "3"), ("A", "2")];
    let scope = Scope::default().with_values(values.map(|(name, value)| (name, value.into())));
    let told = ["A", "B", "C"].map(|name| scope.value(name).to_string());
    assert_eq!((told, scope.size()), (["2", "3", "1"].map(str::to_owned), 3));
}
