//! Files that GitLab reads as they look must stay without a finding.

use std::path::Path;

use crate::common::{kaslint, root};

#[test]
fn good_files_are_silent() {
    let folder = root().join("fixtures/silent");
    for entry in std::fs::read_dir(&folder).expect("fixtures") {
        let project = entry.expect("an entry").path();
        let run = kaslint(&project, &["check", "--fail-on", "note", "--format", "concise"]);
        let name = project.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert_eq!(run.code, 0, "{name}: {}", run.stdout);
        let files = match looked_at(&project.join(".gitlab/agents")) {
            1 => "1 configuration".to_owned(),
            number => format!("{number} configurations"),
        };
        assert!(run.stdout.starts_with(&format!("No findings in {files}.")), "{name}: {}", run.stdout);
    }
}

/// How many files of a project GitLab reads: configurations and templates.
fn looked_at(agents: &Path) -> usize {
    let agents = std::fs::read_dir(agents).expect("agents").map(|agent| agent.expect("an entry").path());
    let files =
        agents.flat_map(|agent| ["config.yaml", "environment_templates/default.yaml"].map(|file| agent.join(file)));
    files.filter(|file| file.is_file()).count()
}
