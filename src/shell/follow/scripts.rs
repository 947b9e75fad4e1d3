//! Scripts for a shell: started by their path, by a shell, or sourced.

use std::ops::Range;
use std::rc::Rc;

use super::super::library::{NotRead, Text};
use super::super::walk::Walker;
use super::super::words::Word;
use super::How;
use super::paths::Named;

/// Shells whose scripts are read.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "ash", "zsh", "ksh"];

/// Endings of files in other languages.
const LANGUAGES: [&str; 11] = [".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl", ".php", ".ps1", ".bat", ".cmd"];

/// Files that tools put there, and that hold nothing of the repository's own.
const OF_TOOLS: [&str; 7] = ["node_modules/", "vendor/", ".venv/", "venv/", "env/bin/", "virtualenv/", "target/"];

/// Starters of build tools, long scripts that all repositories have alike.
const STARTERS: [&str; 4] = ["gradlew", "mvnw", "sbtx", "pants"];

/// Programs that jobs put beside their files, and that are what they are called.
const PROGRAMS: [&str; 16] = [
    "kubectl",
    "oc",
    "helm",
    "helm3",
    "helmfile",
    "kustomize",
    "flux",
    "kpt",
    "skaffold",
    "kubectx",
    "terraform",
    "tofu",
    "terragrunt",
    "argocd",
    "werf",
    "kapp",
];

/// What is meant by a word that may name a script.
enum Script {
    Found(String, Rc<Text>),
    Not(NotRead),
    /// It is nothing of the repository's.
    Foreign,
}

