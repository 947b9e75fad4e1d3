//! `kaslint inventory from-api`.

use std::path::PathBuf;

use super::{Exit, gathering, output};
use crate::fetch::{Gathered, finish, take_dump};
use crate::project::Unusable;
use crate::project::files::{Content, Disk, FileSource as _};
use crate::writing::StagedFolder;

/// The largest dump that is read, in bytes.
const MAX_SIZE: u64 = 1 << 28;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status:
  0  the inventory was written
  2  a dump cannot be read, or holds nothing that is known

Examples:
  glab api --paginate 'groups/acme/projects?include_subgroups=true&with_shared=false' > projects.json
  glab api --paginate groups/acme/descendant_groups > groups.json
  glab api projects/acme%2Fplatform%2Fagents/cluster_agents > agents.json
  kaslint inventory from-api projects.json groups.json agents.json > inventory.yaml")]
pub(super) struct Arguments {
    /// Dumps: lists of projects, groups and agents by REST, answers of GraphQL, in any order.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write an inventory folder, with the files that the dumps hold, instead of printing `inventory.yaml`.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// The address of the instance.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let mut gathered = Gathered { url: arguments.url.clone(), ..Gathered::default() };
    for file in &arguments.files {
        let shown = file.display();
        let text = match Disk.read(file, MAX_SIZE) {
            Ok(Content::Text(source)) => source,
            Ok(content) => return Err(Unusable::new(format!("cannot read {shown}: {}", content.in_words()))),
            Err(error) => {
                return Err(Unusable::new(format!("cannot read {shown}: {}", crate::words::io_error(&error))));
            }
        };
        let found = take_dump(&mut gathered, text.text())
            .map_err(|error| Unusable::new(format!("{shown} is no dump of the API: {error}")))?;
        if found.things == 0 {
            return Err(Unusable::new(format!(
                "{shown} holds no answer that is known: lists of projects, groups or cluster_agents, or GraphQL's `data`"
            )));
        }
        if found.unknown > 0 {
            output::complain(&format!(
                "warning: {shown}: {} left out",
                gathering::counted(found.unknown, "unknown value")
            ));
        }
    }
    finish(&mut gathered);
    let text = gathering::text_of(&gathered)?;
    match &arguments.output {
        None => {
            output::to_stdout(&|out| text.lines().try_for_each(|line| out.line(format_args!("{line}"))))?;
            let files: usize = gathered.projects.values().map(|project| project.files.len()).sum();
            if files > 0 {
                output::complain(&format!(
                    "note: {} not written; --output DIR writes them",
                    gathering::counted(files, "file")
                ));
            }
        }
        Some(folder) => {
            let files = gathering::files_of(&gathered, text);
            let staged = StagedFolder::new(folder).map_err(Unusable::new)?;
            staged.put(files.iter().map(|(path, bytes)| (path.clone(), bytes.as_slice()))).map_err(Unusable::new)?;
        }
    }
    gathering::tell(&gathered, &format!("An inventory of {}.", gathering::counts(&gathered)));
    Ok(Exit::Fine)
}
