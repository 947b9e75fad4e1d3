//! `kaslint init`: settings, the hook and the CI job for the repository at hand, shown before they are written.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use super::{Exit, output};
use crate::agent_config::location::CI_FILE;
use crate::outlet::Outlet;
use crate::project::files::{Content, Disk, FileSource, Kind};
use crate::project::paths::shown_path;
use crate::project::settings::FILE_NAME;
use crate::project::{Loader, Options, Surroundings, Unusable};
use crate::rules;
use crate::source::Source;
use crate::words;
use crate::writing::Staged;
use crate::yaml::{self, Data, Document};

/// What pre-commit reads.
const HOOKS_FILE: &str = ".pre-commit-config.yaml";

/// The largest file that is looked into for what it has already, in bytes.
const MAX_SIZE: u64 = 1 << 20;

/// The longest answer to a question, in bytes.
const MAX_ANSWER: u64 = 100;

const HOOK: &str = "  - repo: local
    hooks:
      - id: kaslint
        name: kaslint
        entry: kaslint check
        language: system
        # All files are looked at each time: they bear on each other, and one that is renamed or deleted is a change as well.
        pass_filenames: false
        always_run: true
";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status:
  0  done, or there is nothing to write
  1  the answer was no: nothing was written
  2  there is nobody to ask and no --yes, or a file cannot be written: nothing was written

Examples:
  kaslint init         show the files and ask
  kaslint init --yes   write them")]
pub(super) struct Arguments {
    /// Write without asking.
    #[arg(short, long)]
    yes: bool,
    /// Full path of this project [default: CI_PROJECT_PATH, else the origin remote's path].
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::Other)]
    project: Option<String>,
}

/// A file that kaslint is set up with.
struct Proposal {
    path: PathBuf,
    state: State,
}

