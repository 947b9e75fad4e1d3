//! `kaslint inventory fetch`.

use std::path::{Path, PathBuf};

use super::remote::RemoteArguments;
use super::{Exit, gathering, output, progress};
use crate::api::ApiError;
use crate::fetch::{self, Before, Kept, Plan, Store, Targets, Wishes};
use crate::project::Unusable;
use crate::project::files::{Disk, FileSource};
use crate::writing::StagedFolder;

/// The largest file of a fetch before this one that is read, in bytes.
const MAX_SIZE: u64 = 2 << 20;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status:
  0  the inventory folder was written; what the token may not see stands in it under `unread`
  2  nothing was written

Examples:
  kaslint inventory fetch --group acme --output inventory
  kaslint inventory fetch --group acme --output inventory --dry-run
  kaslint check --inventory inventory/inventory.yaml")]
#[command(group(clap::ArgGroup::new("what").required(true).args(["group", "project", "instance"])))]
pub(super) struct Arguments {
    /// Groups, with their subgroups and all projects below.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    group: Vec<String>,
    /// Projects.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    project: Vec<String>,
    /// Everything that the token sees.
    #[arg(long)]
    instance: bool,
    /// The inventory folder; it is written whole or not at all.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    #[command(flatten)]
    remote: RemoteArguments,
    /// End with status 2 instead of opening a socket.
    #[arg(long)]
    offline: bool,
    /// How many requests are in flight at a time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    concurrency: u8,
    /// Fetch only files that differ from those in DIR.
    #[arg(long)]
    refresh: bool,
    /// Print what would be asked, and how many requests that are.
    #[arg(long)]
    dry_run: bool,
    /// Fetch CI files as GitLab merges them. They may hold text of projects that others may not read.
    #[arg(long)]
    merged_ci: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let targets = targets(arguments);
    let connection = arguments.remote.connect("inventory fetch", arguments.offline)?;
    let client = connection.client();
    let unusable = |error: ApiError| Unusable::new(format!("{}: {error}", connection.base()));
    if arguments.dry_run {
        let plan = fetch::plan(&client, &targets).map_err(unusable)?;
        return tell_plan(&plan, connection.base());
    }
    if arguments.merged_ci {
        output::complain(
            "note: merged CI files may hold text of projects that others may not read; think before you share the folder",
        );
    }
    let staged = StagedFolder::new(&arguments.output).map_err(Unusable::new)?;
    let before = OnDisk::new(&arguments.output, arguments.refresh);
    let bar = progress::Requests::new();
    let wishes = Wishes { targets, concurrency: arguments.concurrency.into(), merged_ci: arguments.merged_ci };
    let store = Answers(&staged);
    let kept = Kept::new(&client, &store, connection.base());
    let gathered = fetch::fetch(&kept, connection.base(), &wishes, &before, &bar);
    drop(bar);
    let gathered = match gathered {
        Ok(gathered) => gathered,
        Err(error) => {
            let hint = match staged.has_kept() {
                true => "; nothing was written, and the same command goes on where this one stopped",
                false => "",
            };
            return Err(Unusable::new(format!("{}: {error}{hint}", connection.base())));
        }
    };
    if gathered.projects.is_empty() {
        staged.leave();
        gathering::tell(&gathered, "Nothing was found.");
        return Err(Unusable::new(
            "no project was found, and nothing was written; is the path right, and may this token see it?",
        ));
    }
    let text = gathering::text_of(&gathered)?;
    let files = gathering::files_of(&gathered, text);
    staged.put(files.iter().map(|(path, bytes)| (path.clone(), bytes.as_slice()))).map_err(Unusable::new)?;
    let release = gathered.version.as_deref().map(|version| format!(" (GitLab {version})")).unwrap_or_default();
    gathering::tell(
        &gathered,
        &format!(
            "Wrote {} from {}{release}: {}; {}.",
            arguments.output.display(),
            connection.base(),
            gathering::counts(&gathered),
            gathering::counted(client.requests(), "request"),
        ),
    );
    Ok(Exit::Fine)
}

fn targets(arguments: &Arguments) -> Targets {
    let plain = |paths: &[String]| paths.iter().map(|path| path.trim_matches('/').to_owned()).collect();
    match (arguments.instance, arguments.group.is_empty()) {
        (true, _) => Targets::Instance,
        (false, false) => Targets::Groups(plain(&arguments.group)),
        (false, true) => Targets::Projects(plain(&arguments.project)),
    }
}

fn tell_plan(plan: &Plan, base: &str) -> Result<Exit, Unusable> {
    output::to_stdout(&|out| {
        out.line(format_args!("{base}, GitLab {}", plan.version))?;
        let widest = plan.steps.iter().map(|step| step.what.len()).max().unwrap_or_default();
        for step in &plan.steps {
            let count = step.requests.map_or_else(|| "as needed".to_owned(), |count| count.to_string());
            out.line(format_args!("  {:widest$}  {count:>9}  {}", step.what, step.note))?;
        }
        let sum: usize = plan.steps.iter().filter_map(|step| step.requests).sum();
        out.line(format_args!("At least {sum} requests; {} were made for this plan.", plan.made))
    })?;
    Ok(Exit::Fine)
}

/// The folder of a fetch before this one.
struct OnDisk<'p> {
    folder: &'p Path,
    is_wanted: bool,
}

impl<'p> OnDisk<'p> {
    fn new(folder: &'p Path, is_wanted: bool) -> Self {
        Self { folder, is_wanted: is_wanted && Disk.is_there(&folder.join("inventory.yaml")) }
    }
}

impl Before for OnDisk<'_> {
    fn file(&self, project: &str, path: &str) -> Option<Vec<u8>> {
        let real = Disk.real(self.folder).ok()?;
        let held = Disk.hold(self.folder, &real).ok()?;
        let below = Path::new("projects").join(project).join(path);
        Disk.bytes_at(&held, &below, MAX_SIZE).ok()?
    }

    fn is_there(&self) -> bool {
        self.is_wanted
    }
}

/// Answers that are kept beside the folder.
struct Answers<'s>(&'s StagedFolder);

impl Store for Answers<'_> {
    fn kept(&self, name: &str) -> Option<Vec<u8>> {
        self.0.kept(name)
    }

    fn keep(&self, name: &str, bytes: &[u8]) {
        // Without them a fetch that is broken off begins anew, which is no reason to break this one off.
        let _ = self.0.keep(name, bytes);
    }
}
