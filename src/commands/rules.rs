//! `kaslint rules`: the table of rules, or the page of one.

use std::io;

use super::{Exit, Unusable, output};
use crate::rules::{RULES, explain};
use crate::shape::nearest;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The rule to explain.
    rule: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let Some(name) = &arguments.rule else {
        output::to_stdout(&list)?;
        return Ok(Exit::Fine);
    };
    let Some(rule) = explain(name) else {
        let help = match nearest(name, RULES.iter().map(|rule| rule.info().name)) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => "; `kaslint rules` lists the rules".to_owned(),
        };
        return Err(Unusable(format!("there is no rule `{name}`{help}")));
    };
    output::to_stdout(&|out| write!(out, "# {} ({})\n\n{}", rule.name, rule.level(), rule.markdown()))?;
    Ok(Exit::Fine)
}

fn list(out: &mut dyn io::Write) -> io::Result<()> {
    let name_width = RULES.iter().map(|rule| rule.info().name.len()).max().unwrap_or(0);
    for rule in RULES {
        let info = rule.info();
        writeln!(out, "{:name_width$}  {:7}  {}", info.name, info.level(), info.summary())?;
    }
    Ok(())
}