enum State {
    /// It is not there, and would get this text.
    New(String),
    /// It is there, and lacks these lines.
    Lacks(String),
    /// It is there, and has all.
    Complete,
    /// It is there, and cannot be looked into, for this reason; these lines belong into it.
    Closed(&'static str, String),
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let options = Options { project: arguments.project.clone(), ..Options::default() };
    let surroundings = Surroundings::of_process();
    let loader = Loader::new(&Disk, &options, &surroundings, rules::TABLE)?;
    let (root, project) = loader.repository();
    let proposals = proposals(&root, project.as_deref());
    output::to_stdout(&|out| proposals.iter().try_for_each(|proposal| proposal.show(out)))?;
    let new: Vec<(&Path, &str)> = proposals.iter().filter_map(Proposal::new_text).collect();
    if new.is_empty() {
        output::complain("Every file is there; nothing was written.");
        return Ok(Exit::Fine);
    }
    let names: Vec<String> = new.iter().map(|(path, _)| shown_path(path)).collect();
    let names = names.join(", ");
    if !arguments.yes {
        if !(io::stdin().is_terminal() && output::is_terminal()) {
            let message = format!("there is nobody to ask, so nothing was written; `--yes` writes {names}");
            return Err(Unusable::new(message));
        }
        output::complain(&format!("Write {names}? [y/N]"));
        if !is_yes() {
            output::complain("Nothing was written.");
            return Ok(Exit::Found);
        }
    }
    let stage = |&(path, text): &(&Path, &str)| {
        Staged::new(path, &|out| text.lines().try_for_each(|line| out.line(format_args!("{line}"))))
    };
    let staged = new.iter().map(stage).collect::<Result<Vec<Staged>, String>>().map_err(Unusable::new)?;
    for file in staged {
        file.persist_new().map_err(Unusable::new)?;
    }
    output::complain(&format!("Wrote {names}."));
    let unchanged = proposals.iter().filter(|proposal| matches!(proposal.state, State::Lacks(_) | State::Closed(..)));
    let unchanged: Vec<String> = unchanged.map(|proposal| shown_path(&proposal.path)).collect();
    if !unchanged.is_empty() {
        output::complain(&format!("Not changed: {}; add the lines that are shown above.", unchanged.join(", ")));
    }
    output::complain(
        "Next: fill in the settings, give the CI job an image that has kaslint, and run `pre-commit install`.",
    );
    Ok(Exit::Fine)
}

fn is_yes() -> bool {
    let mut answer = String::new();
    let read = io::stdin().lock().take(MAX_ANSWER).read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

fn proposals(root: &Path, project: Option<&str>) -> Vec<Proposal> {
    let has_inventory = matches!(Disk.kind(&root.join("inventory.yaml")), Ok(Kind::File));
    let settings = settings(project, has_inventory);
    let at = |name: &str, new: String, lacks: &dyn Fn(&Source, &Document) -> Option<String>| {
        let path = root.join(name);
        let state = State::of(&path, new, lacks);
        Proposal { path: if is_here(root) { PathBuf::from(name) } else { path }, state }
    };
    vec![
        at(FILE_NAME, settings_file(&settings), &|_, document| lacking_settings(&settings, document)),
        at(HOOKS_FILE, format!("repos:\n{HOOK}"), &|_, document| {
            let is_hook = |text: &str| text == "kaslint" || text == "kaslint-system";
            (!has_text(document, &is_hook)).then(|| HOOK.to_owned())
        }),
        at(CI_FILE, job("test"), &|_, document| {
            let stage = stage(document);
            (!has_text(document, &|text| text.contains("kaslint"))).then(|| job(&stage))
        }),
    ]
}

/// Whether the root is the working directory.
fn is_here(root: &Path) -> bool {
    Disk.real(root).ok().zip(Disk.real(Path::new(".")).ok()).is_some_and(|(root, here)| root == here)
}

/// The settings that are known, each with its line.
fn settings(project: Option<&str>, has_inventory: bool) -> Vec<(&'static str, String)> {
    let project = project.map(|project| ("project", format!("project: {}\n", yaml::written(project, false, None))));
    let inventory = has_inventory.then(|| ("inventory", "inventory: inventory.yaml\n".to_owned()));
    project.into_iter().chain(inventory).collect()
}

fn settings_file(settings: &[(&'static str, String)]) -> String {
    let mut text = "# What kaslint knows of this project; `kaslint schema settings` has all keys.\n".to_owned();
    settings.iter().for_each(|(_, line)| text.push_str(line));
    let examples = [
        ("project", "# project: group/project          # the full path of this project\n"),
        ("inventory", "# inventory: inventory.yaml       # ids, agents, environments and jobs can then be looked up\n"),
        ("gitlab", "# gitlab: {version: \"18.4\", tier: premium}\n"),
    ];
    let is_open = |key: &str| !settings.iter().any(|(known, _)| *known == key);
    examples.iter().filter(|(key, _)| is_open(key)).for_each(|(_, line)| text.push_str(line));
    text
}

fn lacking_settings(settings: &[(&'static str, String)], document: &Document) -> Option<String> {
    let keys = top_keys(document);
    let lines: String = settings
        .iter()
        .filter(|(key, _)| !keys.iter().any(|known| known == key))
        .map(|(_, line)| line.as_str())
        .collect();
    (!lines.is_empty()).then_some(lines)
}

fn job(stage: &str) -> String {
    format!(
        "kaslint:
  stage: {stage}
  # image: registry.example.com/tools/kaslint:0.1.0  # one that has kaslint on its PATH
  rules:
    - if: $CI_PIPELINE_SOURCE == \"merge_request_event\"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  script:
    - kaslint check --format human --format gitlab=gl-code-quality-report.json
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
"
    )
}

/// The stage for the job: `test`, unless the file has stages without one of that name.
fn stage(document: &Document) -> String {
    let tree = document.tree();
    let stages = tree.root().map(|root| document.reading().entries(root)).unwrap_or_default();
    let stages = stages.into_iter().find(|entry| entry.key == "stages").map(|entry| &tree.node(entry.value).data);
    let Some(Data::Sequence { items, .. }) = stages else { return "test".to_owned() };
    let names: Vec<&str> = items.iter().filter_map(|&item| tree.scalar_text(item)).collect();
    match names.first() {
        Some(first) if !names.contains(&"test") => yaml::written(first, false, None),
        _ => "test".to_owned(),
    }
}

fn top_keys(document: &Document) -> Vec<String> {
    let root = document.tree().root();
    root.map(|root| document.reading().entries(root)).unwrap_or_default().into_iter().map(|entry| entry.key).collect()
}

fn has_text(document: &Document, is_one: &dyn Fn(&str) -> bool) -> bool {
    document.tree().nodes().any(|(_, node)| matches!(&node.data, Data::Scalar { text, .. } if is_one(text)))
}

impl State {
    fn of(path: &Path, new: String, lacks: &dyn Fn(&Source, &Document) -> Option<String>) -> Self {
        let empty = || {
            let source = Source::new("", "");
            lacks(&source, &yaml::read(&source)).unwrap_or_default()
        };
        match Disk.kind(path) {
            Err(_) => Self::New(new),
            Ok(Kind::File) => match Disk.read(path, MAX_SIZE) {
                Ok(Content::Text(source)) => match lacks(&source, &yaml::read(&source)) {
                    Some(lines) => Self::Lacks(lines),
                    None => Self::Complete,
                },
                _ => Self::Closed("cannot be read", empty()),
            },
            Ok(Kind::Link) => Self::Closed("is a symbolic link", empty()),
            Ok(_) => Self::Closed("is no file", empty()),
        }
    }
}

impl Proposal {
    fn new_text(&self) -> Option<(&Path, &str)> {
        match &self.state {
            State::New(text) => Some((&self.path, text)),
            _ => None,
        }
    }

    fn show(&self, out: &mut Outlet<'_>) -> io::Result<()> {
        let path = words::printable(&shown_path(&self.path));
        let lines = match &self.state {
            State::New(text) => {
                out.line(format_args!("# {path}, a new file:"))?;
                text
            }
            State::Lacks(text) => {
                let place = if self.path.ends_with(HOOKS_FILE) { "its `repos`" } else { "it" };
                out.line(format_args!("# {path} is there; add to {place}:"))?;
                text
            }
            State::Complete => {
                out.line(format_args!("# {path} is there, and has what kaslint needs."))?;
                return out.empty_line();
            }
            State::Closed(what, text) if text.is_empty() => {
                out.line(format_args!("# {path} {what}, and is left alone."))?;
                return out.empty_line();
            }
            State::Closed(what, text) => {
                out.line(format_args!("# {path} {what}; what belongs into it:"))?;
                text
            }
        };
        lines.lines().try_for_each(|line| out.line(format_args!("{line}")))?;
        out.empty_line()
    }
}
