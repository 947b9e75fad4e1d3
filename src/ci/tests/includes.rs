//! `include`, `spec:inputs` and what cannot be read.

use super::*;

const MAIN: &str = ".gitlab-ci.yml";

fn unread(pipeline: &Pipeline) -> Vec<String> {
    pipeline.unread.iter().map(|unread| format!("{:?} {}", unread.kind, unread.name)).collect()
}

#[test]
fn a_file_lies_over_its_includes_and_a_later_include_over_an_earlier_one() {
    let pipeline = read_files(&[
        (
            MAIN,
            "include: [a.yml, { local: /ci/b.yml }]\nvariables: { A: main }\ndeploy: { environment: { url: main } }\n",
        ),
        ("a.yml", "variables: { A: a, B: a, C: a }\ndeploy: { script: [a], environment: { name: prod, url: a } }\n"),
        ("ci/b.yml", "include: { local: nested.yml }\nvariables: { B: b }\n"),
        ("nested.yml", "variables: { B: nested, D: nested }\n"),
    ]);
    assert_eq!(messages(&pipeline), [""; 0]);
    assert_eq!(variables(&pipeline.variables), ["A=main", "B=b", "C=a", "D=nested"]);
    assert_eq!(script(&pipeline, "deploy"), ["a"]);
    let job = pipeline.job("deploy").unwrap();
    assert_eq!(job.environment.as_ref().unwrap().name, "prod");
    assert_eq!(job.script[0].source().path(), "a.yml");
    assert_eq!(job.name_place.source.path(), MAIN);
    assert_eq!(pipeline.sources.len(), 4);
    assert!(!pipeline.is_incomplete());
}

#[test]
fn patterns_and_variables_in_paths() {
    let pipeline = read_files(&[
        (MAIN, "include: ['ci/*.yml', 'of/$CI_PROJECT_NAME.yml', '${WHO}.yml']\n"),
        ("ci/a.yml", "a: { script: x }\n"),
        ("ci/b.yml", "b: { script: x }\n"),
        ("of/shop.yml", "c: { script: x }\n"),
    ]);
    assert_eq!(names(&pipeline), ["a", "b", "c"]);
    assert_eq!(unread(&pipeline), ["VariableInPath ${WHO}.yml"]);
    assert!(pipeline.is_incomplete());
}

#[test]
fn what_is_not_at_hand_is_named() {
    let pipeline = read(
        "include:
  - https://example.com/a.yml
  - remote: https://example.com/b.yml
  - template: Auto-DevOps.gitlab-ci.yml
  - project: acme/ci
    ref: v1
    file: [a.yml, /b.yml]
  - component: $CI_SERVER_FQDN/acme/component@1
a: { extends: .elsewhere, script: [!reference [.elsewhere, script]] }
b: { variables: { A: '1' } }
",
    );
    assert_eq!(messages(&pipeline), [""; 0]);
    assert_eq!(
        unread(&pipeline),
        [
            "Remote https://example.com/a.yml",
            "Remote https://example.com/b.yml",
            "Template Auto-DevOps.gitlab-ci.yml",
            "Project acme/ci: a.yml",
            "Project acme/ci: b.yml",
            "Component $CI_SERVER_FQDN/acme/component@1",
        ]
    );
    assert!(pipeline.job("a").unwrap().is_partial);
    assert!(pipeline.job("b").unwrap().is_partial);
}

#[test]
fn files_of_other_projects_include_their_own() {
    let pipeline = read_files(&[
        (MAIN, "include: { project: acme/ci, ref: v1, file: a.yml }\n"),
        ("acme/ci@v1: a.yml", "include: b.yml\na: { script: x }\n"),
        ("acme/ci@v1: b.yml", "include: '*.yml'\nb: { script: x }\n"),
    ]);
    assert_eq!(names(&pipeline), ["b", "a"]);
    assert_eq!(unread(&pipeline), ["Project *.yml"]);
}

