//! One simple command: its assignments, redirections, wrappers, and what it is then.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use brush_parser::ast::{self, AssignmentName, AssignmentValue, CommandPrefixOrSuffixItem, IoRedirect};
use smallvec::{SmallVec, smallvec};

use super::action::{ActionKind, Argument};
use super::commands::{self, Call};
use super::text::{Frame, FramePlace};
use super::walk::{Found, Walker};
use super::words::Word;
use crate::gitlab::{PartialText, Shape};

/// Variables whose values decide about clusters.
const EXPORTS: [&str; 12] = [
    "KUBECONFIG",
    "KUBE_CONTEXT",
    "HELM_KUBECONTEXT",
    "HELM_KUBEAPISERVER",
    "HELM_KUBETOKEN",
    "HELM_KUBECAFILE",
    "HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
    "KUBERNETES_MASTER",
    "HOME",
    "KUBECACHEDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// How many words variables may be split into.
const MAX_SPLITS: usize = 20_000;

impl Walker<'_> {
    pub(super) fn simple(&mut self, frame: &Rc<Frame>, command: &ast::SimpleCommand) {
        let (mut set, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        let runs_arguments = command.prefix.is_none()
            && command
                .word_or_name
                .as_ref()
                .is_some_and(|name| matches!(&*name.value, "\"$@\"" | "$@" | "\"${@}\"" | "$*"));
        let prefix = command.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix = command.suffix.iter().flat_map(|suffix| &suffix.0);
        for item in prefix {
            self.item(frame, item, &mut set, &mut words, &mut redirects);
        }
        if let Some(name) = &command.word_or_name {
            words.extend(self.words(frame, name, runs_arguments));
        }
        let mut arguments = Vec::new();
        for item in suffix {
            self.item(frame, item, &mut arguments, &mut words, &mut redirects);
        }
        let all = words.iter().map(|word| &word.whole).chain(set.iter().map(|(_, word): &(String, Word)| &word.whole));
        let whole = all.cloned().reduce(|left, right| left.start.min(right.start)..left.end.max(right.end));
        let mut whole = whole.unwrap_or(0..0);
        // A function that runs its arguments: the command stands where it is called.
        if let Some(given) = self.arguments.as_ref().filter(|given| runs_arguments && !given.words.is_empty()) {
            whole = given.command.clone();
            let count = given.words.len();
            words = words
                .into_iter()
                .enumerate()
                .map(|(at, word)| if at < count { word } else { word.at(&whole) })
                .collect();
        }
        let copies = copies_kubeconfig(&words);
        for redirect in redirects {
            match copies {
                true => self.substitutions_of_input(frame, redirect),
                false => self.redirect(frame, redirect),
            }
        }
        if !self.counts(&whole) {
            return;
        }
        if words.is_empty() {
            for (name, word) in set {
                self.assign(&name, &word, &whole);
            }
            return;
        }
        self.run(&words, &set, &whole, 0);
    }

    /// A word after its expansions, split where the shell splits it.
    fn words(&mut self, frame: &Frame, word: &ast::Word, is_command: bool) -> SmallVec<[Word; 1]> {
        let word = self.word(frame, word);
        if self.splits > MAX_SPLITS {
            return smallvec![word];
        }
        if let Some(given) = self.arguments.as_ref().filter(|_| word.is_all_arguments()) {
            self.splits += given.words.len();
            let here = |argument: &Word| if is_command { argument.clone() } else { argument.clone().at(&word.whole) };
            return given.words.iter().map(here).collect();
        }
        let words = word.split();
        self.splits += words.len().saturating_sub(1);
        words
    }

    fn item<'t>(
        &mut self,
        frame: &Rc<Frame>,
        item: &'t CommandPrefixOrSuffixItem,
        set: &mut Vec<(String, Word)>,
        words: &mut Vec<Word>,
        redirects: &mut Vec<&'t IoRedirect>,
    ) {
        match item {
            CommandPrefixOrSuffixItem::Word(word) => words.extend(self.words(frame, word, false)),
            CommandPrefixOrSuffixItem::IoRedirect(redirect) => redirects.push(redirect),
            CommandPrefixOrSuffixItem::AssignmentWord(assignment, word) => {
                let written = self.word(frame, word);
                if let AssignmentName::VariableName(name) = &assignment.name {
                    let value = match (&assignment.value, assignment.append) {
                        (AssignmentValue::Scalar(_), false) => written.after(name.len() + 1),
                        _ => unknown_value(name, &written),
                    };
                    set.push((name.clone(), value));
                }
                // `export A=b` has them behind the command's name, where they are words too.
                if !words.is_empty() {
                    words.push(written);
                }
            }
            CommandPrefixOrSuffixItem::ProcessSubstitution(_, subshell) => {
                let list = ast::CompoundCommand::Subshell(subshell.clone());
                self.compound(frame, &list);
            }
        }
    }

    pub(super) fn redirect(&mut self, frame: &Rc<Frame>, redirect: &IoRedirect) {
        self.substitutions_of_input(frame, redirect);
        let target = match redirect {
            IoRedirect::File(
                _,
                ast::IoFileRedirectKind::Write | ast::IoFileRedirectKind::Append | ast::IoFileRedirectKind::Clobber,
                ast::IoFileRedirectTarget::Filename(word),
            )
            | IoRedirect::OutputAndError(word, _) => word,
            _ => return,
        };
        let word = self.word(frame, target);
        self.writes(&word.text());
        if self.is_kubeconfig(&word.text()) {
            let how = format!("> {}", word.text());
            let is_home = self.is_home_kubeconfig(&word.text());
            self.add(ActionKind::OwnKubeconfig { how, is_home }, word.range(), word.whole.clone());
        }
    }

    /// Whether a file is `~/.kube/config`.
    fn is_home_kubeconfig(&self, path: &PartialText) -> bool {
        const IN_HOME: &str = "/.kube/config";
        let shown = path.to_string();
        let folder = shown
            .strip_suffix(IN_HOME)
            .or_else(|| shown.trim_end_matches('/').strip_suffix("/.kube"))
            .map(str::to_owned);
        folder.is_some_and(|folder| {
            matches!(&*folder, "$HOME" | "~" | "/root") || folder == self.variable("HOME").to_string()
        })
    }

    /// Whether a file is where the tools look for their kubeconfig.
    pub(super) fn is_kubeconfig(&self, path: &PartialText) -> bool {
        let shown = path.to_string();
        shown.ends_with(".kube/config") || shown == "$KUBECONFIG" || (*path == self.variable("KUBECONFIG"))
    }

    pub(super) fn add(&mut self, kind: ActionKind, range: Range<usize>, command: Range<usize>) {
        let top = self.following.top.clone();
        self.found.push(Found { kind, range, command, top, path: self.path.clone() });
    }

    /// A variable gets a value in this shell.
    pub(super) fn assign(&mut self, name: &str, value: &Word, command: &Range<usize>) {
        self.env.set(name, value.text().into_owned());
        self.exported(name, value, command);
    }

    fn exported(&mut self, name: &str, value: &Word, command: &Range<usize>) {
        if EXPORTS.contains(&name) {
            let kind = ActionKind::Export { name: name.to_owned(), value: value.argument() };
            self.add(kind, value.range(), command.clone());
        }
        if commands::is_unwritable_home(name, &value.text()) {
            self.add(ActionKind::CacheUnwritable, value.range(), command.clone());
        }
    }

    /// Runs a command of at least one word, with the variables that are set for it alone.
    pub(super) fn run(&mut self, words: &[Word], set: &[(String, Word)], whole: &Range<usize>, depth: usize) {
        let Some((name, rest)) = words.split_first() else { return };
        let program = program_of(name);
        if depth > 8 {
            return self.not_understood(whole.clone());
        }
        match &*program {
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                let exports = program == "export" || rest.iter().any(|word| word.is("-x"));
                for word in rest.iter().filter(|word| !word.start().starts_with('-')) {
                    self.assignment_word(word, whole);
                    if exports {
                        self.export(word.start().split('=').next().unwrap_or_default());
                    }
                }
            }
            "unset" => {
                for word in rest {
                    let name = word.known();
                    self.env.set(&name, PartialText::default());
                    if name == "KUBECONFIG" {
                        let value = Argument { text: PartialText::default(), range: word.range() };
                        self.add(ActionKind::Export { name: name.into_owned(), value }, word.range(), whole.clone());
                    }
                }
            }
            "shift" => self.shift(rest.first().map_or(Some(1), |count| count.known().parse().ok())),
            // What it is made of has been expanded.
            "eval" if rest.first().is_some_and(|word| !word.start().is_empty()) => self.eval(rest, whole),
            "read" | "mapfile" | "readarray" | "getopts" => {
                let names: Vec<String> = rest.iter().map(|word| word.known().into_owned()).collect();
                self.env.forget(&names);
            }
            "alias" => {
                let names = rest.iter().filter_map(|word| Some(word.start().split_once('=')?.0.to_owned()));
                self.aliases.extend(names.collect::<Vec<_>>());
            }
            _ if depth == 0 && self.aliases.contains(&*program) => {
                self.add(ActionKind::Opaque { program: program.into_owned() }, name.range(), whole.clone());
            }
            // A wrapper runs programs, not functions.
            _ if depth == 0 && self.call(&program, rest, whole) => {}
            _ => match commands::unwrap(&program, rest) {
                commands::Inner::Words { words, set: more } => {
                    let set: Vec<_> = set.iter().cloned().chain(more).collect();
                    self.run(&words, &set, whole, depth + 1);
                }
                commands::Inner::Script(script) => self.script(&script, set, whole),
                commands::Inner::None if self.follow(&program, words, set, (whole, depth)) => {}
                commands::Inner::None => self.recognize(&program, words, set, whole),
            },
        }
    }

    /// `A=b` as an argument of `export`.
    fn assignment_word(&mut self, word: &Word, whole: &Range<usize>) {
        let start = word.start();
        match start.split_once('=') {
            Some((name, _)) => {
                let value = word.after(name.len() + 1);
                self.assign(name, &value, whole);
            }
            None => {
                let value = self.variable(&start);
                if EXPORTS.contains(&&*start) && self.env.get(&start).is_some() {
                    let value = Argument { text: value, range: word.range() };
                    self.add(ActionKind::Export { name: start.into_owned(), value }, word.range(), whole.clone());
                }
            }
        }
    }

    /// The script of `eval`, in this very shell.
    fn eval(&mut self, words: &[Word], whole: &Range<usize>) {
        if let [script] = words {
            return self.text(script.text().to_string(), place_of(script));
        }
        let texts: Vec<String> = words.iter().map(|word| word.text().to_string()).collect();
        self.text(texts.join(" "), FramePlace::Within(whole.clone()));
    }

    /// The script of `bash -c`.
    fn script(&mut self, script: &Word, set: &[(String, Word)], whole: &Range<usize>) {
        // Unknown variables stay in it as they are written.
        let text = script.text().to_string();
        let mark = self.env.mark();
        for (name, word) in set {
            self.assign(name, word, whole);
        }
        self.text(text, place_of(script));
        self.env.undo(mark);
    }

    pub(super) fn recognize(&mut self, program: &str, words: &[Word], set: &[(String, Word)], whole: &Range<usize>) {
        for (name, word) in set {
            self.exported_for_one(name, word, whole);
        }
        let variable = |name: &str| {
            let own = set.iter().rev().find(|(set, _)| set == name).map(|(_, word)| word.argument());
            own.or_else(|| {
                let text = self.variable(name);
                let is_nothing = text == PartialText::unknown(name, Shape::Any);
                (!is_nothing).then_some(Argument { text, range: whole.clone() })
            })
        };
        let is_kubeconfig = |path: &PartialText| self.is_kubeconfig(path);
        let arguments = words.get(1..).unwrap_or_default();
        let is_home = |path: &PartialText| self.is_home_kubeconfig(path);
        let call = Call { program, arguments, variable: &variable, is_kubeconfig: &is_kubeconfig, is_home: &is_home };
        for (kind, range) in commands::recognize(&call) {
            let range = range.unwrap_or_else(|| words.first().map_or(whole.clone(), Word::range));
            self.add(kind, range, whole.clone());
        }
    }

    /// `KUBECACHEDIR=/dev/null kubectl …`; the kubeconfig of one command is a matter of that command.
    fn exported_for_one(&mut self, name: &str, value: &Word, command: &Range<usize>) {
        if !matches!(name, "KUBECONFIG" | "HELM_KUBECONTEXT") {
            self.exported(name, value, command);
        }
    }
}

