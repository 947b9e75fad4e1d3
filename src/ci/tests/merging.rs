//! `extends`, `!reference`, anchors, `default` and `inherit`.

use super::*;

#[test]
fn parents_are_merged_in_order_and_lists_replaced() {
    // The example of doc/ci/yaml/yaml_optimization.md.
    let pipeline = clean(
        ".only-important:
  variables: { URL: internal, IMPORTANT_VAR: details }
  rules: [{ if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH }, { if: $CI_COMMIT_BRANCH == 'stable' }]
  script: [echo hello]
.in-docker:
  variables: { URL: docker }
  image: alpine
rspec:
  variables: { GITLAB: is-awesome }
  extends: [.only-important, .in-docker]
  script: [rake rspec]
",
    );
    let job = pipeline.job("rspec").unwrap();
    assert_eq!(variables(&job.variables), ["URL=docker", "IMPORTANT_VAR=details", "GITLAB=is-awesome"]);
    assert_eq!(script(&pipeline, "rspec"), ["rake rspec"]);
    assert_eq!(job.rules.as_ref().unwrap().len(), 2);
    assert_eq!(job.image.as_deref(), Some("alpine"));
    assert!(!job.is_partial && !pipeline.is_incomplete());
}

#[test]
fn null_takes_away_what_a_parent_has() {
    let pipeline = clean(
        ".base: { script: test, variables: { A: '1' }, environment: prod }
a: { extends: .base, variables: {} }
b: { extends: .base, variables: null, environment: null }
",
    );
    assert_eq!(variables(&pipeline.job("a").unwrap().variables), ["A=1"]);
    assert_eq!(variables(&pipeline.job("b").unwrap().variables), [""; 0]);
    assert!(pipeline.job("b").unwrap().environment.is_none());
}

#[test]
fn extends_goes_eleven_levels_deep() {
    let chain = |levels: usize| {
        let mut text = ".p0: { script: test }\n".to_owned();
        for level in 1..levels {
            text += &format!(".p{level}: {{ extends: .p{} }}\n", level - 1);
        }
        text + &format!("job: {{ extends: .p{} }}\n", levels - 1)
    };
    clean(&chain(11));
    assert_eq!(
        messages(&read(&chain(12))),
        [".gitlab-ci.yml:13: `job` extends over more than 11 levels: GitLab refuses the configuration"]
    );
}

#[test]
fn extends_that_leads_nowhere() {
    let pipeline = read(
        "a: { extends: .missing, script: x }\nb: { extends: [b], script: x }\nc: { extends: .d, script: x }\n.d: 1\n",
    );
    assert_eq!(
        messages(&pipeline),
        [
            ".gitlab-ci.yml:1: `extends` names `.missing`, which is defined nowhere: GitLab refuses the configuration",
            ".gitlab-ci.yml:2: `b` extends itself: GitLab refuses the configuration",
            ".gitlab-ci.yml:3: `.d` is no map and cannot be extended: GitLab refuses the configuration",
        ]
    );
    assert!(pipeline.jobs.iter().all(|job| job.is_partial));
}

#[test]
fn references_are_followed_after_extends() {
    let pipeline = clean(
        ".setup: { script: [echo creating, [echo nested]], env: { name: prod } }
.base: { after_script: [echo deleting] }
.teardown: { extends: .base }
.vars: { variables: { URL: internal, OTHER: x } }
.rules: { rules: [{ if: $A }, { if: $B }] }
test:
  script:
    - !reference [.setup, script]
    - echo own
  after_script: !reference [.teardown, after_script]
  environment: !reference [.setup, env]
  variables: { MINE: !reference [.vars, variables, URL] }
  rules:
    - !reference [.rules, rules]
    - when: never
all: { script: x, variables: !reference [.vars, variables] }
",
    );
    assert_eq!(script(&pipeline, "test"), ["echo creating", "echo nested", "echo own", "echo deleting"]);
    let job = pipeline.job("test").unwrap();
    assert_eq!(variables(&job.variables), ["MINE=internal"]);
    assert_eq!(job.environment.as_ref().unwrap().name, "prod");
    let rules: Vec<_> = job.rules.iter().flatten().map(|rule| rule.condition.as_deref()).collect();
    assert_eq!(rules, [Some("$A"), Some("$B"), None]);
    assert_eq!(variables(&pipeline.job("all").unwrap().variables), ["URL=internal", "OTHER=x"]);
    assert_eq!(job.script[0].section, Section::Script);
    assert_eq!(job.script[3].section, Section::AfterScript);
}

