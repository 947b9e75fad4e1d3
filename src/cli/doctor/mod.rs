//! `kaslint doctor`.

mod live;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::progress::Progress;
use super::{Exit, output, usable};
use crate::access::{AgentId, Denial, Index, Outcome, Query, Settings};
use crate::analysis::{Evaluation, Facts, Purpose, Subject};
use crate::diagnostic::Selection;
use crate::doctor::{Cache, Denied, HangsOn, Kubeconfig, Line, Observed, Prediction, Seen, Verdict, examine};
use crate::gitlab::Tier;
use crate::project::files::{Content, Disk, FileSource as _, Kind};
use crate::project::{Loader, Neighbours, Options, Origin, Request, Scope, Snapshot, Surroundings, Unusable};
use crate::{rules, words};

/// The largest kubeconfig that is read, in bytes.
const MAX_SIZE: u64 = 1 << 20;

/// How long a tool may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
#[command(
    next_help_heading = "What is looked at",
    after_help = "\
Exit status:
  0  nothing is wrong
  1  something is
  2  it could not look

Examples:
  kaslint doctor                                         in a job, beside the configuration of its agents
  kaslint doctor --inventory inventory/inventory.yaml    with an inventory that was fetched
  kaslint doctor --live                                  with one question to GitLab, and one to the cluster"
)]
pub(super) struct Arguments {
    /// Files or folders with configuration projects [default: those of the inventory, else .].
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to show it: human, or json (one object).
    #[arg(long, value_enum, default_value = "human", hide_possible_values = true, help_heading = "Report")]
    format: Format,
    #[command(flatten)]
    live: live::LiveArguments,
    #[command(flatten)]
    options: Options,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let mut observed = observe();
    let mut options = arguments.options.clone();
    let mut evaluation = evaluated(&arguments.paths, &options, &observed)?;
    let first = evaluation.with(|facts| prediction(facts, &observed));
    // What nobody has named, the job itself tells.
    if let Some(prediction) = &first {
        if prediction.release.is_none() {
            options.gitlab_version = observed.release();
        }
        if prediction.tier.is_none()
            && let Some(has_licence) = observed.has_licence()
        {
            options.tier = Some(if has_licence { Tier::Premium } else { Tier::Free });
        }
        if options.gitlab_version != arguments.options.gitlab_version || options.tier != arguments.options.tier {
            evaluation = evaluated(&arguments.paths, &options, &observed)?;
        }
    }
    observed.live = arguments.live.ask(&observed, options.offline)?;
    observed.prediction = evaluation.with(|facts| prediction(facts, &observed));
    let lines = examine(&observed);
    let is_nothing_there = !observed.is_job() && matches!(observed.kubeconfig, Seen::Unset);
    match arguments.format {
        Format::Human => output::to_stdout(&|out| lines.iter().try_for_each(|line| tell(line, out)))?,
        Format::Json => output::to_stdout(&|out| tell_json(&lines, out))?,
    }
    Ok(match lines.iter().map(|line| line.code.verdict()).min() {
        Some(Verdict::Wrong) => Exit::Found,
        _ if is_nothing_there => {
            return Err(Unusable::new("there is nothing to look at: no CI job and no KUBECONFIG"));
        }
        _ => Exit::Fine,
    })
}

/// Reads the configuration at hand, and works out who gets in.
fn evaluated(paths: &[PathBuf], options: &Options, observed: &Observed) -> Result<Evaluation, Unusable> {
    let progress = Progress::new(Instant::now(), "Reading", 1);
    let load = |surroundings: &Surroundings| {
        let loader = Loader::new(&Disk, options, surroundings, rules::TABLE)?;
        usable(loader.load(&Request {
            scope: Scope::Paths(paths),
            neighbours: Neighbours::Always,
            with_ci_files: false,
            steps: &progress.steps,
            before: None,
        }))
    };
    let mut surroundings = Surroundings::of_process();
    let mut snapshot = load(&surroundings)?;
    if is_of_another(&snapshot, observed) {
        surroundings.ci_project_path = None;
        snapshot = load(&surroundings)?;
    }
    if let Some(error) = snapshot.errors.first() {
        return Err(Unusable::new(error.clone()));
    }
    let selection = Arc::new(Selection::default());
    let subjects = snapshot.projects.into_iter().map(|project| Subject::new(project, Arc::clone(&selection)));
    Ok(Evaluation::of(subjects.collect(), Purpose::AccessTogether, &progress.steps))
}

