//! Values that are known beforehand, for completions. What is wrong with another one the command says, which knows the nearest.

use std::error::Error;
use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};

use crate::rules;

/// Reads a value, and knows the names that it may have or begin with.
#[derive(Clone)]
pub(super) struct Known<T, E> {
    pub names: fn() -> Vec<PossibleValue>,
    pub read: fn(&str) -> Result<T, E>,
}

impl<T, E> TypedValueParser for Known<T, E>
where
    T: Clone + Send + Sync + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        StringValueParser::new()
            .try_map({
                let read = self.read;
                move |text: String| read(&text)
            })
            .parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.names)().into_iter()))
    }
}

/// The name of a rule.
pub(super) fn rule() -> Known<String, String> {
    Known {
        names: || rules::TABLE.iter().map(|info| PossibleValue::new(info.name)).collect(),
        read: |name| Ok(name.to_owned()),
    }
}