#[test]
fn includes_that_go_wrong() {
    let pipeline = read_files(&[
        (
            MAIN,
            "include:\n  - missing.yml\n  - ../outside.yml\n  - ci/../../outside.yml\n  - text.txt\n  - {}\n  - .gitlab-ci.yml\n  - a.yml\n  - 1\n  - empty.yml\njob: { script: x }\n",
        ),
        ("a.yml", "include: b.yml\n"),
        ("b.yml", "include: a.yml\n"),
        ("empty.yml", "# nothing\n"),
    ]);
    assert_eq!(
        messages(&pipeline),
        [
            ".gitlab-ci.yml:2: `missing.yml` is included and does not exist: GitLab refuses the configuration",
            ".gitlab-ci.yml:3: `../outside.yml` has `..`, which a path to include must not: GitLab refuses the configuration",
            ".gitlab-ci.yml:4: `ci/../../outside.yml` has `..`, which a path to include must not: GitLab refuses the configuration",
            ".gitlab-ci.yml:5: `text.txt` must end in `.yml` or `.yaml` to be included: GitLab refuses the configuration",
            ".gitlab-ci.yml:6: this names nothing that could be included: GitLab refuses the configuration",
            ".gitlab-ci.yml:7: `.gitlab-ci.yml` includes itself: GitLab refuses the configuration",
            "b.yml:1: `a.yml` includes itself: GitLab refuses the configuration",
            ".gitlab-ci.yml:9: this names nothing that could be included: GitLab refuses the configuration",
            "empty.yml:1: the file is empty: GitLab refuses the configuration",
        ]
    );
    assert_eq!(names(&pipeline), ["job"]);
    assert!(pipeline.is_incomplete());
}

#[test]
fn at_most_150_files_are_included() {
    let include = format!("include: [{}]\njob: {{ script: x }}\n", vec!["a.yml"; 200].join(", "));
    let pipeline = read_files(&[(MAIN, &include), ("a.yml", "a: { script: x }\n")]);
    assert_eq!(
        messages(&pipeline),
        [".gitlab-ci.yml:1: more than 150 files are included: GitLab refuses it unless its settings allow more"]
    );
    let twice = format!("include: [{}]\n", ["a.yml"; 150].join(", "));
    assert_eq!(messages(&read_files(&[(MAIN, &twice), ("a.yml", "a: { script: x }\n")])), [""; 0]);
}

#[test]
fn rules_leave_a_file_in_doubt() {
    let pipeline = read_files(&[
        (
            MAIN,
            "include:
  - { local: a.yml, rules: [{ if: $A }] }
  - { local: b.yml, rules: [{ when: never }] }
  - { local: c.yml, rules: [{ when: always }] }
  - { local: missing.yml, rules: [{ exists: [missing.yml] }] }
d: { script: x }
",
        ),
        ("a.yml", "a: { script: x }\nd: { image: x }\n"),
        ("b.yml", "b: { script: x }\n"),
        ("c.yml", "c: { script: x }\n"),
    ]);
    assert_eq!(messages(&pipeline), [""; 0]);
    assert_eq!(names(&pipeline), ["a", "d", "c"]);
    let conditional: Vec<bool> = pipeline.jobs.iter().map(|job| job.is_conditional).collect();
    assert_eq!(conditional, [true, true, false]);
    assert_eq!(pipeline.conditional.len(), 1);
}

#[test]
fn inputs_are_put_in_where_they_are_known() {
    let pipeline = read_files(&[
        (
            MAIN,
            "include:\n  - { local: a.yml, inputs: { environment: prod, lines: [one, two] } }\n  - { local: a.yml, inputs: { name: second, lines: x } }\n",
        ),
        (
            "a.yml",
            "spec:\n  inputs:\n    name: { default: first }\n    environment:\n    lines: { type: array }\n---\n# The content.\n$[[ inputs.name ]]-job:\n  script: $[[ inputs.lines ]]\n  environment: review/$[[ inputs.environment ]]/$[[inputs.name|expand_vars]]\n",
        ),
    ]);
    assert_eq!(
        messages(&pipeline),
        [".gitlab-ci.yml:3: the included file wants the input `environment`: GitLab refuses the configuration"]
    );
    assert_eq!(names(&pipeline), ["first-job", "second-job"]);
    assert_eq!(script(&pipeline, "first-job"), ["one", "two"]);
    let environment = |job: &str| pipeline.job(job).unwrap().environment.as_ref().unwrap().name.clone();
    let first = environment("first-job");
    assert_eq!(first, "review/prod/$[[inputs.name|expand_vars]]");
    assert_eq!(first.place.source.position(first.place.span.start).line, 10);
    let scope = variables::Scope::default();
    let second = scope.expand(&environment("second-job"));
    assert_eq!(second.to_string(), "review/$[[ inputs.environment ]]/$[[ inputs.name|expand_vars ]]");
    assert_eq!(second.variables().count(), 2);
}

#[test]
fn without_a_header_brackets_stay() {
    let pipeline = read("a: { script: 'echo $[[ inputs.x ]]' }\n---\nb: { script: x }\n");
    assert_eq!(script(&pipeline, "a"), ["echo $[[ inputs.x ]]"]);
    assert_eq!(names(&pipeline), ["a"]);
}

#[test]
fn a_main_file_that_is_not_there() {
    let pipeline = Pipeline::read("none.yml", &Memory::default(), &facts());
    assert_eq!(messages(&pipeline), ["none.yml:1: there is no file `none.yml`"]);
    assert!(pipeline.is_incomplete());
}
