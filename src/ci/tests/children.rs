//! Child pipelines: which files they have, how often these are read, and what of them is not.

use std::fmt::Write as _;

use super::*;

const MAIN: &str = ".gitlab-ci.yml";

/// The children of a configuration, each as the names of its jobs.
fn children(pipeline: &Pipeline) -> Vec<Vec<&str>> {
    pipeline.children.iter().map(names).collect()
}

/// Which children a job starts.
fn started(pipeline: &Pipeline, job: &str) -> Vec<usize> {
    let job = pipeline.job(job).unwrap_or_else(|| panic!("no job {job}"));
    job.trigger.as_ref().map(|trigger| trigger.children.clone()).unwrap_or_default()
}

fn not_read(pipeline: &Pipeline) -> Vec<String> {
    let triggers = pipeline.with_children().flat_map(|pipeline| &pipeline.jobs).filter_map(|job| job.trigger.as_ref());
    let all = triggers.filter_map(|trigger| trigger.unread.as_ref());
    let of_children = pipeline.children.iter().flat_map(|child| &child.unread);
    let told = all.chain(of_children).map(|unread| {
        let run = unread.run.as_ref().map(|run| format!("{}: {}", run.job, run.reason.name()));
        format!("{} ({}) {}", unread.name, unread.kind.name(), run.unwrap_or_default())
    });
    told.collect()
}

#[test]
fn what_a_trigger_includes_is_a_child_with_nothing_of_its_parent() {
    let pipeline = read_files(&[
        (
            MAIN,
            "variables: { A: a }
default: { before_script: [parent] }
one: { trigger: { strategy: depend, include: [{ local: /ci/a.yml }, ci/b.yml] } }
two: { trigger: { include: [ci/a.yml] } }
again: { trigger: { include: [ci/a.yml], forward: { yaml_variables: false } } }
",
        ),
        ("ci/a.yml", "stages: [x]\nvariables: { A: child }\na: { stage: x, script: [one] }\n"),
        ("ci/b.yml", "include: c.yml\nb: { extends: .c, stage: x }\na: { script: [two] }\n"),
        ("c.yml", ".c: { script: [three] }\nworkflow: { rules: [{ if: $A }] }\n"),
    ]);
    assert_eq!(messages(&pipeline), [""; 0]);
    assert_eq!((names(&pipeline), children(&pipeline)), (vec!["one", "two", "again"], vec![vec!["a", "b"], vec!["a"]]));
    assert_eq!([started(&pipeline, "one"), started(&pipeline, "two"), started(&pipeline, "again")], [[0], [1], [1]]);
    let both = &pipeline.children[0];
    assert_eq!(messages(both), [""; 0]);
    assert_eq!((script(both, "a"), script(both, "b")), (vec!["two".to_owned()], vec!["three".to_owned()]));
    assert_eq!((variables(&both.variables), both.workflow_rules.is_some()), (vec!["A=child".to_owned()], true));
    assert!(pipeline.children[1].workflow_rules.is_none());
    let paths: Vec<&str> = pipeline.sources.iter().map(|source| source.path()).collect();
    assert_eq!(paths, [MAIN, "ci/a.yml", "ci/b.yml", "c.yml"], "each file once");
    assert!(!pipeline.is_incomplete());
    let forwards = |job: &str| pipeline.job(job).unwrap().trigger.as_ref().unwrap().forwards_variables;
    assert!(forwards("two") && !forwards("again"));
}

#[test]
fn children_have_inputs_and_children_over_two_levels() {
    let pipeline = read_files(&[
        (MAIN, "a: { trigger: { include: [{ local: a.yml, inputs: { agent: prod } }] } }\n"),
        (
            "a.yml",
            "spec: { inputs: { agent: {} } }\n---\nuse: { script: ['use $[[ inputs.agent ]]'] }\nb: { trigger: { include: b.yml } }\n",
        ),
        ("b.yml", "second: { script: [x] }\nc: { trigger: { include: c.yml } }\n"),
        ("c.yml", "third: { script: [x] }\n"),
    ]);
    assert_eq!(children(&pipeline), [vec!["use", "b"], vec!["second", "c"]]);
    assert_eq!(script(&pipeline.children[0], "use"), ["use prod"]);
    assert_eq!((started(&pipeline.children[0], "b"), started(&pipeline.children[1], "c")), (vec![1], vec![]));
}

#[test]
fn what_is_not_read_names_the_job_and_the_reason() {
    let pipeline = read_files(&[
        (
            MAIN,
            "made: { trigger: { include: [{ artifact: b.yml, job: make }] } }
other: { trigger: acme/other }
branch: { trigger: { project: acme/deployer, branch: main, inputs: { a: b } } }
far: { trigger: { include: [{ project: acme/ci, file: x.yml }, { remote: 'https://x.example/y.yml' }] } }
open: { trigger: { include: $UNKNOWN/ci.yml } }
mixed: { trigger: { include: mixed.yml } }
",
        ),
        ("mixed.yml", "include: { template: Auto-DevOps.gitlab-ci.yml }\n"),
    ]);
    assert_eq!(messages(&pipeline), [""; 0]);
    assert_eq!(
        not_read(&pipeline),
        [
            "acme/other (a pipeline of another project) other: of another project",
            "acme/deployer (a pipeline of another project) branch: of another project",
            "b.yml (a file that a job writes) made: written by a job",
            "acme/ci: x.yml (a file of another project) far: of another project",
            "https://x.example/y.yml (a file from another server) far: not here",
            "$UNKNOWN/ci.yml (a file whose name hangs on a variable) open: its name hangs on a variable",
            "Auto-DevOps.gitlab-ci.yml (a template of GitLab's) ",
        ]
    );
    assert!(!pipeline.is_incomplete() && pipeline.children.iter().all(Pipeline::is_incomplete));
}

