//! Files that GitLab reads as they look must stay without a finding.

use crate::common::{kaslint, root};

#[test]
fn good_files_are_silent() {
    let folder = root().join("fixtures/silent");
    for entry in std::fs::read_dir(&folder).expect("fixtures") {
        let project = entry.expect("an entry").path();
        let run = kaslint(&project, &["check", "--fail-on", "note", "--format", "concise"]);
        let name = project.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert_eq!(run.code, 0, "{name}: {}", run.stdout);
        assert!(run.stdout.starts_with("No findings in 1 configuration."), "{name}: {}", run.stdout);
    }
}
