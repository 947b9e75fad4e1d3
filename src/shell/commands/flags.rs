//! The command line of a Go program that uses cobra: options before, between and behind the arguments.

use std::borrow::Cow;

use super::super::words::Word;

/// A command line, taken apart.
#[derive(Default)]
pub(super) struct Flags<'w> {
    /// What is neither an option nor an option's value.
    pub positional: Vec<&'w Word>,
    /// The options, in order.
    pub options: Vec<Given<'w>>,
    /// Whether a variable can hold further options.
    pub open: bool,
}

/// An option as it is given.
pub(super) struct Given<'w> {
    pub name: Cow<'w, str>,
    /// `None` for one that stands alone.
    pub value: Option<Cow<'w, Word>>,
    pub word: &'w Word,
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
                flags.options.push(Given { name: name.to_owned().into(), value: Some(Cow::Owned(value)), word });
            } else if is_valued(&start) {
                flags.options.push(Given { name: start, value: words.next().map(Cow::Borrowed), word });
            } else if !start.starts_with("--")
                && let Some(short) = start.get(..2).filter(|short| is_valued(short))
            {
                let value = Some(Cow::Owned(word.after(2)));
                flags.options.push(Given { name: short.to_owned().into(), value, word });
            } else {
                flags.options.push(Given { name: start, value: None, word });
            }
        }
        flags
    }

    fn last(&self, name: &str) -> Option<&Given<'w>> {
        self.options.iter().rev().find(|option| option.name == name)
    }

    /// The value of an option; the last one counts.
    pub fn value(&self, name: &str) -> Option<&Word> {
        self.last(name).and_then(|option| option.value.as_deref())
    }

    /// Whether an option is given at all.
    pub fn has(&self, name: &str) -> bool {
        self.last(name).is_some()
    }

    /// The word of a switch that is on.
    pub fn switch(&self, name: &str) -> Option<&Word> {
        let Given { value, word, .. } = self.last(name)?;
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
