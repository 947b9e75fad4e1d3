//! The command line of a Go program that uses cobra: options before, between and behind the arguments.

use std::borrow::Cow;

use super::super::words::Word;

/// A command line, taken apart.
#[derive(Default)]
pub(super) struct Flags<'w> {
    /// What is neither an option nor an option's value.
    pub positional: Vec<&'w Word>,
    /// Options with their values; `None` for those that stand alone.
    pub options: Vec<(Cow<'w, str>, Option<Cow<'w, Word>>, &'w Word)>,
    /// Whether a variable can hold further options.
    pub open: bool,
}

impl<'w> Flags<'w> {
    /// Takes words apart; `valued` names the options whose value is the next word. Options of other programs come after
    /// `--`.
    pub fn read(words: &'w [Word], valued: &[&[&str]]) -> Self {
        let mut flags = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let start = word.start();
            if word.is("--") {
                break;
            }
            let is_valued = |name: &str| valued.iter().any(|names| names.contains(&name));
            if !start.starts_with('-') || start == "-" {
                flags.open |= word.may_hold_options();
                flags.positional.push(word);
            } else if let Some((name, _)) = start.split_once('=') {
                let value = word.after(name.len() + 1);
                flags.options.push((name.to_owned().into(), Some(Cow::Owned(value)), word));
            } else if is_valued(&start) {
                flags.options.push((start, words.next().map(Cow::Borrowed), word));
            } else if !start.starts_with("--")
                && let Some(short) = start.get(..2).filter(|short| is_valued(short))
            {
                flags.options.push((short.to_owned().into(), Some(Cow::Owned(word.after(2))), word));
            } else {
                flags.options.push((start, None, word));
            }
        }
        flags
    }

    /// The value of an option; the last one counts.
    pub fn value(&self, name: &str) -> Option<&Word> {
        self.options.iter().rev().find(|(option, _, _)| option == name).and_then(|(_, value, _)| value.as_deref())
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

    /// The argument of this number.
    pub fn argument(&self, index: usize) -> Option<&'w Word> {
        self.positional.get(index).copied()
    }

    /// The argument of this number, as far as it is known.
    pub fn verb(&self, index: usize) -> Cow<'w, str> {
        self.argument(index).map(Word::known).unwrap_or_default()
    }
}
