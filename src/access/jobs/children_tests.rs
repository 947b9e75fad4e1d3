//! What jobs of child pipelines come to: their variables, where they run, how often they are worked out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::ProjectJobs;
use super::*;
use crate::ci::{FileContent, Files, Globbed, ProjectFacts};
use crate::pipeline_rules::RefFacts;
use crate::source::Source;

struct Texts(BTreeMap<String, Arc<Source>>);

impl Files for Texts {
    fn read(&self, path: &str) -> FileContent {
        self.0.get(path).map_or(FileContent::Missing, |source| FileContent::Text(Arc::clone(source)))
    }

    fn glob(&self, _: &str) -> Globbed {
        Globbed::default()
    }
}

fn pipeline(files: &[(&str, &str)]) -> Pipeline {
    let texts = files.iter().map(|(path, text)| ((*path).to_owned(), Arc::new(Source::new(*path, *text))));
    Pipeline::read(files[0].0, &Texts(texts.collect()), &ProjectFacts::default())
}

/// Each job with what starts it, and for each case its environment and where it runs.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let default_branch = Some("main".to_owned());
    let refs = RefFacts { default_branch: default_branch.clone(), ..RefFacts::default() };
    let project = CiProject { facts: ProjectFacts { default_branch, ..ProjectFacts::default() }, refs };
    let pipeline = pipeline(files);
    let jobs = ProjectJobs::of(&pipeline, &project);
    let told = jobs.jobs.iter().map(|view| {
        let starts = view.started_by.iter().flat_map(|by| by.outermost_first());
        let starts: String = starts.fold(String::new(), |mut text, by| {
            let names: Vec<&str> = by.jobs.iter().map(|(name, _)| &**name).collect();
            let _ = write!(text, "{} > ", names.join(", "));
            text
        });
        let mut text = format!("{starts}{}", view.job.name);
        for case in &view.cases {
            let runs: Vec<String> = case.runs.iter().map(|run| run.scenario.kind.to_string()).collect();
            let mut runs = runs;
            runs.dedup();
            let name = case.environment.as_ref().map(ToString::to_string).unwrap_or_default();
            let runs = runs.join(", ").replace("the default branch `main`, other branches", "branches");
            let _ = write!(text, " [{name}: {runs}]");
        }
        text
    });
    told.collect()
}

#[test]
fn what_is_handed_down_goes_before_what_the_child_has() {
    let main = "variables: { TOP: top, OWN: top }
workflow: { rules: [{ if: $CI_COMMIT_BRANCH, variables: { FLOW: x } }, { when: always }] }
a: { variables: { OWN: own-$TOP, RAW: { value: $TOP, expand: false } }, trigger: { include: c.yml } }
b: { trigger: { include: c.yml, forward: { yaml_variables: false } } }
c: { inherit: { variables: [TOP] }, trigger: { include: c.yml }, rules: [{ if: $CI_COMMIT_TAG, variables: { OWN: tag } }, { when: always }] }
";
    let child = "variables: { TOP: child, OWN: child, RAW: child, FLOW: child }
j: { variables: { OWN: job }, environment: $TOP/$OWN/$RAW/$FLOW/$CI_PIPELINE_SOURCE, rules: [{ when: always }], script: [x] }
";
    assert_eq!(
        told(&[(".gitlab-ci.yml", main), ("c.yml", child)]),
        [
            "a > j [top/own-top/$TOP/$FLOW/parent_pipeline: branches, tags, merge request pipelines]",
            "b > j [child/job/child/child/parent_pipeline: branches, tags, merge request pipelines]",
            "c > j [top/job/child/$FLOW/parent_pipeline: branches, merge request pipelines]",
            "c > j [top/tag/child/$FLOW/parent_pipeline: tags]",
        ]
    );
}

