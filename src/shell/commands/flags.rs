//! The command line of a Go program that uses cobra: options before, between and behind the arguments.

use super::super::words::Word;

/// A command line, taken apart.
#[derive(Default)]
pub(super) struct Flags {
    /// What is neither an option nor an option's value.
    pub positional: Vec<Word>,
    /// Options with their values; `None` for those that stand alone.
    pub options: Vec<(String, Option<Word>, Word)>,
    /// Whether a variable can hold further options.
    pub open: bool,
}

impl Flags {
    /// Takes words apart; `valued` names the options whose value is the next word. Options of other programs come after
    /// `--`.
    pub fn read(words: &[Word], valued: &[&[&str]]) -> Self {
        let mut flags = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let start = word.start();
            if word.is("--") {
                break;
            }
            if !start.starts_with('-') || start == "-" {
                flags.open |= word.may_hold_options();
                flags.positional.push(word.clone());
            } else if let Some((name, _)) = start.split_once('=') {
                flags.options.push((name.to_owned(), Some(word.after(name.len() + 1)), word.clone()));
            } else if valued.iter().any(|names| names.contains(&&*start)) {
                flags.options.push((start, words.next().cloned(), word.clone()));
            } else if !start.starts_with("--")
                && valued.iter().any(|names| start.get(..2).is_some_and(|short| names.contains(&short)))
            {
                let short = start.get(..2).unwrap_or_default().to_owned();
                flags.options.push((short, Some(word.after(2)), word.clone()));
            } else {
                flags.options.push((start, None, word.clone()));
            }
        }
        flags
    }

    /// The value of an option; the last one counts.
    pub fn value(&self, name: &str) -> Option<&Word> {
        self.options.iter().rev().find(|(option, _, _)| option == name).and_then(|(_, value, _)| value.as_ref())
    }

    /// Whether an option is given at all.
    pub fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(option, _, _)| option == name)
    }

    /// The word of a switch that is on.
    pub fn switch(&self, name: &str) -> Option<&Word> {
        let (_, value, word) = self.options.iter().rev().find(|(option, _, _)| option == name)?;
        let is_off = value
            .as_ref()
            .is_some_and(|value| matches!(&*value.known(), "false" | "0" | "f" | "F" | "False" | "FALSE"));
        (!is_off).then_some(word)
    }

    /// The argument of this number, as far as it is known.
    pub fn verb(&self, index: usize) -> String {
        self.positional.get(index).map(Word::known).unwrap_or_default()
    }
}
