//! What a command runs of the repository's files: one file a family of programs.
//!
//! A file's commands are walked where they are run, with the variables of that moment. Nothing is guessed: what cannot be
//! followed is named in [`Following::not_read`], and from there on counts as run unseen.

mod ansible;
mod conditions;
mod containers;
mod make;
mod paths;
mod runners;
mod scripts;
mod settings;
mod terraform;
mod yaml_file;

use std::collections::HashSet;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::action::{ActionKind, Arm};
use super::library::{Library, NotRead, Text};
use super::text::{Frame, FramePlace};
use super::walk::{Arguments, Walker};
use super::words::Word;
use crate::gitlab::{PartialText, Shape};
use crate::source::Source;

/// How many files may run one another.
const MAX_OPEN: usize = 8;

/// How many things of one shell are named that were not read.
const MAX_NOT_READ: usize = 200;

/// What the walk knows of the repository.
pub(super) struct Following<'a> {
    pub library: &'a Library<'a>,
    /// The files that were read, in the order of their first run.
    pub files: Vec<Entered>,
    /// Where the next file starts, in bytes behind the items and the files so far.
    next: usize,
    /// How many bytes the items have.
    items: usize,
    /// The last command of an item.
    pub top: Range<usize>,
    /// The paths of the files that are being walked, the innermost last.
    open: Vec<String>,
    /// The names of variables that programs see.
    exported: HashSet<String>,
    exports_all: bool,
    /// Files that the job writes.
    written: HashSet<String>,
    /// The folders of `pushd`.
    folders: Vec<PartialText>,
    pub not_read: Vec<FoundNotRead>,
}

/// A file whose commands are walked.
pub(super) struct Entered {
    pub path: String,
    pub source: Arc<Source>,
    /// Where its text starts, behind the items.
    pub start: usize,
    frame: Rc<Frame>,
}

/// Something that is run and was not read.
pub(super) struct FoundNotRead {
    pub name: String,
    pub range: Range<usize>,
    /// The last command of an item.
    pub top: Range<usize>,
    pub why: NotRead,
}

/// How a file is run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// In a process of its own.
    Started,
    /// In the shell that runs it.
    Sourced,
}

impl<'a> Following<'a> {
    pub fn new(library: &'a Library<'a>, items: usize) -> Self {
        Self {
            library,
            files: Vec::new(),
            next: items + 1,
            items,
            top: 0..0,
            open: Vec::new(),
            exported: HashSet::new(),
            exports_all: false,
            written: HashSet::new(),
            folders: Vec::new(),
            not_read: Vec::new(),
        }
    }

    /// Whether a place lies in a file, and not in an item.
    pub fn is_in_file(&self, at: usize) -> bool {
        at > self.items
    }

    /// The file that a place lies in.
    pub fn file_at(&self, at: usize) -> Option<usize> {
        let file = self.files.partition_point(|file| file.start <= at).checked_sub(1)?;
        self.is_in_file(at).then_some(file)
    }

    /// The range in its file, cut at the file's end.
    pub fn within(&self, file: usize, range: &Range<usize>) -> Range<usize> {
        let Some(Entered { source, start, .. }) = self.files.get(file) else { return 0..0 };
        let local = |offset: usize| source.floor(offset.saturating_sub(*start));
        let from = local(range.start);
        from..local(range.end).max(from)
    }

    /// The text of a file as a frame, and where it starts.
    fn enter(&mut self, path: &str, text: &Text) -> (Rc<Frame>, usize) {
        if let Some(known) = self.files.iter().find(|file| file.path == path) {
            return (Rc::clone(&known.frame), known.start);
        }
        let start = self.next;
        self.next += text.text.len() + 1;
        let frame = Rc::new(Frame::new(Rc::clone(&text.text), FramePlace::At(start)));
        let source = Arc::clone(&text.source);
        self.files.push(Entered { path: path.to_owned(), source, start, frame: Rc::clone(&frame) });
        (frame, start)
    }
}