#[test]
fn jobs_stand_where_what_starts_them_does_and_run_where_that_runs() {
    let main = "first: { script: [x] }
go: { trigger: { include: a.yml }, rules: [{ if: '$CI_COMMIT_BRANCH == \"main\"' }] }
never: { trigger: { include: a.yml }, when: never }
again: { trigger: { include: [a.yml] } }
last: { script: [x] }
";
    let a = "one: { script: [x] }\ndeeper: { trigger: { include: b.yml }, rules: [{ if: $CI_COMMIT_TAG }, { if: '$CI_PIPELINE_SOURCE == \"push\"' }] }\ntwo: { script: [x], rules: [{ if: $CI_MERGE_REQUEST_IID }] }\n";
    let b = "three: { script: [x] }\nno_third_level: { trigger: { include: a.yml } }\n";
    assert_eq!(
        told(&[(".gitlab-ci.yml", main), ("a.yml", a), ("b.yml", b)]),
        [
            "first [: branches, tags]",
            "go > one [: the default branch `main`]",
            "go > two",
            "again > one [: branches, tags]",
            "again > deeper > three [: tags]",
            "again > two",
            "last [: branches, tags]",
        ]
    );
}

#[test]
fn values_of_the_parent_are_known_by_the_kind_of_its_pipeline() {
    let main = "a:
  variables: { FROM: $CI_PIPELINE_SOURCE, REF: $CI_COMMIT_REF_NAME, NUMBER: $CI_PIPELINE_ID, NAME: $CI_JOB_NAME }
  trigger: { include: c.yml }
  rules: [{ if: $CI_MERGE_REQUEST_IID }, { if: '$CI_COMMIT_BRANCH == \"develop\"' }]
";
    let child = "r: { script: [x], environment: r/$NUMBER, rules: [{ if: '$FROM == \"merge_request_event\"' }] }
d: { script: [x], environment: $NAME/$REF, rules: [{ if: '$FROM != \"merge_request_event\" && $REF == \"develop\"' }] }
";
    assert_eq!(
        told(&[(".gitlab-ci.yml", main), ("c.yml", child)]),
        [
            "a > r [r/$CI_PIPELINE_ID: merge request pipelines]",
            // A child may start its parent's file as well, on a merge request's branch of this name.
            "a > d [a/develop: the branch `develop`] [a/$CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: merge request pipelines]",
        ]
    );
}

#[test]
fn a_child_that_gets_the_same_is_worked_out_once() {
    let mut main = String::new();
    (0..1_000).for_each(|number| writeln!(main, "j{number}: {{ trigger: {{ include: c.yml }} }}").unwrap());
    let files = [(".gitlab-ci.yml", &*main), ("c.yml", "a: { script: [x] }\nb: { script: [y] }\n")];
    let (pipeline, project) = (pipeline(&files), CiProject::default());
    let jobs = ProjectJobs::of(&pipeline, &project);
    assert_eq!((jobs.jobs.len(), jobs.children.len(), jobs.children[0].started_by.jobs.len()), (2, 1, 1_000));
    assert!(jobs.environments().is_some());
}

#[test]
fn what_would_be_too_much_to_tell_apart_is_taken_together() {
    let mut main = String::new();
    for number in 0..1_000 {
        let variables = format!("{{ N: '{number}', SAME: same }}");
        let when = if number == 0 { "on_success" } else { "manual" };
        writeln!(main, "j{number}: {{ variables: {variables}, when: {when}, trigger: {{ include: c.yml }} }}").unwrap();
    }
    let mut child = String::new();
    (0..1_000).for_each(|number| writeln!(child, "c{number}: {{ script: [x], environment: $SAME/$N }}").unwrap());
    child.push_str("again: { trigger: { include: c.yml }, variables: { N: again } }\n");
    let files = [(".gitlab-ci.yml", &*main), ("c.yml", &*child)];
    let (pipeline, project) = (pipeline(&files), CiProject::default());
    let jobs = ProjectJobs::of(&pipeline, &project);
    assert_eq!((pipeline.children.len(), jobs.jobs.len()), (1, 2_000));
    let name = |at: usize| jobs.jobs[at].cases[0].environment.as_ref().map(ToString::to_string);
    assert_eq!([name(0), name(1_000)], [Some("same/$N".to_owned()), Some("$SAME/again".to_owned())]);
    assert_eq!(jobs.environments(), None, "not all is told");
}

#[test]
fn a_matrix_starts_a_child_for_each_combination() {
    let main = "go: { trigger: { include: c.yml }, parallel: { matrix: [{ REGION: [eu, us] }] } }\n";
    let child = "deploy: { script: [x], environment: prod/$REGION }\n";
    assert_eq!(
        told(&[(".gitlab-ci.yml", main), ("c.yml", child)]),
        ["go > deploy [prod/eu: branches, tags]", "go > deploy [prod/us: branches, tags]"]
    );
}
