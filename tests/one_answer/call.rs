//! How kaslint is called about a repository: the binary, the working directory, options and environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use crate::repository::{FOLDER, INVENTORY, NEIGHBOUR, Repository, Spelling, Start};

/// The way from settings in a folder below back to the top.
const AROUND: &str = "etc/../";

/// The binary that is asked; another one than that of this build where a variable names it.
pub fn binary() -> PathBuf {
    std::env::var_os("KASLINT_UNDER_TEST").map_or_else(|| env!("CARGO_BIN_EXE_kaslint").into(), PathBuf::from)
}

/// Calls about one repository on the disk.
pub struct Caller<'r> {
    repository: &'r Repository,
    /// The folder around the repository.
    folder: PathBuf,
}

/// What a call gave.
pub struct Run {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Whether the command could do its work.
    pub fn is_done(&self) -> bool {
        matches!(self.status, Some(0 | 1))
    }

    /// Whether it does not answer since projects differ in what has to be the same for one answer.
    pub fn tells_apart(&self) -> bool {
        self.status == Some(2) && self.stderr.contains("do not have the same release")
    }

    /// One JSON value a line.
    pub fn lines(&self) -> Result<Vec<Json>, String> {
        let lines = self.stdout.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().map_err(|error| format!("{error} in {:?}", self.stdout))
    }

    /// Status and what was said to a person.
    pub fn complaint(&self) -> String {
        let status = self.status.map_or("a signal".to_owned(), |status| status.to_string());
        format!("status {status}, {}", self.stderr.trim().lines().collect::<Vec<_>>().join(" / "))
    }
}

impl<'r> Caller<'r> {
    /// Calls about a repository that was laid out below a folder.
    pub fn new(repository: &'r Repository, folder: &Path) -> Self {
        Self { repository, folder: folder.to_owned() }
    }

    /// The top of the repository.
    pub fn top(&self) -> PathBuf {
        self.folder.join(FOLDER)
    }

    fn working_directory(&self) -> PathBuf {
        match self.repository.start {
            Start::Top | Start::Dot => self.top(),
            Start::Beside => self.folder.join(NEIGHBOUR),
            Start::Above => self.folder.clone(),
        }
    }

    /// The path of the repository as it is given, if it is.
    fn given(&self) -> Option<String> {
        match self.repository.start {
            Start::Top => None,
            Start::Dot => Some(".".to_owned()),
            Start::Beside => Some(format!("../{FOLDER}")),
            Start::Above => Some(FOLDER.to_owned()),
        }
    }

    /// A file of the repository from the working directory.
    fn here(&self, path: &str) -> String {
        match self.given().filter(|given| given != ".") {
            Some(given) => format!("{given}/{path}"),
            None => path.to_owned(),
        }
    }

    /// A path as a report has it, relative to the top; `.` for the top itself.
    pub fn relative(&self, told: &str) -> String {
        let top = self.top().display().to_string();
        let given = self.given().filter(|given| given != ".");
        let mut path = told;
        for prefix in [Some(top), given].into_iter().flatten() {
            path = path.strip_prefix(&prefix).map_or(path, |rest| rest.trim_start_matches('/'));
        }
        let path = path.trim_start_matches("./").replace(AROUND, "");
        if path.is_empty() { ".".to_owned() } else { path }
    }

    /// The same for all paths in a sentence.
    pub fn with_relative_paths(&self, text: &str) -> String {
        let text = text.replace(&format!("{}/", self.top().display()), "").replace(AROUND, "");
        match self.given().filter(|given| given != ".") {
            Some(given) => text.replace(&format!("{given}/"), ""),
            None => text,
        }
    }

    /// The options that all commands share.
    fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        let mut add = |name: &str, value: Option<String>| {
            options.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
        };
        let repository = self.repository;
        add("--project", repository.project.map(str::to_owned));
        add("--gitlab-version", repository.version.map(str::to_owned));
        let settings = repository.settings_path().filter(|path| *path != ".kaslint.yaml");
        add("--settings", settings.map(|path| self.here(path)));
        let is_option = repository.inventory.as_ref().is_some_and(|inventory| inventory.is_option);
        add("--inventory", is_option.then(|| self.here(INVENTORY)));
        options
    }

    /// A command with its shared options, and nothing of what the environment would tell it.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(binary());
        command.current_dir(self.working_directory()).arg(name).args(self.options());
        for variable in ["CI_PROJECT_PATH", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(variable);
        }
        // Wide enough that no name is broken.
        command
            .env("NO_COLOR", "1")
            .env("COLUMNS", "1000")
            .envs(self.repository.pipeline.map(|path| ("CI_PROJECT_PATH", path)));
        command
    }

    /// Runs a command on the repository.
    pub fn on_repository(&self, name: &str, arguments: &[&str]) -> Run {
        let mut command = self.command(name);
        command.args(arguments).args(self.given());
        run(command)
    }

    /// Runs a command on files of the repository.
    pub fn on_files(&self, name: &str, arguments: &[&str], files: &[String]) -> Run {
        let mut command = self.command(name);
        command.args(arguments).args(files.iter().map(|file| self.here(file)));
        run(command)
    }

    /// Runs a command on a file of the repository that is named twice.
    pub fn on_file_twice(&self, name: &str, arguments: &[&str], file: &str, spelling: Spelling) -> Run {
        let path = self.here(file);
        let other = match spelling {
            Spelling::Dotted => format!("./{path}"),
            Spelling::Absolute => self.top().join(file).display().to_string(),
        };
        let mut command = self.command(name);
        command.args(arguments).args([path, other]);
        run(command)
    }

    /// How it is called, for who reads of a failure.
    pub fn in_words(&self) -> String {
        let given = self.given().map(|given| format!(" {given}")).unwrap_or_default();
        let options: String = self.options().iter().map(|option| format!(" {option}")).collect();
        let pipeline = self.repository.pipeline.map(|path| format!("CI_PROJECT_PATH={path} ")).unwrap_or_default();
        let place = match self.repository.start {
            Start::Top | Start::Dot => "at the top",
            Start::Beside => "in a folder beside the repository",
            Start::Above => "in the folder above the repository",
        };
        format!("{pipeline}kaslint COMMAND{options}{given}, {place}")
    }
}

fn run(mut command: Command) -> Run {
    let output = command.stdin(Stdio::null()).output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Run { status: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}
