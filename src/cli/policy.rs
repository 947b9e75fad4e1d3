//! `kaslint policy`.

use std::path::PathBuf;

use super::{Exit, output};
use crate::outlet::Tone;
use crate::policy::{Example, Policy};
use crate::project::files::Disk;
use crate::project::paths::shown_path;
use crate::project::{Loader, Options, Surroundings, Unusable};
use crate::rules;
use crate::words::{count, excerpt, list_and};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Hold the policies of the settings against their examples.
    #[command(after_help = "\
Exit status:
  0  every example comes out as it says
  1  one does not
  2  there is no policy, or one that is not understood

Examples:
  kaslint policy test
  kaslint policy test --settings production.yaml")]
    Test(TestArguments),
}

#[derive(Debug, clap::Args)]
struct TestArguments {
    /// The folder whose settings count.
    #[arg(default_value = ".", value_hint = clap::ValueHint::DirPath)]
    path: PathBuf,
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let Command::Test(arguments) = &arguments.command;
    let surroundings = Surroundings::of_process();
    let loader = Loader::new(&Disk, &arguments.options, &surroundings, rules::TABLE)?;
    let context = loader.context_of(&arguments.path)?;
    let policies = &context.policies;
    if policies.is_empty() {
        let folder = shown_path(&arguments.path);
        return Err(Unusable::new(format!(
            "there is no policy in the settings of {folder}; write `policy` into .kaslint.yaml, or name a file with --settings"
        )));
    }
    let inventory = context.inventory.as_deref();
    let comes_out = |policy: &Policy, example: &Example| policy.holds_for(example, inventory) == example.holds;
    let others: Vec<(&Policy, &Example)> = policies
        .iter()
        .flat_map(|policy| policy.examples.iter().map(move |example| (policy, example)))
        .filter(|(policy, example)| !comes_out(policy, example))
        .collect();
    let is_without = |policy: &&Policy| policy.examples.is_empty() && policy.people.is_none();
    let without: Vec<String> = policies.iter().filter(is_without).map(|policy| excerpt(&policy.name)).collect();
    let of_people = policies.iter().filter(|policy| policy.people.is_some());
    let of_people: Vec<String> = of_people.map(|policy| excerpt(&policy.name)).collect();
    let all: usize = policies.iter().map(|policy| policy.examples.len()).sum();
    output::to_stdout(&|out| {
        for (policy, example) in &others {
            let place = &example.place;
            let line = place.source.position(place.span.start).line;
            let (is, says) = if example.holds { ("is broken", "holds") } else { ("holds", "is broken") };
            let told = format!(
                ": the policy {} {is} if {} is let in, and the example says that it {says}",
                excerpt(&policy.name),
                job(example)
            );
            out.parts(&[(Tone::Bad, &format!("{}:{line}", place.source.path())), (Tone::Plain, &told)])?;
        }
        if !without.is_empty() {
            out.line(format_args!("Without examples: {}.", list_and(&without)))?;
        }
        if !of_people.is_empty() {
            out.line(format_args!("About people, of whom there are no examples: {}.", list_and(&of_people)))?;
        }
        let examples = count(all, "example");
        match others.len() {
            0 => out.line(format_args!("{examples} of {}: all as they say.", count(policies.len(), "policy"))),
            wrong => {
                out.line(format_args!("{examples} of {}: {wrong} not as it says.", count(policies.len(), "policy")))
            }
        }
    })?;
    Ok(if others.is_empty() { Exit::Fine } else { Exit::Found })
}

fn job(example: &Example) -> String {
    let environment = match &example.environment {
        Some(name) => format!("in the environment {}", excerpt(name)),
        None => "without an environment".to_owned(),
    };
    let on = if example.protected { "on a protected ref" } else { "on a ref that is not protected" };
    format!("a job of {} {environment}, {on},", excerpt(&example.project))
}
