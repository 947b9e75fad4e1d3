//! Releases of GitLab that decide something stand in one file and have names there.

use std::path::Path;

use crate::common::root;

/// Whether a release may be written in numbers here.
fn is_place_of_releases(path: &str) -> bool {
    path.starts_with("src/gitlab/") || path == "src/agent_config/keys.rs"
}

/// Whether the file is a module of tests.
fn is_of_tests(path: &str) -> bool {
    path.split(['/', '.', '_']).any(|part| matches!(part, "tests" | "laws"))
}

/// The lines of a file that write a release in numbers, outside of its tests.
fn releases_in_numbers(text: &str) -> Vec<usize> {
    let (mut lines, mut of_tests) = (Vec::new(), false);
    let mut marked = false;
    for (number, line) in (1..).zip(text.lines()) {
        // A module of tests ends with the first brace that stands as far left as its mark.
        of_tests = if of_tests { line != "}" } else { marked && line.starts_with("mod ") && line.ends_with('{') };
        marked = line == "#[cfg(test)]";
        let code = line.split("//").next().unwrap_or_default();
        let is_number = |rest: &str| rest.trim_start().starts_with(|first: char| first.is_ascii_digit());
        let is_written = code.split("Version::new(").skip(1).any(is_number)
            || code.split("major:").skip(1).any(is_number)
            || (code.contains("Version::new(") && code.trim_end().ends_with("Version::new("));
        if is_written && !of_tests {
            lines.push(number);
        }
    }
    lines
}

fn rust_files(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let path = path.strip_prefix(root()).expect("below the root");
            found.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
}

#[test]
fn releases_have_names_and_stand_in_one_place() {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    assert!(files.len() > 100, "{}", files.len());
    for path in files.iter().filter(|path| !is_place_of_releases(path) && !is_of_tests(path)) {
        let text = std::fs::read_to_string(root().join(path)).expect("a file");
        let lines = releases_in_numbers(&text);
        assert!(
            lines.is_empty(),
            "{path} writes a release in numbers, lines {lines:?}: name it in src/gitlab/releases.rs"
        );
    }
}

#[test]
fn a_release_in_numbers_is_seen() {
    let tests = "#[cfg(test)]\nmod tests {\n    const A: Version = Version::new(1, 2);\n}\n";
    for (text, lines) in [
        ("if version < Version::new(18, 3) {\n", vec![1]),
        ("a\nlet at = crate::gitlab::Version::new( 17, 10);\n", vec![2]),
        ("Version::new(\n    17,\n    10,\n)\n", vec![1]),
        ("Version { major: 17, minor: 3 }\n", vec![1]),
        ("#[cfg(test)]\nmod tests {\n}\n\nVersion::new(1, 2)\n", vec![5]),
        ("Version::new(major, minor)\n// Version::new(18, 3)\n", vec![]),
        (tests, vec![]),
    ] {
        assert_eq!(releases_in_numbers(text), lines, "{text}");
    }
}
