//! The files of a repository that its jobs run: gathered once, by the loader, and handed to the walk through scripts.

use std::cell::RefCell;

use super::{CiProject, JobView, ProjectJobs};
use crate::ci::{FileContent, Files, JobFiles, Pipeline, Unread, UnreadKind, UnreadReason};
use crate::shell::{Action, Library, NotRead, NotReadHere, Repository, RepositoryFile, Script};
use crate::source::{Place, Span};

/// What is run, in the words in which a line may have it.
const MARKS: [&str; 28] = [
    ".sh",
    ".bash",
    "bash",
    "sh ",
    "source ",
    "make",
    "task",
    "just",
    "npm",
    "yarn",
    "pnpm",
    "python",
    "node",
    "ruby",
    "perl",
    "php",
    "pwsh",
    "helmfile",
    "skaffold",
    "terraform",
    "tofu",
    "terragrunt",
    "ansible",
    "docker",
    "podman",
    "nerdctl",
    "./",
    ". ",
];

/// Reads the files that the jobs of a pipeline run. `files` is asked for no others.
///
/// Costs nothing where no line of a job can run one.
pub fn gather(pipeline: &mut Pipeline, project: &CiProject, files: &dyn Files) {
    let runs_file = |job: &crate::ci::Job| job.script.iter().any(|line| may_run_file(line.text.as_str()));
    if !pipeline.with_children().any(|pipeline| pipeline.jobs.iter().any(runs_file)) {
        return;
    }
    let asked = Asked { files, kept: RefCell::default() };
    {
        let library = Library::new(&asked);
        drop(ProjectJobs::with_files(pipeline, project, &library, &runs_file));
    }
    pipeline.job_files = Some(asked.kept.into_inner());
}

/// Whether a line may run a file of the repository.
fn may_run_file(line: &str) -> bool {
    MARKS.iter().any(|mark| line.contains(mark)) || has_path_as_command(line)
}

/// Whether a command of the line is a path, or hangs on a variable: `scripts/deploy`, `$DEPLOY`.
fn has_path_as_command(line: &str) -> bool {
    let commands = line.split(['\n', ';', '&', '|', '(', '{', '`']);
    let mut first_words = commands.flat_map(|command| {
        let mut words = command.split_whitespace();
        let is_before = |word: &&str| {
            matches!(*word, "then" | "do" | "else" | "if" | "while" | "until" | "!" | "time" | "sudo" | "exec" | "eval")
                || word.contains('=')
        };
        let first = words.find(|word| !is_before(word));
        first.into_iter().chain(words.next())
    });
    first_words.any(|word| word.contains('/') || word.trim_start_matches(['"', '\'']).starts_with('$'))
}

/// Hands files out, and keeps in mind which.
struct Asked<'f> {
    files: &'f dyn Files,
    kept: RefCell<JobFiles>,
}

impl Repository for Asked<'_> {
    fn file(&self, path: &str) -> RepositoryFile {
        let content = self.files.read(path);
        let file = of_content(&content);
        self.kept.borrow_mut().contents.insert(path.to_owned(), content);
        file
    }

    fn files_in(&self, folder: &str, ending: &str) -> Vec<String> {
        let pattern = if folder.is_empty() { format!("*{ending}") } else { format!("{folder}/*{ending}") };
        // What would be a pattern is none where it is a name.
        let found = if folder.contains('*') { Vec::new() } else { self.files.glob(&pattern).paths };
        self.kept.borrow_mut().folders.insert((folder.to_owned(), ending.to_owned()), found.clone());
        found
    }
}

/// Hands out what was kept.
pub(super) struct Kept<'f>(pub &'f JobFiles);

impl Repository for Kept<'_> {
    fn file(&self, path: &str) -> RepositoryFile {
        self.0.contents.get(path).map_or(RepositoryFile::Not(NotRead::TooMany), of_content)
    }

    fn files_in(&self, folder: &str, ending: &str) -> Vec<String> {
        self.0.folders.get(&(folder.to_owned(), ending.to_owned())).cloned().unwrap_or_default()
    }
}