#[test]
fn references_that_lead_nowhere() {
    let pipeline = read(
        "a: { script: [!reference [.missing, script], echo a] }
b: { script: [!reference [b, script]] }
c: { script: !reference [d, script] }
d: { script: !reference [c, script] }
e: { script: [!reference .a, !reference [1]] }
",
    );
    assert_eq!(script(&pipeline, "a"), ["echo a"]);
    assert!(pipeline.jobs.iter().all(|job| job.is_partial));
    let messages = messages(&pipeline);
    assert_eq!(
        messages[0],
        ".gitlab-ci.yml:1: `!reference [.missing, script]` leads to nothing: GitLab refuses the configuration"
    );
    assert_eq!(
        messages[1],
        ".gitlab-ci.yml:2: `!reference [b, script]` leads back to itself: GitLab refuses the configuration"
    );
    assert!(messages[2].ends_with("leads back to itself: GitLab refuses the configuration"), "{messages:?}");
    assert!(
        messages
            .iter()
            .any(|message| message.ends_with("`!reference` takes a list of texts: GitLab refuses the configuration")),
        "{messages:?}"
    );
}

#[test]
fn anchors_and_merge_keys() {
    let pipeline = clean(
        ".job: &job { image: ruby, script: [base], tags: [dev] }
.lines: &lines [one, two]
test1: { <<: *job, script: [own] }
test2: { script: [own], <<: *job }
test3: { script: [*lines, three], '<<': [{ image: first }, { image: second }] }
",
    );
    assert_eq!(script(&pipeline, "test1"), ["own"]);
    // A merge below a key replaces it.
    assert_eq!(script(&pipeline, "test2"), ["base"]);
    assert_eq!(script(&pipeline, "test3"), ["one", "two", "three"]);
    assert_eq!(pipeline.job("test3").unwrap().image.as_deref(), Some("first"));
}

#[test]
fn the_last_of_equal_keys_counts() {
    let pipeline = clean("job: { script: one }\nother: { script: x }\njob: { script: two, image: a, image: b }\n");
    assert_eq!(names(&pipeline), ["job", "other"]);
    assert_eq!(script(&pipeline, "job"), ["two"]);
    assert_eq!(pipeline.job("job").unwrap().image.as_deref(), Some("b"));
}

#[test]
fn defaults_are_taken_over_as_far_as_a_job_inherits_them() {
    let pipeline = clean(
        "default: { before_script: [before], image: { name: ruby } }
after_script: [after]
variables: { A: '1', B: '2' }
all: { script: x }
none: { script: x, inherit: { default: false, variables: false } }
some: { script: x, inherit: { default: [image], variables: [B] } }
own: { script: x, before_script: [], after_script: ~, image: alpine }
",
    );
    assert_eq!(script(&pipeline, "all"), ["before", "x", "after"]);
    assert_eq!(script(&pipeline, "none"), ["x"]);
    assert_eq!(script(&pipeline, "some"), ["x"]);
    assert_eq!(script(&pipeline, "own"), ["x", "after"]);
    let image = |job: &str| pipeline.job(job).unwrap().image.as_ref().map(ToString::to_string);
    assert_eq!(image("all").as_deref(), Some("ruby"));
    assert_eq!(image("none"), None);
    assert_eq!(image("some").as_deref(), Some("ruby"));
    assert_eq!(image("own").as_deref(), Some("alpine"));
    assert_eq!(variables(&pipeline.job("none").unwrap().variables), [""; 0]);
    assert_eq!(variables(&pipeline.job("some").unwrap().variables), ["B=2"]);
    let twice = read("image: a\ndefault: { image: b }\njob: { script: x }\n");
    assert_eq!(
        messages(&twice),
        [".gitlab-ci.yml:1: `image` stands at the top level and in `default`: GitLab refuses the configuration"]
    );
}