#[test]
fn variables_of_the_job_may_say_which_file_it_is() {
    let pipeline = read_files(&[
        (
            MAIN,
            "each: { trigger: { include: ci/$APP.yml }, parallel: { matrix: [{ APP: [a, b, none] }] } }
one: { variables: { APP: a }, trigger: { include: { local: ci/$APP.yml } } }
kept: { variables: { APP: a }, trigger: { include: ci/$APP.yml, forward: { yaml_variables: false } } }
",
        ),
        ("ci/a.yml", "a: { script: [x] }\n"),
        ("ci/b.yml", "b: { script: [x] }\n"),
    ]);
    let jobs = |job: &str| -> Vec<Vec<&str>> {
        started(&pipeline, job).into_iter().map(|at| names(&pipeline.children[at])).collect()
    };
    assert_eq!(jobs("each"), [vec!["a"], vec!["b"], vec![]]);
    assert_eq!((jobs("one"), jobs("kept")), (vec![vec!["a"]], vec![vec![]]));
    // Nothing is said to be missing where a variable has a part in the name.
    assert!(pipeline.with_children().all(|pipeline| pipeline.problems.is_empty()));
}

#[test]
fn mistakes_in_a_child_are_its_own() {
    let pipeline = read_files(&[
        (MAIN, "a: { trigger: { include: a.yml } }\nb: { trigger: { include: [b.yml] } }\nc: { script: [x] }\n"),
        ("a.yml", "x: { extends: .none, script: [x] }\ny: { stage: nowhere, script: [y] }\n"),
    ]);
    assert_eq!((messages(&pipeline), pipeline.is_incomplete()), (vec![], false));
    let told: Vec<Option<String>> =
        pipeline.children.iter().flat_map(|child| &child.problems).map(Problem::message_in_child).collect();
    assert_eq!(
        told,
        [
            Some("`extends` names `.none`, which is defined nowhere: GitLab refuses the child pipeline".to_owned()),
            Some("`b.yml` is included and does not exist: GitLab refuses the child pipeline".to_owned()),
        ]
    );
}

#[test]
fn keys_that_trigger_does_not_take_refuse_the_parent() {
    let pipeline = read_files(&[
        (
            MAIN,
            "a: { trigger: { include: a.yml, stratgy: depend } }
b: { trigger: { include: a.yml, project: acme/other } }
c: { trigger: { include: a.yml, branch: main } }
d: { trigger: { project: acme/other, forwrd: {} } }
e: { trigger: { include: a.yml, something_new: true } }
f: { trigger: { include: [a.yml, a.yml, a.yml, a.yml] } }
",
        ),
        ("a.yml", "x: { script: [x] }\n"),
    ]);
    assert_eq!(
        messages(&pipeline),
        [
            ".gitlab-ci.yml:1: `stratgy` is no key of `trigger`: GitLab refuses the configuration",
            ".gitlab-ci.yml:2: `trigger:include` must not stand beside `project`: GitLab refuses the configuration",
            ".gitlab-ci.yml:3: `branch` is no key of `trigger`: GitLab refuses the configuration",
            ".gitlab-ci.yml:4: `forwrd` is no key of `trigger`: GitLab refuses the configuration",
            ".gitlab-ci.yml:6: `trigger:include` has 4 items, more than three: GitLab refuses the configuration",
        ]
    );
}

#[test]
fn many_jobs_and_circles_read_a_file_once() {
    let mut main = String::new();
    (0..1_000).for_each(|number| writeln!(main, "j{number}: {{ trigger: {{ include: a.yml }} }}").unwrap());
    let pipeline = read_files(&[
        (MAIN, &main),
        ("a.yml", "a: { script: [x] }\nb: { trigger: { include: b.yml } }\n"),
        (
            "b.yml",
            "b: { script: [x] }\na: { trigger: { include: a.yml } }\nm: { trigger: { include: .gitlab-ci.yml } }\n",
        ),
    ]);
    assert_eq!((pipeline.children.len(), pipeline.sources.len()), (2, 3));
    assert!((0..1_000).all(|number| started(&pipeline, &format!("j{number}")) == [0]));
    assert_eq!(started(&pipeline.children[1], "a"), [0; 0], "a third level is not read");
}

#[test]
fn children_that_differ_without_end_are_not_all_read() {
    let jobs: String = (0..2_000).map(|job| format!("job{job}: {{ script: [x] }}\n")).collect();
    let child = format!("spec: {{ inputs: {{ n: {{ default: a }} }} }}\n---\n{jobs}");
    let mut main = String::new();
    (0..2_000).for_each(|number| {
        let item = format!("{{ local: a.yml, inputs: {{ n: '{number}' }} }}");
        writeln!(main, "j{number}: {{ trigger: {{ include: [{item}] }} }}").unwrap();
    });
    let pipeline = read_files(&[(MAIN, &main), ("a.yml", &child)]);
    let read: usize = pipeline.children.iter().map(|child| child.jobs.len()).sum();
    assert!(read < 250_000, "{read}");
    let last = pipeline.job("j1999").unwrap().trigger.as_ref().unwrap();
    let run = last.unread.as_ref().and_then(|unread| unread.run.as_ref()).unwrap();
    assert_eq!((&*run.job, run.reason, &*last.children), ("j1999", UnreadReason::TooMany, &[][..]));
}