fn of_content(content: &FileContent) -> RepositoryFile {
    match content {
        FileContent::Text(source) => RepositoryFile::Text(std::sync::Arc::clone(source)),
        FileContent::Missing => RepositoryFile::Not(NotRead::Missing),
        FileContent::TooLarge(_) => RepositoryFile::Not(NotRead::TooLarge),
        FileContent::NoFile(what) => RepositoryFile::Not(NotRead::NoFile(what)),
    }
}

impl JobView<'_> {
    /// Where a part of what its script does stands: in a line of the job, or in the file that the line runs.
    #[must_use]
    pub fn place_of(&self, script: &Script, action: &Action, range: &std::ops::Range<usize>) -> Option<Place> {
        self.place_in(script, (action.item, action.file), range)
    }

    fn place_in(
        &self,
        script: &Script,
        (item, file): (usize, Option<usize>),
        range: &std::ops::Range<usize>,
    ) -> Option<Place> {
        match file {
            Some(file) => {
                let source = &script.files.get(file)?.source;
                Some(Place::new(source, Span::new(range.start, range.end)))
            }
            None => {
                let line = self.job.script.get(item)?;
                Some(Place::new(line.source(), line.span_of(range.clone())))
            }
        }
    }

    /// Where an action stands in the configuration; nothing for one in a file that the job runs.
    pub(crate) fn route_of(&self, action: &Action) -> String {
        match action.file {
            Some(_) => String::new(),
            None => super::script_route(self.job, action.item),
        }
    }

    /// What it runs and was not read, each once.
    pub(super) fn not_read(&self) -> Vec<Unread> {
        let mut all: Vec<Unread> = Vec::new();
        let mut last: Option<*const Script> = None;
        for case in &self.cases {
            let script: *const Script = &*case.script;
            if last == Some(script) {
                continue;
            }
            last = Some(script);
            for here in &case.script.not_read {
                let NotReadHere { name, item, file, range, why } = here;
                let Some(place) = self.place_in(&case.script, (*item, *file), range) else { continue };
                let unread = Unread::run(UnreadKind::Script, name.clone(), place, &self.job.name, reason(*why));
                if !all.contains(&unread) {
                    all.push(unread);
                }
            }
        }
        all
    }
}

fn reason(why: NotRead) -> UnreadReason {
    match why {
        NotRead::Missing => UnreadReason::NotHere,
        NotRead::Outside => UnreadReason::Outside,
        NotRead::NoText => UnreadReason::NoText,
        NotRead::TooLarge => UnreadReason::TooLarge,
        NotRead::NoFile(what) => UnreadReason::NoFile(what),
        NotRead::Generated => UnreadReason::Generated,
        NotRead::Variable => UnreadReason::Variable,
        NotRead::Language => UnreadReason::Language,
        NotRead::NoShell => UnreadReason::NoShell,
        NotRead::NoYaml => UnreadReason::NoYaml,
        NotRead::Circle => UnreadReason::Circle,
        NotRead::TooMany => UnreadReason::TooMany,
    }
}

#[cfg(test)]
mod tests {
    use super::may_run_file;

    #[test]
    fn lines_that_may_run_files() {
        for line in [
            "./deploy.sh",
            "scripts/deploy prod",
            "bash scripts/deploy",
            "A=b scripts/deploy",
            "cd x && tools/roll-out",
            "\"$CI_PROJECT_DIR/deploy\" prod",
            "$DEPLOY prod",
            "make deploy",
            ". lib/env",
        ] {
            assert!(may_run_file(line), "{line}");
        }
        for line in ["kubectl apply -f k8s/app.yaml", "helm upgrade --install web chart/", "echo done", "go test x/y"] {
            assert!(!may_run_file(line), "{line}");
        }
    }
}