impl Walker<'_> {
    /// Follows what a command runs of the repository's files; false where it is no command that runs any, so that it is
    /// to be taken for itself.
    pub(super) fn follow(
        &mut self,
        program: &str,
        words: &[Word],
        set: &[(String, Word)],
        (whole, depth): (&Range<usize>, usize),
    ) -> bool {
        let Some((name, arguments)) = words.split_first() else { return false };
        match program {
            "cd" => self.change_folder(arguments),
            "pushd" => {
                let here = self.folder_text();
                self.following.folders.push(here);
                self.change_folder(arguments);
            }
            "popd" => {
                if let Some(folder) = self.following.folders.pop() {
                    self.env.set("PWD", folder);
                }
            }
            "set" => self.set_options(arguments, whole),
            // Of these, the variables of the job say enough.
            "terraform" | "tofu" | "terragrunt" | "gitlab-terraform" | "gitlab-tofu" => {
                self.terraform(program, words, set, whole);
            }
            _ if self.following.library.is_empty() => return false,
            "helmfile" | "gl-helmfile" => self.helmfile(program, words, set, whole),
            "skaffold" => self.skaffold(program, words, set, whole),
            "source" | "." => return self.source(arguments, set, whole),
            "bash" | "sh" | "dash" | "ash" | "zsh" | "ksh" => return self.shell_file(arguments, set, whole),
            "python" | "python2" | "python3" | "node" | "ruby" | "perl" | "php" | "pwsh" => {
                return self.other_language(arguments, whole);
            }
            "npm" | "yarn" | "pnpm" => return self.package_script(program, words, set, whole),
            "task" | "go-task" => return self.task(words, set, whole),
            "just" => return self.just(words, set, whole),
            "docker" | "podman" | "nerdctl" => return self.container(words, whole, depth),
            "ansible-playbook" => self.playbook(program, words, set, whole),
            "make" | "gmake" => return self.make(name, arguments, set, whole),
            "cp" | "mv" | "install" | "ln" | "tee" | "curl" | "wget" | "sed" => {
                self.note_written(program, arguments);
                return false;
            }
            _ => return self.file_by_path(name, arguments, set, whole),
        }
        true
    }

    /// Names something that is run and was not read.
    pub(super) fn not_read(&mut self, what: &Word, name: &str, program: &str, why: NotRead, whole: &Range<usize>) {
        let range = what.range();
        self.add(ActionKind::Opaque { program: program.to_owned() }, range.clone(), whole.clone());
        let Following { not_read, top, .. } = &mut self.following;
        let is_known = not_read.iter().any(|known| known.range == range && known.why == why && known.name == name);
        if not_read.len() < MAX_NOT_READ && !is_known {
            not_read.push(FoundNotRead { name: name.to_owned(), range, top: top.clone(), why });
        }
    }

    /// Walks a part of the repository, in a process or in this shell; false where it runs itself, or too many run one another.
    pub(super) fn within_file(
        &mut self,
        path: &str,
        how: How,
        set: &[(String, Word)],
        whole: &Range<usize>,
        walk: impl FnOnce(&mut Self),
    ) -> Result<(), NotRead> {
        if self.following.open.iter().any(|open| open == path) {
            return Err(NotRead::Circle);
        }
        if self.following.open.len() >= MAX_OPEN || !self.is_within_depth() {
            return Err(NotRead::TooMany);
        }
        self.following.open.push(path.to_owned());
        match how {
            How::Sourced => {
                set.iter().for_each(|(name, word)| self.assign(name, word, whole));
                walk(self);
            }
            How::Started => {
                let mark = self.env.mark();
                let functions = std::mem::take(&mut self.functions);
                let arguments = self.arguments.take();
                let (all, folders) = (self.following.exports_all, std::mem::take(&mut self.following.folders));
                self.hide_own_variables();
                for (name, word) in set {
                    self.assign(name, word, whole);
                    self.following.exported.insert(name.clone());
                }
                self.following.exports_all = false;
                walk(self);
                self.following.exports_all = all;
                self.following.folders = folders;
                self.functions = functions;
                self.arguments = arguments;
                self.env.undo(mark);
            }
        }
        self.following.open.pop();
        Ok(())
    }

    /// A program does not see variables that its shell does not export.
    fn hide_own_variables(&mut self) {
        if self.following.exports_all {
            return;
        }
        let is_kept = |name: &str| {
            // The runner exports its own, so that a shell that changes it changes what programs see.
            matches!(name, "PWD" | "OLDPWD" | "KUBECONFIG" | "HOME" | "PATH")
                || self.following.exported.contains(name)
                || self.is_of_job(name)
        };
        let hidden: Vec<String> = self.env.names().filter(|name| !is_kept(name)).map(str::to_owned).collect();
        self.env.forget(&hidden);
    }

    /// Whether the job itself has the variable, so that programs see what a shell makes of it.
    fn is_of_job(&self, name: &str) -> bool {
        self.lookup.variable(name) != PartialText::unknown(name, Shape::Any)
    }

    /// Programs see a variable from here on.
    pub(super) fn export(&mut self, name: &str) {
        if !self.following.exported.contains(name) {
            self.following.exported.insert(name.to_owned());
        }
    }

    /// `set -a`, `set -- a b`.
    fn set_options(&mut self, arguments: &[Word], whole: &Range<usize>) {
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match &*word.known() {
                "--" => return self.set_arguments(words.as_slice(), whole),
                "-o" => self.following.exports_all |= words.next().is_some_and(|word| word.is("allexport")),
                "+o" => self.following.exports_all &= !words.next().is_some_and(|word| word.is("allexport")),
                option if option.starts_with('-') => self.following.exports_all |= option.contains('a'),
                "+a" => self.following.exports_all = false,
                _ => {}
            }
        }
    }

    /// Gives `$1` and so on their values. What may become several words or none leaves all behind it unknown.
    pub(super) fn set_arguments(&mut self, arguments: &[Word], whole: &Range<usize>) {
        let certain = arguments.iter().position(may_split);
        for number in 1..=9_usize {
            let name = number.to_string();
            let value = match arguments.get(number - 1) {
                Some(word) if certain.is_none_or(|first| number <= first) => word.text().into_owned(),
                None if certain.is_none() => PartialText::default(),
                _ => PartialText::unknown(&format!("${name}"), Shape::Any),
            };
            self.env.set(&name, value);
        }
        let (words, command) = (arguments.to_vec(), whole.clone());
        self.arguments = Some(Arguments { words, command, depth: self.path.len() });
    }

    /// What is not among the arguments is empty, if they are known to be all.
    pub(super) fn clear_arguments_behind(&mut self, arguments: &[Word]) {
        let is_whole = !arguments.iter().any(may_split);
        for number in arguments.len() + 1..=9 {
            let name = number.to_string();
            let unknown = || PartialText::unknown(&format!("${name}"), Shape::Any);
            self.env.set(&name, if is_whole { PartialText::default() } else { unknown() });
        }
    }

    /// `$#`
    pub(super) fn count_of_arguments(&self) -> Option<PartialText> {
        let given = self.arguments.as_ref().filter(|given| !given.words.iter().any(may_split))?;
        Some(PartialText::known(&given.words.len().to_string()))
    }

    /// The branches around a place, for what is walked in one of them.
    pub(super) fn in_branch(&mut self, walk: impl FnOnce(&mut Self)) {
        self.forks += 1;
        let arm = Arm { fork: self.forks, arm: 0 };
        self.branch(arm.fork, arm.arm, walk);
    }
}

/// Whether the shell may make several words of a word, or none.
fn may_split(word: &Word) -> bool {
    word.pieces.iter().any(|piece| {
        let is_open = piece.text.as_known().is_none();
        (!piece.quoted && is_open) || piece.text.variables().any(|name| matches!(name, "$@" | "${@}"))
    })
}

#[cfg(test)]
mod tests;