/// Whether what goes by the path of the job's project lies elsewhere than the job's checkout: then it may be one of another project.
fn is_of_another(snapshot: &Snapshot, observed: &Observed) -> bool {
    let checkout = observed.variable("CI_PROJECT_DIR").and_then(|folder| Disk.real(Path::new(folder)).ok());
    let is_elsewhere = |folder: &Path| Disk.real(folder).ok().is_none_or(|folder| Some(folder) != checkout);
    let mut named = snapshot.projects.iter().filter(|project| project.origins.project == Some(Origin::Pipeline));
    named.any(|project| {
        is_elsewhere(if project.folder.as_os_str().is_empty() { Path::new(".") } else { &project.folder })
    })
}

/// The object of the JSON report.
fn tell_json(lines: &[Line], out: &mut output::Outlet<'_>) -> std::io::Result<()> {
    let rows = lines.iter().map(|line| {
        let Line { code, seen, .. } = line;
        let mut row =
            json!({ "severity": code.verdict().name(), "name": code.group(), "code": code.name(), "message": seen });
        if !line.todo.is_empty() {
            row["help"] = json!(line.todo);
        }
        row
    });
    let mut report = json!({ "version": 1, "rows": rows.collect::<Vec<_>>() });
    crate::source::secrets::mask_json(&mut report);
    out.json(&report)
}

fn tell(line: &Line, out: &mut output::Outlet<'_>) -> std::io::Result<()> {
    let mark = format!("{:<10}", line.code.verdict().name());
    let blank = " ".repeat(mark.len());
    let wrap = |first: &str, text: &str| words::in_lines(&words::printable(text), output::width(), first, &blank);
    wrap(&mark, &line.seen).iter().try_for_each(|text| out.line(format_args!("{text}")))?;
    match line.todo.is_empty() {
        true => Ok(()),
        false => wrap(&format!("{blank}→ "), &line.todo).iter().try_for_each(|text| out.line(format_args!("{text}"))),
    }
}

/// Looks at the job: its variables, the kubeconfig, the tools.
#[allow(clippy::disallowed_methods, reason = "a job tells what it is in variables")]
fn observe() -> Observed {
    let known = Observed::VARIABLES.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    let variables: BTreeMap<String, String> = known.collect();
    let mut observed = Observed { variables, ..Observed::default() };
    if let Some(paths) = observed.variable("KUBECONFIG").map(str::to_owned) {
        let paths: Vec<PathBuf> = std::env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty()).collect();
        observed.mode = paths.first().and_then(|path| mode_of(path));
        observed.kubeconfig = kubeconfig(&paths);
    }
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    observed.has_home_kubeconfig = home.as_ref().is_some_and(|home| {
        let file = Path::new(home).join(".kube/config");
        let is_named =
            observed.variable("KUBECONFIG").is_some_and(|paths| std::env::split_paths(paths).any(|path| path == file));
        Disk.is_there(&file) && !is_named
    });
    observed.cache = match (std::env::var_os("KUBECACHEDIR"), home) {
        (Some(folder), _) => cache(Path::new(&folder)),
        (None, Some(home)) => cache(&Path::new(&home).join(".kube/cache")),
        (None, None) => Cache::NoHome,
    };
    observed.kubectl = told_by("kubectl", &["version", "--client", "--output=json"])
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .and_then(|version| version["clientVersion"]["gitVersion"].as_str().map(str::to_owned));
    observed.helm = told_by("helm", &["version", "--template={{.Version}}"]).map(|text| text.trim().to_owned());
    observed
}

