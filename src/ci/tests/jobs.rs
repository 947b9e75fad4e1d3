//! What is a job, and its keywords.

use super::*;

#[test]
fn jobs_are_told_from_keywords() {
    let pipeline = clean(
        "stages: [build, test, deploy]
workflow: { rules: [{ if: $CI_COMMIT_BRANCH }, { when: never }] }
.hidden: { script: x }
pages: { script: x }
default: { script: it is a job }
bridge: { trigger: { include: child.yml } }
waits: { needs: [{ pipeline: other/project }] }
build: { stage: build, script: make, when: manual }
",
    );
    assert_eq!(names(&pipeline), ["pages", "default", "bridge", "waits", "build"]);
    let triggers: Vec<bool> = pipeline.jobs.iter().map(|job| job.is_trigger).collect();
    assert_eq!(triggers, [false, false, true, true, false]);
    let starts = |job: &str| pipeline.job(job).unwrap().trigger.is_some();
    assert!(starts("bridge") && !starts("waits"));
    assert_eq!(pipeline.job("build").unwrap().stage.as_deref(), Some("build"));
    assert_eq!(pipeline.job("build").unwrap().when.as_deref(), Some("manual"));
    assert_eq!(pipeline.stages.as_ref().unwrap().len(), 3);
    let rules = pipeline.workflow_rules.as_ref().unwrap();
    assert_eq!(rules[0].condition.as_deref(), Some("$CI_COMMIT_BRANCH"));
    assert_eq!(rules[1].when.as_deref(), Some("never"));
}

#[test]
fn what_is_no_job_is_said() {
    let pipeline =
        read("a: text\nb: { image: x }\non: { script: x }\n1: { script: x }\nd: ~\nyes_job: { script: x }\n");
    assert_eq!(
        messages(&pipeline),
        [
            ".gitlab-ci.yml:1: `a` must be a map, as a job: GitLab refuses the configuration",
            ".gitlab-ci.yml:2: `b` has no `script`, `run` or `trigger`: GitLab refuses the configuration",
            ".gitlab-ci.yml:3: `true` is no text, which a job's name must be: GitLab refuses the configuration",
            ".gitlab-ci.yml:4: `1` is no text, which a job's name must be: GitLab refuses the configuration",
            ".gitlab-ci.yml:5: `d` must be a map, as a job: GitLab refuses the configuration",
        ]
    );
    assert_eq!(names(&pipeline), ["yes_job"]);
}

#[test]
fn environments() {
    let pipeline = clean(
        "a: { script: x, environment: production }
b:
  script: x
  environment:
    name: review/$CI_COMMIT_REF_SLUG
    action: stop
    on_stop: b
    deployment_tier: staging
    kubernetes:
      agent: acme/agents:production
      managed_resources: { enabled: no }
      dashboard: { namespace: board, flux_resource_path: path }
c: { script: x, environment: { name: c, kubernetes: { agent: acme/agents:production, namespace: shop } } }
",
    );
    let a = pipeline.job("a").unwrap().environment.as_ref().unwrap();
    assert_eq!(a.name, "production");
    assert!(a.kubernetes.is_none() && a.action.is_none());
    let b = pipeline.job("b").unwrap().environment.as_ref().unwrap();
    assert_eq!(b.name, "review/$CI_COMMIT_REF_SLUG");
    assert_eq!(b.action.as_deref(), Some("stop"));
    assert_eq!(b.on_stop.as_deref(), Some("b"));
    assert_eq!(b.deployment_tier.as_deref(), Some("staging"));
    let kubernetes = b.kubernetes.as_ref().unwrap();
    assert_eq!(kubernetes.agent.as_deref(), Some("acme/agents:production"));
    let c = pipeline.job("c").unwrap().environment.as_ref().unwrap();
    assert_eq!(c.kubernetes.as_ref().unwrap().namespace.as_deref(), Some("shop"));
    assert_eq!(kubernetes.dashboard_namespace.as_deref(), Some("board"));
    assert_eq!(kubernetes.flux_resource_path.as_deref(), Some("path"));
    assert_eq!(kubernetes.managed_resources.as_ref().map(|(enabled, _)| *enabled), Some(false));
    let agent = kubernetes.agent.as_ref().unwrap();
    assert_eq!(agent.place.source.slice(agent.span_of(12..22)), "production");
}

#[test]
fn environments_that_have_no_name() {
    let pipeline = read(
        "a: { script: x, environment: on }\nb: { script: x, environment: { action: stop } }\nc: { script: x, environment: [a] }\n",
    );
    assert_eq!(
        messages(&pipeline),
        [
            ".gitlab-ci.yml:1: `environment` must be text: GitLab refuses the configuration",
            ".gitlab-ci.yml:2: `environment` must have a `name`: GitLab refuses the configuration",
            ".gitlab-ci.yml:3: `environment` must be text or a map: GitLab refuses the configuration",
        ]
    );
}

#[test]
fn a_line_of_a_script_that_became_a_map() {
    let pipeline = read("a:\n  script:\n    - echo x\n    - echo \"name: value\"\n    - 'echo a: b'\n");
    assert_eq!(script(&pipeline, "a"), ["echo x", "echo a: b"]);
    assert_eq!(
        messages(&pipeline),
        [".gitlab-ci.yml:4: `script` must be text or a list of texts: GitLab refuses the configuration"]
    );
    assert!(pipeline.problems[0].help().unwrap().contains("quote"));
}