impl Walker<'_> {
    /// `./deploy.sh`, `scripts/deploy`, `$CI_PROJECT_DIR/deploy.sh`.
    pub(super) fn file_by_path(
        &mut self,
        name: &Word,
        arguments: &[Word],
        set: &[(String, Word)],
        whole: &Range<usize>,
    ) -> bool {
        let written = name.text().to_string();
        let is_script = LANGUAGES.iter().chain(&[".sh", ".bash"]).any(|ending| written.ends_with(ending));
        if !written.contains('/') {
            // Whatever lies in one of the folders of PATH.
            return false;
        }
        let base = written.rsplit('/').next().unwrap_or_default();
        match self.script_of(name) {
            Script::Foreign => return false,
            Script::Not(NotRead::Missing | NotRead::Variable | NotRead::Outside | NotRead::Generated)
                if PROGRAMS.contains(&base) =>
            {
                return false;
            }
            // A program of the image.
            Script::Not(NotRead::Outside | NotRead::Variable) if !is_script => return false,
            Script::Not(why) => self.not_read(name, &written, &program(&written), why, whole),
            Script::Found(path, text) => {
                let is_shell = match text.interpreter() {
                    Some(interpreter) => SHELLS.contains(&interpreter),
                    None => !LANGUAGES.iter().any(|ending| path.ends_with(ending)),
                };
                match is_shell {
                    true => self.run_script(name, (&path, &text), arguments, (How::Started, set), whole),
                    false => self.not_read(name, &written, &program(&written), NotRead::Language, whole),
                }
            }
        }
        true
    }

    /// `bash deploy.sh prod`.
    pub(super) fn shell_file(&mut self, arguments: &[Word], set: &[(String, Word)], whole: &Range<usize>) -> bool {
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let start = word.start();
            match &*start {
                "-s" | "-" => return false,
                "-o" | "+o" | "-O" | "+O" | "--rcfile" | "--init-file" => drop(words.next()),
                _ if start.starts_with(['-', '+']) => {
                    if !start.starts_with("--") && start.ends_with('o') {
                        words.next();
                    }
                }
                _ => return self.run_word(word, words.as_slice(), (How::Started, set), "bash", whole),
            }
        }
        false
    }

    /// `source lib.sh`, `. ./lib.sh`.
    pub(super) fn source(&mut self, arguments: &[Word], set: &[(String, Word)], whole: &Range<usize>) -> bool {
        let Some((file, rest)) = arguments.split_first() else { return false };
        self.run_word(file, rest, (How::Sourced, set), "source", whole)
    }

    fn run_word(
        &mut self,
        file: &Word,
        arguments: &[Word],
        (how, set): (How, &[(String, Word)]),
        program: &str,
        whole: &Range<usize>,
    ) -> bool {
        let written = file.text().to_string();
        match self.script_of(file) {
            // What the image brings along is nobody's matter here.
            Script::Foreign => return false,
            Script::Not(NotRead::Outside) if how == How::Sourced => return false,
            Script::Not(why) => self.not_read(file, &written, program, why, whole),
            Script::Found(path, text) => self.run_script(file, (&path, &text), arguments, (how, set), whole),
        }
        true
    }

    /// `python deploy.py`: named, for it may do anything.
    pub(super) fn other_language(&mut self, arguments: &[Word], whole: &Range<usize>) -> bool {
        // `-m`, `-c`, `-e` and their like run no file of the repository.
        let Some(first) = arguments.first().filter(|word| !word.start().starts_with('-')) else { return false };
        let written = first.text().to_string();
        match self.script_of(first) {
            Script::Foreign => return false,
            Script::Found(..) => self.not_read(first, &written, "python", NotRead::Language, whole),
            Script::Not(why) => self.not_read(first, &written, "python", why, whole),
        }
        true
    }

    fn script_of(&self, word: &Word) -> Script {
        let text = word.text();
        let path = match self.named(&text) {
            Named::Here(path) => path,
            Named::Outside => return Script::Not(NotRead::Outside),
            Named::Unknown => return Script::Not(NotRead::Variable),
        };
        let base = path.rsplit('/').next().unwrap_or_default();
        let is_of_tools =
            OF_TOOLS.iter().any(|folder| path.starts_with(folder) || path.contains(&format!("/{folder}")));
        if path.is_empty() || STARTERS.contains(&base) || is_of_tools {
            return Script::Foreign;
        }
        if self.following.written.contains(&path) {
            return Script::Not(NotRead::Generated);
        }
        match self.following.library.text(&path) {
            Ok(text) => Script::Found(path, text),
            Err(why) => Script::Not(why),
        }
    }

    /// Walks a script.
    fn run_script(
        &mut self,
        word: &Word,
        (path, text): (&str, &Text),
        arguments: &[Word],
        (how, set): (How, &[(String, Word)]),
        whole: &Range<usize>,
    ) {
        let written = word.text().to_string();
        let Some(parsed) = text.program() else {
            return self.not_read(word, &written, "bash", NotRead::NoShell, whole);
        };
        let (frame, _) = self.following.enter(path, text);
        let walked = self.within_file(path, how, set, whole, |walker| {
            let old = (how == How::Sourced && !arguments.is_empty())
                .then(|| (walker.arguments.take(), walker.values_of_arguments()));
            if how == How::Started || !arguments.is_empty() {
                walker.set_arguments(arguments, whole);
            }
            walker.depth += 1;
            walker.program(&frame, &parsed);
            walker.depth -= 1;
            if let Some((given, old)) = old {
                walker.arguments = given;
                old.into_iter().for_each(|(name, value)| walker.env.set(&name, value));
            }
        });
        if let Err(why) = walked {
            self.not_read(word, &written, "bash", why, whole);
        }
    }

    /// `$1` and so on, by name.
    fn values_of_arguments(&self) -> Vec<(String, crate::gitlab::PartialText)> {
        (1..=9_usize).map(|number| (number.to_string(), self.variable(&number.to_string()))).collect()
    }

    /// Keeps in mind which files a command writes.
    pub(super) fn note_written(&mut self, program: &str, arguments: &[Word]) {
        let plain = |word: &&Word| !word.start().starts_with('-');
        let option = |letter: char, long: &str| {
            // Short options may stand together: `-Lo`.
            let names_file = |word: &Word| {
                let word = word.known();
                word == long || (word.starts_with('-') && !word.starts_with("--") && word.ends_with(letter))
            };
            let at = arguments.iter().position(names_file);
            at.and_then(|at| arguments.get(at + 1)).into_iter().collect::<Vec<&Word>>()
        };
        let written: Vec<&Word> = match program {
            "cp" | "mv" | "install" | "ln" => arguments.iter().rfind(plain).into_iter().collect(),
            "tee" => arguments.iter().filter(plain).collect(),
            "curl" => option('o', "--output"),
            "wget" => option('O', "--output-document"),
            "sed" if arguments.iter().any(|word| word.start().starts_with("-i")) => {
                arguments.iter().rfind(plain).into_iter().collect()
            }
            _ => Vec::new(),
        };
        for word in written {
            self.writes(&word.text());
        }
    }

    /// A file gets another content.
    pub(in super::super) fn writes(&mut self, path: &crate::gitlab::PartialText) {
        if self.following.library.is_empty() {
            return;
        }
        if let Named::Here(path) = self.named(path) {
            self.following.written.insert(path);
        }
    }
}

/// How a program is called that is not seen.
fn program(written: &str) -> String {
    if written.starts_with('.') { written.to_owned() } else { format!("./{written}") }
}
