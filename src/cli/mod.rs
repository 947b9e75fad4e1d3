//! The command line: one file a subcommand. What they share is finding files, settings and writing reports.

mod acceptance;
mod access;
mod access_format;
mod access_jobs;
#[cfg(feature = "parquet")]
mod access_tables;
mod add_ignore;
mod call;
mod check;
mod check_output;
mod completions;
mod decode;
mod diff;
mod doctor;
mod failure;
mod fetch;
mod fix;
mod from_api;
mod gathering;
mod init;
mod inventory;
mod known_values;
mod live;
mod lsp;
mod manners;
mod misuse;
mod output;
mod policy;
mod progress;
mod recommend;
mod remote;
mod reports;
mod rules;
mod schema;
pub mod schemas;
mod standard_text;
mod subjects;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::outlet::Outlet;
use crate::project::{Snapshot, Unusable};
use crate::report::Human;

/// Says what GitLab makes of the configuration of its agents for Kubernetes.
#[derive(Debug, Parser)]
#[command(name = "kaslint", version, about, args_conflicts_with_subcommands = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    // Before those that have headings, which would go on to it.
    /// When to colour: auto, always or never. Of itself on terminals, unless NO_COLOR, CLICOLOR_FORCE or TERM say otherwise.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    color: output::Color,
    #[command(flatten)]
    check: check::Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Report what GitLab would refuse, ignore, or read differently from how it looks (the default).
    Check(check::Arguments),
    /// Show what GitLab reads from a file.
    Decode(decode::Arguments),
    /// Show effective access: which agents jobs may use, through which entry, as whom.
    Access(access::Arguments),
    /// Show what a change lets in: two folders or revisions, compared for every project, environment and ref.
    Diff(diff::Arguments),
    /// Show what could be taken away from agent files without a job noticing.
    Recommend(recommend::Arguments),
    /// Hold policies of the settings against their examples.
    Policy(policy::Arguments),
    /// Get an inventory from a GitLab instance or from dumps of its API, or validate one.
    Inventory(inventory::Arguments),
    /// In a CI job: compare its kubeconfig and tools with what is predicted for it.
    Doctor(doctor::Arguments),
    /// List the rules, or explain one.
    Rules(rules::Arguments),
    /// Write settings, hook and CI job for the repository at hand, after showing them.
    Init(init::Arguments),
    /// Print a JSON Schema.
    Schema(schema::Arguments),
    /// Language server on standard input and output, for editors.
    Lsp(lsp::Arguments),
    /// Print completions for a shell.
    Completions(completions::Arguments),
    /// Print the manual page.
    #[command(after_help = "Example:\n  kaslint man | man -l -")]
    Man,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing to object to.
    Fine = 0,
    /// Something was found.
    Found = 1,
    /// The call could not be carried out, or not in full.
    Unusable = 2,
    /// A rule failed inside, or kaslint itself.
    Internal = 3,
}

/// Puts `--color` behind the command that follows it: other options before a command make it a path.
fn color_behind_command(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let length = match arguments.get(1).map(|first| first.to_string_lossy()) {
        Some(first) if first == "--color" => 2,
        Some(first) if first.starts_with("--color=") => 1,
        _ => return arguments,
    };
    let is_option = |argument: &OsString| argument.to_string_lossy().starts_with('-');
    if arguments.get(1 + length).is_some_and(|next| !is_option(next))
        && let Some(moved) = arguments.get_mut(1..length + 2)
    {
        moved.rotate_right(1);
    }
    arguments
}

/// Runs the command line.
#[must_use]
pub fn run() -> Exit {
    failure::caught(run_command)
}

fn run_command() -> Exit {
    let arguments = color_behind_command(std::env::args_os().collect());
    if let Some(exit) = call::tell_version(&arguments) {
        return exit;
    }
    let call = match call::alone(&arguments) {
        Some(call) => call,
        None => {
            if let Some(exit) = misuse::tell_misspelt_command(&arguments) {
                return exit;
            }
            match call::of_any(&arguments) {
                Ok(call) => call,
                Err(error) => return misuse::tell(&arguments, error),
            }
        }
    };
    call.color.apply();
    let result = match call.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Decode(arguments) => decode::run(&arguments),
        Command::Access(arguments) => access::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Recommend(arguments) => recommend::run(&arguments),
        Command::Policy(arguments) => policy::run(&arguments),
        Command::Inventory(arguments) => inventory::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Rules(arguments) => rules::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Lsp(arguments) => lsp::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man => completions::man(),
    };
    result.unwrap_or_else(|unusable| {
        complain_of(&unusable);
        Exit::Unusable
    })
}

/// The snapshot, unless something in it makes the call impossible. What is to be said beside the results is said.
fn usable(mut snapshot: Snapshot) -> Result<Snapshot, Unusable> {
    for warning in &snapshot.warnings {
        output::complain(&format!("warning: {warning}"));
    }
    match snapshot.unusable.is_empty() {
        true => Ok(snapshot),
        false => Err(snapshot.unusable.swap_remove(0)),
    }
}

/// How many mistakes of a file are told.
const MOST_MISTAKES: usize = 100;

/// Says what makes a call impossible, with the places that it is about.
fn complain_of(unusable: &Unusable) {
    if unusable.mistakes.is_empty() {
        output::complain(&format!("error: {unusable}"));
        return;
    }
    let mut text = Vec::new();
    let told = unusable.mistakes.get(..MOST_MISTAKES).unwrap_or(&unusable.mistakes);
    let _ = Human::new(output::width()).write_findings(told, &mut Outlet::new(&mut text));
    let text = String::from_utf8_lossy(&text);
    let _ = output::to_stderr(&|out| out.drawn(text.trim_end()));
    let more = match unusable.mistakes.len() - told.len() {
        0 => String::new(),
        more => format!(", and {more} more mistakes"),
    };
    output::complain(&format!("error: {unusable}; mend what is said above{more}"));
}