/// What kubectl reads from these files together: of what is named twice the first counts, and a file that is not there is passed over.
fn kubeconfig(paths: &[PathBuf]) -> Seen {
    let (mut whole, mut why) = (None::<Kubeconfig>, "there is no such file".to_owned());
    for path in paths {
        let read = match Disk.read(path, MAX_SIZE) {
            Ok(Content::Text(source)) => Kubeconfig::read(source.text(), path.parent().unwrap_or(Path::new(""))),
            Ok(content) => Err(content.in_words().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => Err(error.kind().to_string()),
        };
        match (read, &mut whole) {
            (Ok(read), Some(whole)) => whole.add(read),
            (Ok(read), None) => whole = Some(read),
            (Err(fault), _) => why = fault,
        }
    }
    whole.map_or(Seen::Unreadable(why), Seen::Read)
}

#[cfg(unix)]
#[allow(clippy::useless_conversion, reason = "modes are narrower on other systems")]
fn mode_of(path: &Path) -> Option<u32> {
    Some(u32::from(rustix::fs::stat(path).ok()?.st_mode) & 0o7777)
}

#[cfg(not(unix))]
fn mode_of(_path: &Path) -> Option<u32> {
    None
}

/// Whether something can be written into a folder, or into the first above it that is there.
#[cfg(unix)]
fn cache(folder: &Path) -> Cache {
    use rustix::fs::{Access, access};
    let there = folder.ancestors().find(|folder| Disk.is_there(folder)).unwrap_or(Path::new("."));
    // Below what is no folder nothing can be made.
    match access(there, Access::WRITE_OK) {
        Ok(()) if !matches!(Disk.kind(there), Ok(Kind::File)) => Cache::Writable,
        _ => Cache::NotWritable,
    }
}

#[cfg(not(unix))]
fn cache(_folder: &Path) -> Cache {
    Cache::Writable
}

/// What a tool says of its version; `None` where it is not there, fails, or takes too long.
#[allow(clippy::disallowed_methods, reason = "the tools of the job are asked for their versions")]
fn told_by(program: &str, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        // The kubectl of Google's SDK asks the cluster for its version, to choose which kubectl it runs.
        .env("KUBECONFIG", if cfg!(windows) { "NUL" } else { "/dev/null" })
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let end = Instant::now() + PATIENCE;
    let stdout = child.stdout.take()?;
    let (sender, receiver) = std::sync::mpsc::channel();
    // What a tool leaves running may hold its output open without an end.
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = std::io::Read::read_to_string(&mut std::io::Read::take(stdout, MAX_SIZE), &mut text);
        let _ = sender.send(read.ok().map(|_| text));
    });
    let text = receiver.recv_timeout(PATIENCE).ok().flatten();
    let is_well = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status.success(),
            Ok(None) if text.is_some() && Instant::now() < end => std::thread::sleep(Duration::from_millis(10)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                break false;
            }
        }
    };
    text.filter(|_| is_well)
}

/// What is predicted for the job; `None` where there is nothing to predict by.
fn prediction(facts: &Facts<'_>, observed: &Observed) -> Option<Prediction> {
    // Several stand for projects of which not the same is known; an agent belongs to one of them, or the same is said of it by each.
    let mut predicted = None;
    for index in facts.indexes().filter(|index| !index.agents().is_empty()) {
        let Settings { version, is_release_assumed, tier, .. } = index.settings();
        let mut of_index = Prediction {
            release: (!is_release_assumed).then_some(version),
            tier: tier.map(Tier::name),
            ..Prediction::default()
        };
        if let Some(project) = observed.variable("CI_PROJECT_PATH").filter(|_| observed.is_job()) {
            answer(index, project, observed, &mut of_index);
            live::compare_settings(index, project, observed, &mut of_index);
        }
        match &mut predicted {
            None => predicted = Some(of_index),
            Some(predicted) => predicted.add(of_index),
        }
    }
    predicted
}

fn answer(index: &Index<'_>, project: &str, observed: &Observed, predicted: &mut Prediction) {
    let is_protected = observed.variable("CI_COMMIT_REF_PROTECTED") == Some("true");
    let environment = observed.variable("CI_ENVIRONMENT_NAME");
    // GitLab says itself whether the ref is protected, that of merge requests included.
    let answer = index.query(&Query::new(project, environment, Some(is_protected)));
    for (_, agent) in index.agent_ids().filter(|(_, agent)| agent.project.is_none()) {
        let why = "of which project its checkout is, nobody says: name it with --project, or in an inventory";
        predicted.unknown.push((agent.name.to_owned(), why.to_owned()));
    }
    let is_known = |agent: AgentId| index.agent(agent).project.is_some();
    for row in answer.allowed.iter().filter(|row| is_known(row.agent)) {
        let agent = index.agent(row.agent);
        if agent.is_registered {
            let conditions = row.conditions.iter().map(words::condition).collect();
            predicted.allowed.push((agent.context(), conditions));
        }
    }
    for row in answer.unknown.iter().filter(|row| is_known(row.agent)) {
        let agent = index.agent(row.agent);
        predicted.unknown.push((agent.context(), words::reason(&answer, row, agent)));
    }
    for row in answer.denied.iter().filter(|row| is_known(row.agent)) {
        let agent = index.agent(row.agent);
        let hangs_on = match row.outcome {
            Outcome::Denied(Denial::NoEnvironment | Denial::OtherEnvironment) => HangsOn::Environment,
            Outcome::Denied(Denial::NotProtected) => HangsOn::Ref,
            _ => HangsOn::Nothing,
        };
        let reason = words::reason(&answer, row, agent);
        predicted.denied.push(Denied { context: agent.context(), reason, hangs_on });
    }
}