/// Whether a command prints the kubeconfig that is in use: what it is written to has the same contexts.
fn copies_kubeconfig(words: &[Word]) -> bool {
    let Some((name, rest)) = words.split_first() else { return false };
    let prints = name.is("cat") && rest.iter().any(|word| word.text().to_string() == "$KUBECONFIG");
    prints || name.is("kubectl") && rest.iter().any(|word| word.is("config")) && rest.iter().any(|word| word.is("view"))
}

/// Where a word that is a script stands.
fn place_of(script: &Word) -> FramePlace {
    let is_literal = script.pieces.len() == 1 && script.pieces.iter().all(|piece| piece.literal);
    if is_literal { FramePlace::At(script.range().start) } else { FramePlace::Within(script.whole.clone()) }
}

fn unknown_value(name: &str, written: &Word) -> Word {
    let mut value = written.after(usize::MAX);
    value.whole = written.whole.clone();
    value.pieces = smallvec![super::words::Piece {
        text: PartialText::unknown(&format!("${{{name}}}"), Shape::Any),
        range: written.whole.clone(),
        literal: false,
        quoted: true,
    }];
    value
}

/// A program's name without its folder; `$` where it is not known.
fn program_of(word: &Word) -> Cow<'_, str> {
    match word.text() {
        Cow::Borrowed(text) => program_named(text),
        Cow::Owned(text) => program_named(&text).into_owned().into(),
    }
}

fn program_named(text: &PartialText) -> Cow<'_, str> {
    match text.as_known() {
        // `./kubectl` is what the job has downloaded; anything else is the repository's.
        Some(path) if path.starts_with("./") || path.starts_with("../") => match path.rsplit('/').next() {
            Some(name) if commands::is_client(name) => name.into(),
            _ => path.into(),
        },
        Some(path) => path.rsplit('/').next().unwrap_or(path).trim_end_matches(".exe").into(),
        // `$BIN/kubectl` is kubectl wherever it lies.
        None => match text.to_string().rsplit_once('/') {
            Some((_, name)) if !name.contains('$') => name.to_owned().into(),
            _ => "$".into(),
        },
    }
}
