//! What README and CONTRIBUTING say: real output, and paths that exist.

use crate::common::{kaslint, root};

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn paths_that_the_documents_name_exist() {
    for document in ["README.md", "CONTRIBUTING.md"] {
        let text = read(document);
        let mut count = 0;
        for word in text.split('`').skip(1).step_by(2) {
            let is_path = ["src/", "tests/", "fixtures/", "schema/", "docs/", "benches/", ".ci/"]
                .iter()
                .any(|top| word.starts_with(top));
            if is_path && !word.contains(['<', '*', ' ']) {
                assert!(root().join(word).exists(), "{document} names {word}");
                count += 1;
            }
        }
        assert!(count > 0, "{document} names no path");
    }
}

#[test]
fn the_readme_shows_real_output() {
    let readme = read("README.md");
    let shown = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block of output");
    let real = kaslint(root(), &["check", "fixtures/demo"]).stdout;
    let normalized = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert!(normalized(&real).contains(normalized(shown).trim()), "the README's output is not what the demo gives");
}
