//! Runs the binary in a folder of its own choosing, without what the environment would tell it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The top of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a run gave.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Standard output and error with the exit status, as a snapshot shows them.
    pub fn transcript(&self) -> String {
        let mut text = format!("exit status: {}\n", self.code);
        for (name, content) in [("standard output", &self.stdout), ("standard error", &self.stderr)] {
            if !content.is_empty() {
                text.push_str(&format!("----- {name} -----\n{content}"));
            }
        }
        // Trailing blanks are miette's, and no reader sees them.
        text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// The report of `--format json`.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }
}

/// kaslint in a folder, without what the environment would tell it.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaslint"));
    command.current_dir(folder).args(arguments);
    for variable in ["CI_PROJECT_PATH", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(variable);
    }
    command
}

fn to_run(output: Output) -> Run {
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs kaslint in a folder.
pub fn kaslint(folder: &Path, arguments: &[&str]) -> Run {
    to_run(command(folder, arguments).stdin(Stdio::null()).output().expect("the binary runs"))
}

/// Runs kaslint in a folder with variables in its environment.
pub fn kaslint_in(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = command(folder, arguments);
    to_run(command.envs(variables.iter().copied()).stdin(Stdio::null()).output().expect("the binary runs"))
}

/// Runs kaslint with a text on standard input.
pub fn kaslint_with_input(folder: &Path, arguments: &[&str], input: &[u8]) -> Run {
    let mut child = command(folder, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // The binary may stop reading early; that is its business.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    to_run(child.wait_with_output().expect("the binary ends"))
}

/// A folder with files, gone when dropped.
pub fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, content) in files {
        write(folder.path(), path, content);
    }
    folder
}

/// Writes a file and the folders above it.
pub fn write(folder: &Path, path: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(&path, content).expect("a file");
    path
}

/// Where a configuration lies.
pub const CONFIG: &str = ".gitlab/agents/prod/config.yaml";
