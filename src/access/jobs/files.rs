//! The files of a repository that its jobs run: gathered once, by the loader, and handed to the walk through scripts.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::{CiProject, JobView, ProjectJobs};
use crate::ci::{FileContent, Files, Job, JobFiles, Pipeline, Unread, UnreadKind, UnreadReason};
use crate::shell::{Action, Library, NotRead, NotReadHere, Repository, RepositoryFile, Script};
use crate::source::{Place, Span};

/// Whether a program runs files of the repository, or reads one that names contexts.
fn is_runner(word: &str) -> bool {
    matches!(
        word,
        "bash"
            | "sh"
            | "dash"
            | "ash"
            | "zsh"
            | "ksh"
            | "source"
            | "."
            | "eval"
            | "make"
            | "gmake"
            | "task"
            | "go-task"
            | "just"
            | "npm"
            | "yarn"
            | "pnpm"
            | "python"
            | "python2"
            | "python3"
            | "node"
            | "ruby"
            | "perl"
            | "php"
            | "pwsh"
            | "helmfile"
            | "gl-helmfile"
            | "skaffold"
            | "terraform"
            | "tofu"
            | "terragrunt"
            | "gitlab-terraform"
            | "gitlab-tofu"
            | "ansible-playbook"
            | "docker"
            | "podman"
            | "nerdctl"
            | "$SHELL"
    )
}

/// Whether what stands behind a program is no command.
fn is_quiet(word: &str) -> bool {
    matches!(
        word,
        "kubectl"
            | "helm"
            | "kustomize"
            | "flux"
            | "cd"
            | "echo"
            | "printf"
            | "cat"
            | "cp"
            | "mv"
            | "rm"
            | "mkdir"
            | "ls"
            | "git"
            | "curl"
            | "wget"
            | "sed"
            | "grep"
            | "export"
            | "apk"
            | "apt-get"
            | "apt"
            | "tar"
            | "envsubst"
            | "chmod"
            | "test"
            | "["
            | "[["
            | "aws"
            | "gcloud"
            | "az"
            | "go"
            | "cargo"
            | "pip"
            | "jq"
            | "yq"
    )
}

/// Reads the files that the jobs of a pipeline run. `files` is asked for no others.
///
/// Costs nothing where no line of a job can run one.
pub fn gather(pipeline: &mut Pipeline, project: &CiProject, files: &dyn Files) {
    let wanted = jobs_that_may_run_files(pipeline);
    if wanted.is_empty() {
        return;
    }
    let asked = Asked { files, kept: RefCell::default() };
    {
        let library = Library::new(&asked);
        let is_wanted = |job: &Job| wanted.contains(&std::ptr::from_ref(job));
        drop(ProjectJobs::with_files(pipeline, project, &library, &is_wanted));
    }
    pipeline.job_files = Some(asked.kept.into_inner());
}

/// The jobs, of the pipeline and those that it starts, of which some line may run a file.
fn jobs_that_may_run_files(pipeline: &Pipeline) -> HashSet<*const Job> {
    // Jobs of one template have the same lines.
    let mut known: HashMap<&str, bool> = HashMap::new();
    let mut wanted = HashSet::new();
    for job in pipeline.with_children().flat_map(|pipeline| &pipeline.jobs) {
        for line in job.script.iter().map(|line| line.text.as_str()) {
            if *known.entry(line).or_insert_with(|| may_run_file(line)) {
                wanted.insert(std::ptr::from_ref(job));
                break;
            }
        }
    }
    wanted
}

/// Whether a line may run a file of the repository. Costs one pass: most lines run none.
fn may_run_file(line: &str) -> bool {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'');
    let separates = |byte: u8| matches!(byte, b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'{' | b'}' | b'`');
    let bytes = line.as_bytes();
    let mut first: Option<&str> = None;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if separates(byte) {
            first = None;
            at += 1;
            continue;
        }
        if is_blank(&byte) {
            at += 1;
            continue;
        }
        let start = at;
        // Braces belong to the word in `${NAME}`.
        let mut in_braces = false;
        while let Some(&byte) = bytes.get(at) {
            in_braces |= byte == b'{' && bytes.get(at.wrapping_sub(1)) == Some(&b'$');
            if is_blank(&byte) || (separates(byte) && !in_braces) {
                break;
            }
            in_braces &= byte != b'}';
            at += 1;
        }
        let word = line.get(start..at).unwrap_or_default();
        if word.is_empty() {
            at += 1;
            continue;
        }
        if is_runner(word) || word.ends_with(".sh") || word.ends_with(".bash") {
            return true;
        }
        let is_path = word.contains('/') && !word.starts_with('-');
        match first {
            None if matches!(word, "then" | "do" | "else" | "if" | "while" | "until" | "!" | "time" | "elif") => {}
            None if word.contains('=') && !word.starts_with('$') => {}
            None if word.starts_with('$') || is_path => return true,
            None => first = Some(word),
            // What stands behind a program that is not known may be a command: `retry 3 scripts/deploy`.
            Some(first) => {
                if is_path && !is_quiet(first) {
                    return true;
                }
            }
        }
    }
    false
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
        let mut known: HashSet<(&String, &NotRead)> = HashSet::new();
        let mut last: Option<*const Script> = None;
        for case in &self.cases {
            let script: *const Script = &*case.script;
            if last == Some(script) {
                continue;
            }
            last = Some(script);
            for here in &case.script.not_read {
                let NotReadHere { name, item, file, range, why } = here;
                if !known.insert((name, why)) {
                    continue;
                }
                let Some(place) = self.place_in(&case.script, (*item, *file), range) else { continue };
                let unread = Unread::run(UnreadKind::Script, name.clone(), place, &self.job.name, reason(*why));
                all.push(unread);
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
            "retry 3 scripts/deploy",
            "if true; then scripts/deploy; fi",
            "echo a | \"${TOOLS}/deploy\"",
            "(cd x; make)",
            "bash -c 'make deploy'",
        ] {
            assert!(may_run_file(line), "{line}");
        }
        for line in [
            "kubectl apply -f k8s/app.yaml",
            "helm upgrade --install web chart/",
            "echo done",
            "go test x/y",
            "A=b/c",
            "git push origin a/b",
        ] {
            assert!(!may_run_file(line), "{line}");
        }
    }
}
