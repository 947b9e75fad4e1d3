//! Where a command is run, and which file of the repository a word names there.

use super::super::walk::Walker;
use super::super::words::Word;
use crate::gitlab::{PartialText, Shape, TextPart};

/// The variable with the folder that the repository lies in; parts of paths are told from it.
const TOP: &str = "CI_PROJECT_DIR";

/// What a word names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Named {
    /// A path from the top of the repository; the empty text for the top itself.
    Here(String),
    /// Something outside of it.
    Outside,
    /// That hangs on what is not known.
    Unknown,
}

/// A path from the top of the repository as a text.
pub(super) fn from_top(path: &str) -> PartialText {
    let mut text = PartialText::unknown(TOP, Shape::NotEmpty);
    if !path.is_empty() {
        text.push_known("/");
        text.push_known(path);
    }
    text
}

/// Joins a path to a folder and takes out `.` and `..`; `None` where it leads out of the top, as any does that begins elsewhere.
pub(super) fn joined(folder: &str, path: &str) -> Option<String> {
    if path.starts_with(['/', '~']) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The folder of a path from the top.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Walker<'_> {
    /// The folder that commands are run in, from the top of the repository.
    pub(super) fn folder(&self) -> Named {
        match self.env.get("PWD") {
            None => Named::Here(String::new()),
            Some(folder) => self.named_by(folder),
        }
    }

    pub(super) fn folder_text(&self) -> PartialText {
        self.env.get("PWD").cloned().unwrap_or_else(|| from_top(""))
    }

    /// What a text names as a path, from the folder that commands are run in.
    pub(super) fn named(&self, text: &PartialText) -> Named {
        match text.parts() {
            [TextPart::Unknown { name, .. }, ..] if self.is_top(name) => self.named_by(text),
            [TextPart::Unknown { name, .. }, ..] if &**name == "HOME" => Named::Outside,
            _ => match text.as_known() {
                None => Named::Unknown,
                Some(path) if path.starts_with(['/', '~']) => Named::Outside,
                Some(path) => match self.folder() {
                    Named::Here(folder) => joined(&folder, path).map_or(Named::Outside, Named::Here),
                    other => other,
                },
            },
        }
    }

    /// Whether a variable that is not known is the top of the repository.
    fn is_top(&self, name: &str) -> bool {
        name == TOP || (name == "PWD" && self.env.get("PWD").is_none())
    }

    /// What a text names that begins with the top of the repository.
    fn named_by(&self, text: &PartialText) -> Named {
        let path = match text.parts() {
            [TextPart::Unknown { name, .. }] if self.is_top(name) => "",
            [TextPart::Unknown { name, .. }, TextPart::Known(path)] if self.is_top(name) && path.starts_with('/') => {
                path
            }
            _ => {
                let is_elsewhere = text.as_known().is_some_and(|path| path.starts_with('/'));
                return if is_elsewhere { Named::Outside } else { Named::Unknown };
            }
        };
        joined("", path.trim_start_matches('/')).map_or(Named::Outside, Named::Here)
    }

    /// `cd FOLDER`
    pub(super) fn change_folder(&mut self, arguments: &[Word]) {
        let target = arguments.iter().find(|word| {
            let start = word.start();
            !start.starts_with('-') || start == "-"
        });
        let old = self.folder_text();
        let unknown = || PartialText::unknown("PWD", Shape::NotEmpty);
        let folder = match target {
            // To the home of whoever runs it.
            None => PartialText::known("/root"),
            Some(word) if word.is("-") => self.env.get("OLDPWD").cloned().unwrap_or_else(unknown),
            Some(word) => match self.named(&word.text()) {
                Named::Here(path) => from_top(&path),
                Named::Outside if word.known().starts_with('/') => word.text().into_owned(),
                // Relative paths from there cannot be told.
                Named::Outside | Named::Unknown => unknown(),
            },
        };
        self.env.set("PWD", folder);
        self.env.set("OLDPWD", old);
    }

    /// The value of a substitution that tells where a script lies or runs; `None` for any other.
    ///
    /// `dirname "$0"`, `cd "$(dirname "${BASH_SOURCE[0]}")" && pwd`, `pwd`, `git rev-parse --show-toplevel`.
    pub(in super::super) fn place_of_script(&self, text: &str) -> Option<PartialText> {
        const MOST: usize = 160;
        if text.len() > MOST {
            return None;
        }
        let mut text = text.trim();
        for silent in ["2>/dev/null", "2> /dev/null", ">/dev/null 2>&1", "> /dev/null 2>&1", "&>/dev/null"] {
            text = text.strip_suffix(silent).map_or(text, str::trim_end);
        }
        match text {
            "pwd" | "pwd -P" | "pwd -L" => return Some(self.folder_text()),
            "git rev-parse --show-toplevel" => return Some(from_top("")),
            _ => {}
        }
        if let Some(rest) = text.strip_prefix("cd ") {
            let rest = rest.trim_start().trim_start_matches("-P ").trim_start_matches("-- ");
            let (folder, behind) = rest.rsplit_once("&&").or_else(|| rest.rsplit_once(';'))?;
            if !matches!(behind.trim(), "pwd" | "pwd -P" | "pwd -L") {
                return None;
            }
            let mut folder = folder.trim();
            for silent in [">/dev/null 2>&1", "> /dev/null 2>&1", "&>/dev/null", "&> /dev/null", ">/dev/null"] {
                folder = folder.strip_suffix(silent).map_or(folder, str::trim_end);
            }
            return self.place_in_words(folder);
        }
        for (program, is_folder) in [("dirname ", true), ("readlink -f ", false), ("realpath ", false)] {
            if let Some(rest) = text.strip_prefix(program) {
                let file = self.place_in_words(rest.trim_start_matches("-- ").trim())?;
                let Named::Here(path) = self.named(&file) else { return None };
                return Some(if is_folder { from_top(folder_of(&path)) } else { file });
            }
        }
        None
    }

    /// The value of a word that is made of a script's own place and known parts.
    fn place_in_words(&self, word: &str) -> Option<PartialText> {
        let word = word.trim();
        let word = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(word);
        let (mut text, rest) = self.place_at_start(word.trim())?;
        if !rest.is_empty() {
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
            if !rest.starts_with('/') || !rest.chars().all(is_plain) {
                return None;
            }
            text.push_known(rest);
        }
        match self.named(&text) {
            Named::Here(path) => Some(from_top(&path)),
            _ => None,
        }
    }

    fn place_at_start<'t>(&self, word: &'t str) -> Option<(PartialText, &'t str)> {
        for own in ["$0", "${0}", "${BASH_SOURCE[0]}", "${BASH_SOURCE}", "$BASH_SOURCE", "${BASH_SOURCE[0]:-$0}"] {
            if let Some(rest) = word.strip_prefix(own) {
                return Some((self.own_path()?, rest));
            }
        }
        if let Some(rest) = word.strip_prefix("$(") {
            // The substitution ends at the last parenthesis: nothing that is understood stands behind it but a path.
            let (inner, rest) = rest.rsplit_once(')')?;
            let inner = self.place_of_script(inner)?;
            return Some((inner, rest.strip_prefix('"').unwrap_or(rest)));
        }
        for (written, name) in [("$CI_PROJECT_DIR", TOP), ("${CI_PROJECT_DIR}", TOP)] {
            if let Some(rest) = word.strip_prefix(written) {
                return Some((self.variable(name), rest));
            }
        }
        None
    }

    /// Where the script lies that is being walked.
    pub(in super::super) fn own_path(&self) -> Option<PartialText> {
        self.following.open.last().map(|path| from_top(path))
    }
}
