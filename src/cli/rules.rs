//! `kaslint rules`: the table of rules, or the page of one.

use std::io;

use super::{Exit, known_values, output};
use crate::outlet::{Outlet, Tone};
use crate::project::Unusable;
use crate::rules;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status:
  0  done
  2  there is no such rule

Examples:
  kaslint rules
  kaslint rules unknown-key")]
pub(super) struct Arguments {
    /// The rule to explain.
    #[arg(value_parser = known_values::rule(), hide_possible_values = true)]
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
    let page = rule.markdown().to_string();
    output::to_stdout(&|out| {
        out.parts(&[(Tone::Title, &format!("# {} ({})", rule.name, rule.level()))])?;
        out.empty_line()?;
        for line in page.split_inclusive('\n') {
            match line.strip_suffix('\n').filter(|line| line.starts_with("## ")) {
                Some(heading) => out.parts(&[(Tone::Title, heading)])?,
                None => out.own_text(line.as_bytes())?,
            }
        }
        Ok(())
    })?;
    Ok(Exit::Fine)
}

fn list(out: &mut Outlet<'_>) -> io::Result<()> {
    let name_width = rules::TABLE.iter().map(|info| info.name.len()).max().unwrap_or(0);
    for info in rules::TABLE.iter() {
        let level = format!("{:7}", info.level());
        let tone = match level.trim_end() {
            "error" => Tone::Bad,
            "warning" => Tone::Doubtful,
            _ => Tone::Plain,
        };
        out.parts(&[
            (Tone::Title, &format!("{:name_width$}", info.name)),
            (Tone::Plain, "  "),
            (tone, &level),
            (Tone::Plain, &format!("  {}", info.summary())),
        ])?;
    }
    Ok(())
}