#[test]
fn only_and_except() {
    let pipeline = clean(
        "a: { script: x, only: [main, /^release-.*$/], except: { refs: [schedules], variables: [$SKIP], kubernetes: active, changes: [x] } }\n",
    );
    let job = pipeline.job("a").unwrap();
    assert_eq!(job.only.as_ref().unwrap().refs.iter().map(|at| &**at).collect::<Vec<_>>(), ["main", "/^release-.*$/"]);
    let except = job.except.as_ref().unwrap();
    assert_eq!(&*except.refs[0], "schedules");
    assert_eq!(&*except.variables[0], "$SKIP");
    assert!(except.kubernetes && except.changes);
    assert_eq!(
        messages(&read("a: { script: x, only: main }\n")),
        [".gitlab-ci.yml:1: `only` must be a list or a map: GitLab refuses the configuration"]
    );
}

#[test]
fn a_matrix_makes_combinations() {
    let pipeline = clean(
        "a:
  script: x
  parallel:
    matrix:
      - CLUSTER: [eu, us]
        STAGE: [qa, prod]
      - CLUSTER: ap
",
    );
    let matrix: Vec<_> =
        pipeline.job("a").unwrap().matrix.combinations().map(|row| variables(&row).join(" ")).collect();
    assert_eq!(
        matrix,
        ["CLUSTER=eu STAGE=qa", "CLUSTER=eu STAGE=prod", "CLUSTER=us STAGE=qa", "CLUSTER=us STAGE=prod", "CLUSTER=ap"]
    );
    assert!(clean("a: { script: x, parallel: 5 }\n").jobs[0].matrix.is_empty());
}

#[test]
fn a_matrix_is_bounded() {
    let values = (0..100).map(|number| number.to_string()).collect::<Vec<_>>().join(", ");
    let pipeline =
        read(&format!("a:\n  script: x\n  parallel:\n    matrix:\n      - A: [{values}]\n        B: [{values}]\n"));
    assert_eq!(
        messages(&pipeline),
        [".gitlab-ci.yml:5: the matrix makes 10000 jobs, more than 200: GitLab refuses the configuration"]
    );
    assert_eq!(pipeline.jobs[0].matrix.len(), MAX_MATRIX);
}

#[test]
fn variables_as_maps_and_other_types() {
    let pipeline = clean(
        "variables:
  A: { value: one, description: words, options: [one, two] }
  B: { description: words }
  C: 1.10
  D: on
a: { script: x, variables: { A: { value: $B, expand: false } }, rules: [{ if: $A, variables: { E: e }, changes: [x], allow_failure: true }] }
",
    );
    let job = pipeline.job("a").unwrap();
    assert_eq!(variables(&job.variables), ["A=$B", "B=", "C=1.1", "D=true"]);
    assert!(!job.variables[0].expand && job.variables[1].expand);
    let rule = &job.rules.as_ref().unwrap()[0];
    assert_eq!(variables(&rule.variables), ["E=e"]);
    assert!(rule.has_changes && !rule.has_exists && rule.allow_failure == Some(true));
    assert_eq!(job.variables[2].place.written(), "1.10");
}

#[test]
fn places_survive_marks_and_line_breaks() {
    let pipeline = clean("\u{FEFF}deploy:\r\n  script:\r\n    - |\r\n      one\r\n      kubectl two\r\n");
    let line = &pipeline.jobs[0].script[0];
    assert_eq!(&*line.text, "one\nkubectl two\n");
    let span = line.span_of(4..11);
    assert_eq!(line.source().slice(span), "kubectl");
    assert_eq!(line.source().position(span.start).line, 5);
    assert_eq!(pipeline.jobs[0].name_place.written(), "deploy");
}

#[test]
fn stages_that_are_not_there() {
    let told = |text: &str| messages(&read(text));
    let refuses = ": GitLab refuses the configuration";
    assert_eq!(
        told(
            "stages: [test, build]\na: { script: x, stage: deploy }\nb: { script: x, stage: .post }\nc: { script: x }\n"
        ),
        [format!(".gitlab-ci.yml:2: `deploy` is no stage of this pipeline{refuses}")]
    );
    assert_eq!(
        told("stages: [build]\na: { script: x }\n"),
        [format!(
            ".gitlab-ci.yml:2: `test` is the stage of jobs that name none, and no stage of this pipeline{refuses}"
        )]
    );
    assert_eq!(
        told(".base: { stage: lint }\na: { script: x, extends: .base }\n"),
        [format!(".gitlab-ci.yml:1: `lint` is no stage of this pipeline{refuses}")]
    );
    for silent in [
        "a: { script: x, stage: deploy }\n",
        "stages: [deploy]\ninclude: [{template: Jobs/Deploy.gitlab-ci.yml}]\na: { script: x }\n",
        "types: [other]\na: { script: x, stage: other }\n",
        "stages: [a]\n.hidden: { script: x, stage: b }\nc: { script: x, stage: a }\n",
    ] {
        assert!(!told(silent).iter().any(|message| message.contains("stage")), "{silent}");
    }
    let main = "stages: [deploy]\ninclude: [{local: b.yml, rules: [{if: $X}]}]\na: { script: x, stage: other }\n";
    let with = |main: &str| messages(&read_files(&[(".gitlab-ci.yml", main), ("b.yml", "stages: [other]\n")]));
    // Whatever an include brings along, the main file's stages are those that count.
    assert_eq!(with(main), [format!(".gitlab-ci.yml:3: `other` is no stage of this pipeline{refuses}")]);
    assert_eq!(with(main.trim_start_matches("stages: [deploy]\n")), [""; 0]);
}
