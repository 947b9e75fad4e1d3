//! What README, CONTRIBUTING and the pages say: real output, and links that lead somewhere.

use crate::common::{folder_with, kaslint, root};

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_readme_shows_real_output() {
    let readme = read("README.md");
    let shown = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block of output");
    let real = kaslint(root(), &["check", "fixtures/demo"]).stdout;
    let normalized = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert!(normalized(&real).contains(normalized(shown).trim()), "the README's output is not what the demo gives");
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for folder in ["docs", "docs/editors"] {
        let files = std::fs::read_dir(root().join(folder)).expect("a folder");
        let names = files.map(|page| page.expect("a page").file_name().into_string().expect("a name"));
        // The rules' links are the generator's.
        let written = names.filter(|name| name.ends_with(".md") && name != "rules.md");
        pages.extend(written.map(|name| format!("{folder}/{name}")));
    }
    let mut count = 0;
    for page in pages {
        let file = root().join(&page);
        for link in read(&page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !link.contains("://") {
                let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
                let target = if path.is_empty() { file.clone() } else { file.with_file_name("").join(path) };
                assert!(target.exists(), "{page} links to {link}");
                let headings = anchor.is_empty()
                    || read(target.to_str().expect("a path")).lines().any(|line| {
                        let heading = line.trim_start_matches('#');
                        heading != line && heading.trim().to_lowercase().replace(' ', "-") == anchor
                    });
                assert!(headings, "{page} links to {link}");
                count += 1;
            }
        }
    }
    assert!(count > 0, "no page links to another");
}

#[test]
fn the_inventory_and_the_settings_of_the_pages_are_taken() {
    let first_block = |page: &str| {
        let text = read(page);
        text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block").to_owned()
    };
    let inventory = first_block("docs/inventory.md");
    let settings = first_block("docs/first-hour.md");
    let folder = folder_with(&[("inventory.yaml", inventory.as_bytes()), (".kaslint.yaml", settings.as_bytes())]);
    let check = kaslint(folder.path(), &["inventory", "check", "inventory.yaml"]);
    assert_eq!((check.code, &*check.stderr), (0, ""), "{}", check.stdout);
    let run = kaslint(folder.path(), &["check", "--format", "concise", "."]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
}

#[test]
fn snippets_for_editors_name_nobodys_project() {
    let pages = std::fs::read_dir(root().join("docs/editors")).expect("a folder");
    for page in pages.map(|page| page.expect("a page").path()) {
        let text = std::fs::read_to_string(&page).expect("a text");
        for block in text.split("```").skip(1).step_by(2) {
            let is_named = block.lines().any(|line| line.contains("acme") || line.contains("--project"));
            assert!(!is_named, "{}: {block}", page.display());
        }
    }
}

#[test]
fn hooks_run_for_all_that_bears_on_the_findings() {
    let hooks = read(".pre-commit-hooks.yaml");
    let patterns: Vec<&str> = hooks.lines().filter_map(|line| line.trim().strip_prefix("files: ")).collect();
    assert_eq!(patterns.len(), 2);
    for pattern in patterns {
        let files = regex::Regex::new(pattern).expect("a pattern");
        for path in [
            ".gitlab/agents/prod/config.yaml",
            "sub/.gitlab/agents/prod/config.yml",
            ".gitlab-ci.yml",
            "ci/deploy.yml",
            "templates/jobs.yaml",
            ".kaslint.yaml",
            "inventory.yaml",
            "kaslint/inventory.json",
            "scripts/deploy.sh",
            "Makefile",
            "package.json",
            "terraform/main.tf",
            "ci/deploy",
        ] {
            assert!(files.is_match(path), "{path}");
        }
        for path in ["README.md", "src/main.rs", "package-lock.json", "yaml", "Cargo.toml"] {
            assert!(!files.is_match(path), "{path}");
        }
    }
}

#[test]
fn every_line_of_the_threat_model_names_tests_that_are_there() {
    let mut count = 0;
    for line in read("docs/security.md").lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let Some(held) = line.trim_end_matches(['|', ' ']).rsplit(" | ").next() else { continue };
        if line.matches(" | ").count() != 1 {
            continue;
        }
        for part in held.split("; ") {
            let names: Vec<&str> = part.split('`').skip(1).step_by(2).collect();
            let (file, tests) = names.split_first().unwrap_or_else(|| panic!("no test holds: {line}"));
            assert!(root().join(file).exists(), "{file} is not there");
            if !tests.is_empty() {
                let text = read(file);
                for test in tests {
                    let is_there = ["fn", "def"].iter().any(|word| text.contains(&format!("{word} {test}(")));
                    assert!(is_there, "{file} has no test {test}");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 40, "{count} tests");
}
