//! Configurations that would be expensive, endless or deep.

use super::*;

fn has(pipeline: &Pipeline, kind: &ProblemKind) -> bool {
    pipeline.problems.iter().any(|problem| problem.kind == *kind)
}

#[test]
fn alias_bombs() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    let pipeline = read(&(text + "job: { script: *a11 }\n"));
    assert!(has(&pipeline, &ProblemKind::TooLarge), "{:?}", messages(&pipeline));
    assert!(pipeline.is_incomplete());
}

#[test]
fn reference_bombs() {
    let mut text = ".a0: { script: [x, x] }\n".to_owned();
    for level in 1..60 {
        let below = level - 1;
        text += &format!(".a{level}: {{ script: [!reference [.a{below}, script], !reference [.a{below}, script]] }}\n");
    }
    let pipeline = read(&(text + "job: { script: !reference [.a59, script] }\n"));
    assert!(has(&pipeline, &ProblemKind::TooLarge), "{:?}", messages(&pipeline));
}

#[test]
fn merges_that_multiply() {
    let keys: String = (0..3000).map(|key| format!("    K{key}: v\n")).collect();
    let mut text = format!(".base:\n  script: x\n  variables: &all\n{keys}");
    for job in 0..3000 {
        text += &format!("job{job}: {{ extends: .base, variables: {{ <<: *all, A: b }} }}\n");
    }
    assert!(has(&read(&text), &ProblemKind::TooLarge));
}

#[test]
fn parents_that_multiply() {
    let names = (0..2000).map(|name| format!(".p{name}")).collect::<Vec<_>>().join(", ");
    let mut text: String = (0..2000).map(|name| format!(".p{name}: {{ script: x }}\n")).collect();
    text += &format!(".all: {{ extends: &all [{names}] }}\n");
    text.extend((0..5000).map(|job| format!("job{job}: {{ extends: *all }}\n")));
    assert!(has(&read(&text), &ProblemKind::TooLarge));
}

#[test]
fn deep_nesting() {
    for depth in [97, 98, 5000] {
        let text = format!("job: {{ script: x, image: {}x{} }}\n", "[".repeat(depth), "]".repeat(depth));
        let pipeline = read(&text);
        assert_eq!(has(&pipeline, &ProblemKind::TooDeep), depth > 97, "{depth}: {:?}", messages(&pipeline));
    }
    let aliases: String = (1..200).map(|level| format!("a{level}: &a{level} [*a{}]\n", level - 1)).collect();
    assert!(has(&read(&format!("a0: &a0 x\n{aliases}job: {{ script: x }}\n")), &ProblemKind::TooDeep));
}

#[test]
fn a_long_chain_of_parents() {
    let chain: String = (1..20_000).map(|level| format!(".p{level}: {{ extends: .p{} }}\n", level - 1)).collect();
    let pipeline = read(&format!("job: {{ extends: .p19999 }}\n.p0: {{ script: x }}\n{chain}"));
    assert!(has(&pipeline, &ProblemKind::ExtendsTooDeep("job".to_owned())));
    assert_eq!(script(&pipeline, "job"), ["x"]);
}

#[test]
fn keys_that_nobody_knows() {
    let keys: String = (0..5000).map(|key| format!("  unheard{key}: x\n  skript{key}: x\n")).collect();
    let jobs: String = (0..20).map(|job| format!("job{job}: {{ extends: .base }}\n")).collect();
    let pipeline = read(&format!(".base:\n  script: x\n{keys}{jobs}"));
    assert_eq!(pipeline.jobs.len(), 20);
    assert_eq!(pipeline.problems.len() + pipeline.unverified.len(), 200);
}

#[test]
fn many_jobs() {
    let jobs: String = (0..10_000).map(|job| format!("job{job}: {{ extends: .base, stage: deploy }}\n")).collect();
    let pipeline = clean(&format!(".base: {{ script: [one, two], environment: prod }}\nvariables: {{ A: a }}\n{jobs}"));
    assert_eq!(pipeline.jobs.len(), 10_000);
    assert_eq!(script(&pipeline, "job9999"), ["one", "two"]);
}

#[test]
fn broken_text_is_not_claimed_to_be_all() {
    let pipeline = read("a: { script: x }\nb: { script: [x\nc:\n  script: y\n");
    assert!(!pipeline.problems.is_empty() && pipeline.is_incomplete());
    assert!(pipeline.job("a").is_some());
    assert!(pipeline.problems[0].message().starts_with("a comma or the closing bracket is missing"));
    let alias = read("a: { script: *nothing }\n");
    assert_eq!(
        messages(&alias),
        [".gitlab-ci.yml:1: no anchor `nothing` stands above this alias: GitLab refuses the configuration"]
    );
    let circle = read("a: &a { script: x, image: *a }\n");
    assert!(circle.is_incomplete() && circle.job("a").is_some());
}

#[test]
fn what_only_the_agent_server_refuses_is_fine() {
    let pipeline =
        clean("%YAML 1.2\n---\na: { script: ['a?b', \"\\/\"], variables: { A: .inf, ~: x }, before_script: [a?b] }\n");
    assert_eq!(script(&pipeline, "a"), ["a?b", "a?b", "/"]);
}

#[test]
fn files_that_are_no_map() {
    assert_eq!(messages(&read("")), [".gitlab-ci.yml:1: the file is empty: GitLab refuses the configuration"]);
    assert_eq!(
        messages(&read("- a\n")),
        [".gitlab-ci.yml:1: a CI configuration must be a map of keywords and jobs: GitLab refuses the configuration"]
    );
    assert_eq!(
        messages(&read("a: { script: x, variables: { DAY: 2024-01-31 } }\n")),
        [".gitlab-ci.yml:1: `2024-01-31` is a date, which GitLab refuses in a CI configuration"]
    );
}
