//! Laws that hold for any text.

use proptest::prelude::*;

use super::variables::Scope;
use super::*;
use crate::yaml::Style;

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
        for scope in job.scopes(&Scope::predefined(&facts()), job.rules.iter().flatten().next()) {
            for variable in &job.variables {
                let _ = scope.value(&variable.name).to_string();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

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
        lines in prop::collection::vec("[a-zé][a-zé ]{0,12}[a-zé]", 1..5),
        literal: bool,
        from in 0usize..60,
        length in 1usize..20,
    ) {
        let text = match literal {
            true => format!("job:\n  script:\n    - |\n      {}\n", lines.join("\n      ")),
            false => format!("job:\n  script:\n    - {}\n", lines[0]),
        };
        let pipeline = read(&text);
        let line = &pipeline.jobs[0].script[0];
        let value = line.text.as_str();
        // Within one line of it.
        let (row, start) = value.lines().enumerate().find(|_| true).map(|(row, _)| (row, 0)).unwrap_or((0, 0));
        prop_assert_eq!(row, 0);
        let boundary = |wanted: usize| (0..=wanted.min(value.trim_end().len())).rev().find(|&at| value.is_char_boundary(at)).unwrap_or(0);
        let (start, end) = (boundary(start + from), boundary(start + from + length));
        let range = start..end.max(start);
        let part = &value[range.clone()];
        prop_assume!(!part.is_empty() && !part.contains('\n'));
        prop_assert_eq!(line.source().slice(line.span_of(range)), part);
        let _ = Style::Plain;
    }
}
