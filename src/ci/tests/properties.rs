//! Laws that hold for any text.

use proptest::prelude::*;

use super::variables::Scope;
use super::*;

const SEED: &str = ".base: &base
  script: &lines [one, 'it''s', \"two\\n\"]
  variables: { A: $B, B: { value: x, expand: false } }
include: [a.yml, { local: 'ci/*.yml', rules: [{ if: $A }] }, { project: acme/ci, file: x.yml }]
default: { before_script: [!reference [.base, script]] }
deploy:
  <<: *base
  extends: [.base]
  script:
    - *lines
    - |
      kubectl apply
        -f x
    - >-
      folded
      text
  environment: { name: review/$CI_COMMIT_REF_SLUG, kubernetes: { agent: a:b } }
  parallel: { matrix: [{ A: [1, 2], B: on }] }
  rules: [{ if: '$A == \"x\"', variables: { C: $A$C } }]
  only: { refs: [main], variables: [$X] }
on: { trigger: x }
child: { trigger: { include: [{ local: a.yml, inputs: { A: $B } }], forward: { yaml_variables: true } } }
";

/// Whatever can be asked of a pipeline.
fn walk(pipeline: &Pipeline) {
    for problem in &pipeline.problems {
        let _ = (problem.message(), problem.help(), problem.place.written());
    }
    for job in &pipeline.jobs {
        for line in &job.script {
            for (at, character) in line.text.char_indices() {
                let range = at..at + character.len_utf8();
                let span = line.span_of(range.clone());
                assert!(line.text.place.span.contains(span));
                assert!(line.source().text().get(span.start..span.end).is_some());
            }
        }
        for scope in job.scopes(&Scope::predefined(&facts()), None, job.rules.iter().flatten().next()).iter() {
            for variable in &job.variables {
                let _ = scope.value(&variable.name).to_string();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn reading_never_panics(edits in prop::collection::vec((0usize..900, 0usize..12, "[-a-z:&*!<>|'\"\\[\\]{}$,#\n ]{0,6}"), 0..6)) {
        let mut text = SEED.to_owned();
        for (at, length, new) in edits {
            let start = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            let end = (start..=text.len()).find(|&end| end >= (start + length).min(text.len()) && text.is_char_boundary(end));
            text.replace_range(start..end.unwrap_or(start), &new);
        }
        walk(&read_files(&[(".gitlab-ci.yml", &text), ("a.yml", &text), ("ci/b.yml", "b: { script: x }\n")]));
    }

    #[test]
    fn parts_of_plain_and_literal_scripts_are_found(
        lines in prop::collection::vec("x [a-zé\\\\'\"$ ]{0,12}[a-zé]", 1..5),
        literal: bool,
        line in 0usize..5,
        from in 0usize..20,
        length in 1usize..20,
    ) {
        let text = match literal {
            true => format!("job:\n  script:\n    - |\n      {}\n", lines.join("\n      ")),
            false => format!("job:\n  script:\n    - {}\n", lines[0]),
        };
        let pipeline = read(&text);
        let script = &pipeline.jobs[0].script[0];
        let line = lines[if literal { line % lines.len() } else { 0 }].as_str();
        let before: usize = if literal { lines.iter().take_while(|other| other.as_str() != line).map(|line| line.len() + 1).sum() } else { 0 };
        let boundary = |wanted: usize| (0..=wanted.min(line.len())).rev().find(|&at| line.is_char_boundary(at)).unwrap_or(0);
        let range = before + boundary(from)..before + boundary(from + length);
        let part = &script.text[range.clone()];
        prop_assert_eq!(script.source().slice(script.span_of(range)), part);
    }
}
