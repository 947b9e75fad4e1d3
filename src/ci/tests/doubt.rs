//! What files give that `include:rules` may keep out.

use super::variables::Scope;
use super::*;

/// The pipeline of files that the main one includes, those with a condition only where it holds.
fn included(files: &[(&str, &str, &str)], rest: &str) -> Pipeline {
    let include = |(path, condition, _): &(&str, &str, &str)| match *condition {
        "" => format!("  - {path}\n"),
        condition => format!("  - {{ local: {path}, rules: [{{ if: {condition} }}] }}\n"),
    };
    let main = format!("include:\n{}{rest}", files.iter().map(include).collect::<String>());
    let mut all = vec![(".gitlab-ci.yml", &*main)];
    all.extend(files.iter().map(|(path, _, text)| (*path, *text)));
    let pipeline = read_files(&all);
    assert_eq!(messages(&pipeline), [""; 0], "{main}");
    pipeline
}

/// What is in doubt of a job, and its environment.
fn told(pipeline: &Pipeline, name: &str) -> String {
    let job = pipeline.job(name).unwrap();
    let InDoubt { script, runs, workflow, environment, variables, trigger } = job.in_doubt;
    let parts = [
        (script, "script"),
        (runs, "runs"),
        (workflow, "workflow"),
        (environment, "environment"),
        (variables, "variables"),
        (trigger, "trigger"),
    ];
    let parts: Vec<&str> = parts.iter().filter(|(is, _)| *is).map(|(_, part)| *part).collect();
    assert!(job.is_conditional || parts.is_empty());
    let scope = job.scopes(&Scope::default(), None, None).of(0);
    let environment = job.environment.as_ref().map(|environment| scope.environment_name(environment).to_string());
    format!("{}: {}", environment.unwrap_or_default(), parts.join(", "))
}

const BASE: &str = ".d: { environment: production, script: [x] }
deploy: { environment: production, script: [x] }
extended: { extends: .d }
referred: { environment: !reference [.d, environment], script: [x] }
";

#[test]
fn a_key_that_a_file_may_override_is_in_doubt() {
    let over = |text: &str, job: &str| told(&included(&[("a.yml", "", BASE), ("b.yml", "$B", text)], ""), job);
    for (text, job, expected) in [
        ("deploy: { environment: staging }", "deploy", "$CI_ENVIRONMENT_NAME: environment"),
        ("deploy: { environment: { name: staging, action: stop } }", "deploy", "$CI_ENVIRONMENT_NAME: environment"),
        ("deploy: { environment: ~ }", "deploy", "$CI_ENVIRONMENT_NAME: environment"),
        ("deploy: { environment: production }", "deploy", "production: "),
        (".d: { environment: staging }", "extended", "$CI_ENVIRONMENT_NAME: environment"),
        (".d: { environment: staging }", "referred", "$CI_ENVIRONMENT_NAME: environment"),
        (".d: { environment: staging }", "deploy", "production: "),
        ("deploy: { rules: [{ when: never }] }", "deploy", "production: runs"),
        ("deploy: { when: manual }", "deploy", "production: runs"),
        ("deploy: { only: { refs: [main] } }", "deploy", "production: runs"),
        ("deploy: { before_script: [y] }", "deploy", "production: script"),
        ("default: { before_script: [y] }", "deploy", "production: script"),
        ("before_script: [y]", "deploy", "production: script"),
        ("default: { retry: 1 }", "deploy", "production: "),
        ("workflow: { rules: [{ if: $A }] }", "deploy", "production: workflow"),
        ("workflow: { name: $A }", "deploy", "production: "),
        ("other: { script: [y] }", "deploy", "production: "),
        ("deploy: { extends: .d }", "deploy", "$CI_ENVIRONMENT_NAME: script, runs, environment"),
        ("deploy: { parallel: { matrix: [{ A: [a, b] }] } }", "deploy", "$CI_ENVIRONMENT_NAME: script, environment"),
        ("deploy: { image: y }", "deploy", "production: "),
    ] {
        assert_eq!(over(text, job), expected, "{text}");
    }
}

#[test]
fn a_variable_that_a_file_may_give_has_no_known_value() {
    let files = [("a.yml", "$A", "variables: { T: production, U: u }"), ("b.yml", "$B", "variables: { T: staging }")];
    let rest = "variables: { V: $T }
direct: { environment: $T, script: [x] }
by_another: { environment: production, script: ['echo ${V:-x}'] }
of_its_own: { variables: { T: own }, environment: $T, script: [x] }
without: { environment: $T-x, inherit: { variables: false }, script: [x] }
not_named: { environment: production, script: [x] }
";
    let pipeline = included(&files, rest);
    let jobs = ["direct", "by_another", "of_its_own", "without", "not_named"].map(|job| told(&pipeline, job));
    let expected = ["$T: variables", "production: variables", "own: ", "$T-x: ", "production: "];
    assert_eq!(jobs, expected);
    // A job's own variable that may be overridden hides what lies below.
    let of_job = "variables: { T: top }\nj: { variables: { T: own }, environment: $T, script: [x] }\n";
    let pipeline = included(&[("a.yml", "", of_job), ("b.yml", "$B", "j: { variables: { T: other } }")], "");
    assert_eq!(told(&pipeline, "j"), "$T: variables");
}

