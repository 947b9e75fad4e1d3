//! `kaslint completions` and `kaslint man`: what shells and manuals want to know of the command line.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, Exit, output};
use crate::project::Unusable;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  kaslint completions bash > /etc/bash_completion.d/kaslint
  kaslint completions fish > ~/.config/fish/completions/kaslint.fish")]
pub(super) struct Arguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "kaslint", &mut script);
    output::to_stdout(&|out| out.own_text(&script))?;
    Ok(Exit::Fine)
}

/// The manual page, with a part for each subcommand.
pub(super) fn man() -> Result<Exit, Unusable> {
    // Building gives each subcommand the name by which it is called: `kaslint check`.
    let mut command = Cli::command();
    command.build();
    let explain = |error: std::io::Error| Unusable::new(format!("cannot write the manual page: {error}"));
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(explain)?;
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        let man = clap_mangen::Man::new(subcommand.clone());
        man.render_synopsis_section(&mut page).map_err(explain)?;
        man.render_description_section(&mut page).map_err(explain)?;
        man.render_options_section(&mut page).map_err(explain)?;
    }
    output::to_stdout(&|out| out.own_text(&page))?;
    Ok(Exit::Fine)
}
