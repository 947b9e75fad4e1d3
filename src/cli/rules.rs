//! `kaslint rules`: the table of rules, or the page of one.

use std::io;

use super::{Exit, output};
use crate::outlet::Outlet;
use crate::project::Unusable;
use crate::rules;

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
    let Some(rule) = rules::TABLE.find(name) else {
        return Err(Unusable::new(format!("there is no rule `{name}`; {}", rules::TABLE.nearest(name))));
    };
    let page = format!("# {} ({})\n\n{}", rule.name, rule.level(), rule.markdown());
    output::to_stdout(&|out| out.own_text(page.as_bytes()))?;
    Ok(Exit::Fine)
}

fn list(out: &mut Outlet<'_>) -> io::Result<()> {
    let name_width = rules::TABLE.iter().map(|info| info.name.len()).max().unwrap_or(0);
    for info in rules::TABLE.iter() {
        out.line(format_args!("{:name_width$}  {:7}  {}", info.name, info.level(), info.summary()))?;
    }
    Ok(())
}
