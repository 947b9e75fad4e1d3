//! Tests of the whole way from texts to jobs.

mod children;
mod doubt;
mod hostile;
mod includes;
mod jobs;
mod merging;
mod properties;
mod refused;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::source::Source;

/// A repository in memory.
#[derive(Default)]
struct Memory {
    files: BTreeMap<String, Arc<Source>>,
    projects: BTreeMap<String, Arc<Source>>,
}

impl Memory {
    fn new(files: &[(&str, &str)]) -> Self {
        let mut memory = Self::default();
        for &(path, text) in files {
            let source = Arc::new(Source::new(path, text));
            match path.contains(": ") {
                true => memory.projects.insert(path.to_owned(), source),
                false => memory.files.insert(path.to_owned(), source),
            };
        }
        memory
    }
}

impl Files for Memory {
    fn read(&self, path: &str) -> FileContent {
        assert!(!path.contains("..") && !path.starts_with('/'), "{path}");
        self.files.get(path).map_or(FileContent::Missing, |source| FileContent::Text(Arc::clone(source)))
    }

    fn glob(&self, pattern: &str) -> Globbed {
        let (start, end) = pattern.split_once('*').unwrap();
        let paths = self.files.keys().filter(|path| path.starts_with(start) && path.ends_with(end)).cloned().collect();
        Globbed { paths, is_whole: true }
    }

    fn project_file(&self, project: &str, git_ref: Option<&str>, path: &str) -> FileContent {
        let key = format!("{project}@{}: {path}", git_ref.unwrap_or("HEAD"));
        self.projects.get(&key).map_or(FileContent::Missing, |source| FileContent::Text(Arc::clone(source)))
    }
}

fn facts() -> ProjectFacts {
    ProjectFacts {
        path: Some("acme/web/shop".to_owned()),
        id: Some(7),
        default_branch: Some("main".to_owned()),
        server_url: Some("https://gitlab.example.com".to_owned()),
    }
}

/// The pipeline of several files, the first of which is the main one.
fn read_files(files: &[(&str, &str)]) -> Pipeline {
    Pipeline::read(files[0].0, &Memory::new(files), &facts())
}

fn read(text: &str) -> Pipeline {
    read_files(&[(".gitlab-ci.yml", text)])
}

/// A pipeline without problems.
fn clean(text: &str) -> Pipeline {
    let pipeline = read(text);
    assert_eq!(messages(&pipeline), [""; 0], "{text}");
    pipeline
}

/// The messages of all problems, each with its line.
fn messages(pipeline: &Pipeline) -> Vec<String> {
    let shown = |problem: &Problem| {
        let line = problem.place.source.position(problem.place.span.start).line;
        format!("{}:{line}: {}", problem.place.source.path(), problem.message())
    };
    pipeline.problems.iter().map(shown).collect()
}

fn script(pipeline: &Pipeline, job: &str) -> Vec<String> {
    let job = pipeline.job(job).unwrap_or_else(|| panic!("no job {job}"));
    job.script.iter().map(|line| line.text.to_string()).collect()
}

fn names(pipeline: &Pipeline) -> Vec<&str> {
    pipeline.jobs.iter().map(|job| &*job.name).collect()
}

fn variables(variables: &[Variable]) -> Vec<String> {
    variables.iter().map(|variable| format!("{}={}", variable.name, variable.value)).collect()
}