#[test]
fn rules_in_doubt_leave_their_variables_in_doubt() {
    let base = "variables: { T: top }
j: { environment: $T, script: [x], rules: [{ if: $A, variables: { T: one } }] }
";
    let pipeline = included(&[("a.yml", "", base), ("b.yml", "$B", "j: { rules: [{ if: $C }] }")], "");
    assert_eq!(told(&pipeline, "j"), "$T: runs, variables");
    let workflow = "workflow: { rules: [{ if: $A, variables: { T: one } }] }\n";
    let pipeline = included(&[("a.yml", "", workflow), ("b.yml", "$B", "workflow: { rules: [{ if: $C }] }")], base);
    let gone = included(&[("a.yml", "", workflow), ("b.yml", "$B", "workflow: ~")], base);
    assert!(gone.workflow_rules.is_some() && gone.job("j").unwrap().in_doubt.workflow);
    let rules = pipeline.workflow_rules.as_ref().unwrap();
    assert_eq!((rules.len(), variables(&rules[0].variables)), (1, vec!["T=".to_owned()]));
}

#[test]
fn jobs_that_are_there_only_together_with_what_they_take_are_certain() {
    let own = "variables: { T: staging }
default: { before_script: [y] }
.t: { environment: $T }
added: { extends: .t, script: [x] }
";
    let pipeline = included(&[("a.yml", "", BASE), ("b.yml", "$B", own)], "before: { script: [x] }\n");
    assert_eq!(told(&pipeline, "added"), "staging: ");
    assert!(pipeline.job("added").unwrap().is_conditional);
    assert_eq!(told(&pipeline, "before"), ": script");
    // Files with the same rules are there together, and what lies below others is not.
    let parts = [("a.yml", "$B", "variables: { T: staging }"), ("b.yml", "$B", "j: { environment: $T, script: [x] }")];
    assert_eq!(told(&included(&parts, ""), "j"), "staging: ");
    let other = [parts[0], ("b.yml", "$C", parts[1].2)];
    assert_eq!(told(&included(&other, ""), "j"), "$T: variables");
    // One of two files has the job.
    let either =
        [("a.yml", "$A", "j: { environment: a, script: [x] }"), ("b.yml", "$B", "j: { environment: b, script: [x] }")];
    assert_eq!(told(&included(&either, ""), "j"), "$CI_ENVIRONMENT_NAME: script, environment");
}

#[test]
fn a_file_within_another_hangs_on_both() {
    let outer = "include: [{ local: inner.yml, rules: [{ if: $I }] }]
variables: { T: outer }
j: { environment: $T, script: [x] }
";
    let inner =
        "variables: { U: inner }\nk: { environment: $T-$U, script: [x] }\nl: { environment: $U, script: [x] }\n";
    let files = [
        (
            ".gitlab-ci.yml",
            "include: [{ local: outer.yml, rules: [{ if: $O }] }]\nm: { environment: $T, script: [x] }\n",
        ),
        ("outer.yml", outer),
        ("inner.yml", inner),
    ];
    let pipeline = read_files(&files);
    let jobs = ["j", "k", "l", "m"].map(|job| told(&pipeline, job));
    assert_eq!(jobs, ["outer: ", "outer-inner: ", "inner: ", "$T: variables"]);
}

#[test]
fn rules_that_come_to_the_same_either_way_leave_no_doubt() {
    let of = |rules: &str| {
        let main = format!("include: [{{ local: a.yml, rules: {rules} }}]\nb: {{ environment: $T, script: [x] }}\n");
        told(&read_files(&[(".gitlab-ci.yml", &main), ("a.yml", "variables: { T: t }")]), "b")
    };
    for (rules, expected) in [
        ("[{ if: $A }]", "$T: variables"),
        ("[{ if: $A, when: never }, {}]", "$T: variables"),
        ("[{ if: $A }, { when: always }]", "t: "),
        ("[{ if: $A, when: never }]", "$T: "),
        ("[{ if: $A, when: never }, { when: never }]", "$T: "),
        ("[]", "$T: variables"),
    ] {
        assert_eq!(of(rules), expected, "{rules}");
    }
}

#[test]
fn the_cost_of_many_conditions_grows_with_what_is_written() {
    let files: Vec<(String, String)> = (0..100)
        .map(|file| {
            let variables: Vec<String> = (0..50).map(|at| format!("V{at}: f{file}")).collect();
            let rules = vec!["{ if: $A, variables: { T: t } }"; 20].join(", ");
            let text = format!("variables: {{ {} }}\nj: {{ rules: [{rules}] }}\n", variables.join(", "));
            (format!("f{file}.yml"), text)
        })
        .collect();
    let include = |(path, _): &(String, String)| format!("  - {{ local: {path}, rules: [{{ if: ${path} }}] }}\n");
    let jobs: String = (0..100).map(|job| format!("j{job}: {{ script: [$V1] }}\n")).collect();
    let main = format!("include:\n{}j: {{ script: [x] }}\n{jobs}", files.iter().map(include).collect::<String>());
    let mut all = vec![(".gitlab-ci.yml", &*main)];
    all.extend(files.iter().map(|(path, text)| (&**path, &**text)));
    let pipeline = read_files(&all);
    assert_eq!(messages(&pipeline), [""; 0]);
    assert!(!pipeline.is_incomplete());
    assert_eq!(told(&pipeline, "j"), ": runs");
    assert_eq!(told(&pipeline, "j99"), ": variables");
}
