//! The files of a repository that scripts run, each read and parsed once.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use brush_parser::ast;

use super::parse::{MAX_LENGTH, parse};
use crate::source::Source;
use crate::yaml;

/// How many files of a repository the jobs of one pipeline may run.
const MAX_FILES: usize = 2_000;

/// How many bytes they may have together.
const MAX_BYTES: usize = 16 << 20;

/// How many commands of files are walked for all jobs of a pipeline together.
const MAX_COMMANDS: usize = 120_000;

/// The files of a repository. Paths are those from its top, without `.`, `..` and a slash in front.
pub trait Repository {
    /// What lies at a path.
    fn file(&self, path: &str) -> RepositoryFile;

    /// The paths of the files right in a folder, the empty text for the top, whose names have this ending; sorted.
    fn files_in(&self, folder: &str, ending: &str) -> Vec<String>;
}

/// What lies at a path of a repository.
#[derive(Clone, Debug)]
pub enum RepositoryFile {
    /// A text.
    Text(Arc<Source>),
    /// It was not read.
    Not(NotRead),
}

/// Why something that a script runs was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotRead {
    /// Nothing of the name is there.
    Missing,
    /// It lies outside of the repository.
    Outside,
    /// It is no text.
    NoText,
    /// It is larger than is read.
    TooLarge,
    /// It is no file; what it is, with its article.
    NoFile(&'static str),
    /// The job writes it.
    Generated,
    /// Its name hangs on something that is not known.
    Variable,
    /// It is written in a language that is not read.
    Language,
    /// It is no shell script that can be read.
    NoShell,
    /// It is no YAML that can be read, such as a template.
    NoYaml,
    /// It runs itself.
    Circle,
    /// There is more than is read.
    TooMany,
}

/// What the jobs of one pipeline run, read once for all of them.
pub struct Library<'r> {
    repository: Option<&'r dyn Repository>,
    files: RefCell<HashMap<String, Result<Rc<Text>, NotRead>>>,
    bytes: Cell<usize>,
    commands: Cell<usize>,
}

/// A text that jobs run.
pub(super) struct Text {
    pub source: Arc<Source>,
    /// The same with line breaks as the shell has them, byte for byte.
    pub text: Rc<str>,
    program: OnceCell<Option<Rc<ast::Program>>>,
    pub(super) documents: OnceCell<Option<Rc<Vec<yaml::Document>>>>,
}

impl<'r> Library<'r> {
    /// The files of a repository.
    #[must_use]
    pub fn new(repository: &'r dyn Repository) -> Self {
        Self { repository: Some(repository), ..Self::empty() }
    }

    /// No files: what a script runs is not followed.
    #[must_use]
    pub fn empty() -> Self {
        Self { repository: None, files: RefCell::default(), bytes: Cell::new(0), commands: Cell::new(0) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.repository.is_none()
    }

    /// The text at a path, or why there is none.
    pub(super) fn text(&self, path: &str) -> Result<Rc<Text>, NotRead> {
        let Some(repository) = self.repository else { return Err(NotRead::Missing) };
        if let Some(known) = self.files.borrow().get(path) {
            return known.clone();
        }
        let read = self.read(repository, path);
        // What is not there costs nothing further.
        if self.files.borrow().len() < MAX_FILES * 2 {
            self.files.borrow_mut().insert(path.to_owned(), read.clone());
        }
        read
    }

    fn read(&self, repository: &dyn Repository, path: &str) -> Result<Rc<Text>, NotRead> {
        if self.files.borrow().len() >= MAX_FILES || self.bytes.get() >= MAX_BYTES {
            return Err(NotRead::TooMany);
        }
        let source = match repository.file(path) {
            RepositoryFile::Text(source) => source,
            RepositoryFile::Not(why) => return Err(why),
        };
        if source.text().contains('\0') {
            return Err(NotRead::NoText);
        }
        if source.text().len() > MAX_LENGTH {
            return Err(NotRead::TooLarge);
        }
        self.bytes.set(self.bytes.get() + source.text().len());
        let text: Rc<str> = source.text().replace("\r\n", " \n").into();
        Ok(Rc::new(Text { source, text, program: OnceCell::new(), documents: OnceCell::new() }))
    }

    pub(super) fn files_in(&self, folder: &str, ending: &str) -> Vec<String> {
        self.repository.map(|repository| repository.files_in(folder, ending)).unwrap_or_default()
    }

    /// Counts a command of a file; false once there are too many.
    pub(super) fn counts(&self) -> bool {
        self.commands.set(self.commands.get() + 1);
        self.commands.get() <= MAX_COMMANDS
    }
}

impl Text {
    /// The whole as a program of a shell; `None` where it is none that can be read.
    pub fn program(&self) -> Option<Rc<ast::Program>> {
        self.program.get_or_init(|| parse(&self.text).map(Rc::new)).clone()
    }

    /// The program that its first line names, without folder; `None` where that names none.
    pub fn interpreter(&self) -> Option<&str> {
        let line = self.text.trim_start_matches('\u{feff}').strip_prefix("#!")?.lines().next()?;
        let mut words = line.split_whitespace();
        let first = words.next()?;
        let first = first.rsplit('/').next().unwrap_or(first);
        let is_option = |word: &&str| word.starts_with('-') || word.contains('=');
        match first {
            "env" => words.find(|word| !is_option(word)).map(|word| word.rsplit('/').next().unwrap_or(word)),
            _ => Some(first),
        }
    }
}
