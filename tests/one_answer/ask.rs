//! Asks every source about one repository, takes down what each claims, and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use serde_json::{Value as Json, json};

use crate::call::{Caller, Run};
use crate::claims::{About, Fact, Gets, Ledger, Outcome, STAGES, Source};
use crate::contract;
use crate::editor::Editor;
use crate::entries;
use crate::hovers;
use crate::jobs::{self, Selected};
use crate::reports::{self, Findings};
use crate::repository::{Config, Form, Owner, Place, Repository, Spelling, within};
use crate::rows::{self, Answers, Question};

/// Environments that are asked about: none, some that entries name or match, and one that nothing matches.
const ENVIRONMENTS: [Option<&str>; 5] = [None, Some("production"), Some("preprod"), Some("review/1"), Some("nowhere")];

/// What the commands gave.
struct Runs {
    decode: Option<Run>,
    check: Run,
    pictures: Run,
    queries: Run,
    jobs: Run,
    for_people: Run,
    one: Run,
    one_for_people: Run,
    twice: Option<(Run, Run)>,
}

/// Lays a repository out, asks everybody, and compares what they say. Gives the outcome with a text that shows the repository and all
/// that does not agree.
pub fn compare(repository: &Repository) -> (Outcome, String) {
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = scratch.path().canonicalize().expect("a folder");
    repository.lay_out(&folder);
    let caller = Caller::new(repository, &folder);
    let mut ledger = Ledger::default();
    match repository.is_flawed() {
        false => ask(repository, &caller, &mut ledger),
        true if repository.has_use_of_settings() => ask_with_flaw(repository, &caller, &mut ledger),
        true => {}
    }
    let outcome = ledger.compare();
    let told: Vec<String> = outcome.disagreements.iter().map(|told| format!("* {told}")).collect();
    let told = caller.with_relative_paths(&told.join("\n"));
    let text = format!("{told}\n\nthe repository, asked by `{}`:\n{}", caller.in_words(), repository.tree());
    (outcome, text)
}

fn ask(repository: &Repository, caller: &Caller<'_>, ledger: &mut Ledger) {
    contract::claim(repository, ledger);
    let questions = questions(repository);
    let one = &questions[repository.question % questions.len()];
    let (runs, mut editor) = thread::scope(|scope| {
        // What the editor is asked follows from `access --jobs`; until then, its documents are opened.
        let editor = scope.spawn(|| open(repository, caller));
        let runs = run_all(repository, caller, (&questions, one));
        (runs, editor.join().expect("the editor"))
    });
    let configs = repository.configs();

    if let Some(decode) = &runs.decode {
        decoded(repository, caller, decode, ledger);
    }
    let of_check = checked(repository, caller, &runs.check, Source::Check, ledger);
    reports::told_projects(repository, caller, (&runs.check, Source::CheckVerbose), &places(repository), ledger);
    reports::told_projects(repository, caller, (&runs.pictures, Source::AccessVerbose), &places(repository), ledger);
    let (answers, selected) = match repository.may_differ() && runs.pictures.tells_apart() {
        false => of_access(repository, caller, (&runs, &questions, one), ledger),
        true => {
            let others = [
                (Source::AccessQueries, &runs.queries),
                (Source::AccessJobs, &runs.jobs),
                (Source::AccessForPeople, &runs.for_people),
            ];
            for (source, run) in others.into_iter().filter(|(_, run)| !run.tells_apart()) {
                ledger.fault(source, format!("access tells projects apart, and this does not: {}", run.complaint()));
            }
            (Answers::default(), Vec::new())
        }
    };
    if let Some(runs) = &runs.twice {
        asked_twice(repository, caller, runs, ledger);
    }

    let of_editor = diagnosed(&mut editor, caller, ledger);
    let of_workspace = Findings::of_editor(&editor.workspace_diagnostics(), caller);
    let documents: BTreeSet<String> = repository.documents().into_iter().collect();
    let is_compared = |path: &str| {
        let mut others = repository.places().into_iter().filter(|place| !repository.is_compared(place));
        !others.any(|place| path.starts_with(&place.folder))
    };
    let mut files: BTreeSet<String> = repository.configs().into_iter().map(|config| config.path).collect();
    files.extend(documents.iter().cloned());
    for path in files.iter().filter(|path| is_compared(path)) {
        // What is no file cannot be opened.
        let of_editor = Some(&of_editor).filter(|_| documents.contains(path));
        let all =
            [(Source::Check, of_check.as_ref()), (Source::Editor, of_editor), (Source::Workspace, Some(&of_workspace))];
        for (source, findings) in all {
            let Some(findings) = findings else { continue };
            ledger.claim(About::Findings, path, source, [Fact::Findings(findings.of(path))]);
        }
    }
    for config in compared(repository).iter().filter(|config| documents.contains(&config.path)) {
        ledger.claim(About::File, &config.path, Source::Editor, of_editor.verdict(&config.path));
    }
    if let Some(findings) = &of_check {
        jobs::claim_reports(&selected, findings, &answers, ledger);
    }
    ask_hovers((&mut editor, caller), &selected, &configs, ledger);
    let after_edits = edited(&mut editor, repository, caller);
    for path in files.iter().filter(|path| is_compared(path) && documents.contains(*path)) {
        ledger.claim(About::Findings, path, Source::Edited, [Fact::Findings(after_edits.of(path))]);
    }
    editor.shut_down();
}

/// What `access` says in all its ways.
fn of_access(
    repository: &Repository,
    caller: &Caller<'_>,
    (runs, questions, one): (&Runs, &[Question], &Question),
    ledger: &mut Ledger,
) -> (Answers, Vec<Selected>) {
    pictures(&runs.pictures, Source::Access, &compared(repository), ledger);
    let answers = answered(&runs.queries, questions, ledger);
    answers.claim(&compared(repository), ledger);
    let selected = jobs::claim(repository, caller, &runs.jobs, &answers, ledger);
    for_people(repository, caller, &runs.for_people, ledger);
    asked_one(one, &answers, (&runs.one, &runs.one_for_people), ledger);
    (answers, selected)
}

/// The projects that all sources are to be asked about and that have anything.
fn places(repository: &Repository) -> Vec<Place<'_>> {
    let mut places = repository.places();
    places.retain(|place| repository.is_compared(place) && place.has_any());
    places
}

/// The agents that all sources are to be asked about.
fn compared(repository: &Repository) -> Vec<Config<'_>> {
    let mut configs = repository.configs();
    configs.retain(|config| repository.is_compared(&config.place));
    configs
}

/// Each project that anything names, with each environment, on protected refs and on others.
fn questions(repository: &Repository) -> Vec<Question> {
    let mut projects: BTreeSet<&str> = ["acme/agents", "acme/web/shop", "other/tool"].into();
    projects.extend(repository.project.into_iter().chain(repository.pipeline));
    projects.extend(repository.settings.as_ref().and_then(|settings| settings.project));
    let below = repository.below.iter().filter_map(|below| below.git.as_ref());
    projects.extend(repository.git.iter().chain(below).filter_map(|git| git.remote));
    if let Some(inventory) = &repository.inventory {
        projects.extend(inventory.top.into_iter().chain(inventory.others.iter().copied()));
        projects.extend(inventory.listed.iter().map(|listed| listed.path));
    }
    let mut questions = Vec::new();
    for project in projects {
        for environment in ENVIRONMENTS {
            for protected in [true, false] {
                let (project, environment) = (project.to_owned(), environment.map(str::to_owned));
                questions.push(Question { project, environment, protected });
            }
        }
    }
    questions
}

fn run_all(repository: &Repository, caller: &Caller<'_>, (questions, one): (&[Question], &Question)) -> Runs {
    let files: Vec<String> = repository.configs().into_iter().map(|config| config.path).collect();
    let text: String = questions.iter().map(|question| format!("{}\n", question.to_json())).collect();
    let asked = caller.top().parent().expect("a folder").join("queries.jsonl");
    std::fs::write(&asked, text).expect("a file");
    let asked = asked.display().to_string();
    let mut of_one = vec!["--for", &one.project, if one.protected { "--protected" } else { "--unprotected" }];
    of_one.extend(one.environment.iter().flat_map(|environment| ["--environment", environment]));
    let of_one_as_json = [&of_one[..], &["--format", "json"]].concat();
    thread::scope(|scope| {
        let on_repository = |name: &'static str, arguments: Vec<&str>| {
            let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
            scope.spawn(move || {
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                caller.on_repository(name, &arguments)
            })
        };
        let decode =
            (!files.is_empty()).then(|| scope.spawn(|| caller.on_files("decode", &["--format", "json"], &files)));
        let check = on_repository("check", vec!["--format", "json", "--verbose"]);
        let pictures = on_repository("access", vec!["--format", "json", "--verbose"]);
        let queries = on_repository("access", vec!["--format", "json", "--queries", &asked]);
        let jobs = on_repository("access", vec!["--format", "json", "--jobs"]);
        let for_people = on_repository("access", vec![]);
        let one = on_repository("access", of_one_as_json);
        let one_for_people = on_repository("access", of_one);
        let twice = twice(repository).map(|(config, spelling)| {
            scope.spawn(move || {
                let on = |name, arguments: &[&str]| caller.on_file_twice(name, arguments, &config.path, spelling);
                let arguments = ["--format", "json", "--verbose"];
                (on("check", &arguments), on("access", &arguments))
            })
        });
        let done = "the call";
        Runs {
            decode: decode.map(|run| run.join().expect(done)),
            check: check.join().expect(done),
            pictures: pictures.join().expect(done),
            queries: queries.join().expect(done),
            jobs: jobs.join().expect(done),
            for_people: for_people.join().expect(done),
            one: one.join().expect(done),
            one_for_people: one_for_people.join().expect(done),
            twice: twice.map(|run| run.join().expect(done)),
        }
    })
}

/// The agent at the top whose file is named twice.
fn twice(repository: &Repository) -> Option<(Config<'_>, Spelling)> {
    let is_file = |config: &Config<'_>| matches!((config.place.owner, config.agent.form), (Owner::Top, Form::File));
    Some((repository.configs().into_iter().find(is_file)?, repository.twice?))
}

/// Whether a command could do its work; says so otherwise.
pub fn is_done(run: &Run, source: Source, ledger: &mut Ledger) -> bool {
    if !run.is_done() {
        ledger.fault(source, run.complaint());
    }
    run.is_done()
}

fn decoded(repository: &Repository, caller: &Caller<'_>, run: &Run, ledger: &mut Ledger) {
    if !is_done(run, Source::Decode, ledger) {
        return;
    }
    let lines = match run.lines() {
        Ok(lines) => lines,
        Err(error) => return ledger.fault(Source::Decode, error),
    };
    let told: BTreeMap<String, &Json> =
        lines.iter().map(|line| (caller.relative(line["path"].as_str().unwrap_or_default()), line)).collect();
    for config in compared(repository) {
        let Some(line) = told.get(&config.path) else {
            ledger.fault(Source::Decode, format!("it does not speak of {}", config.path));
            continue;
        };
        if repository.is_root_of_file_open(&config.place) && contract::hangs_on_limit(repository, &config) {
            continue;
        }
        // Where a file lies is not what decode is about.
        let stage = line["stage"].as_str();
        let known = stage.and_then(|stage| STAGES.into_iter().find(|known| *known == stage));
        let verdict = match (line["accepted"].as_bool(), stage, known) {
            (Some(true), None, _) => Fact::Counts,
            (Some(false), Some(_), Some(stage)) => Fact::RefusedAt(stage),
            _ => return ledger.fault(Source::Decode, line),
        };
        ledger.claim(About::File, &config.path, Source::Decode, [verdict, Fact::NeverRead]);
    }
}

fn checked(
    repository: &Repository,
    caller: &Caller<'_>,
    run: &Run,
    source: Source,
    ledger: &mut Ledger,
) -> Option<Findings> {
    if !is_done(run, source, ledger) {
        return None;
    }
    let report: Json = match serde_json::from_str(&run.stdout) {
        Ok(report) => report,
        Err(error) => {
            ledger.fault(source, format!("{error} in {:?}", run.stdout));
            return None;
        }
    };
    let findings = Findings::of_check(&report, caller);
    for config in compared(repository) {
        ledger.claim(About::File, &config.path, source, findings.verdict(&config.path));
        // A folder without a file that is ever read is no agent's.
        if let (Owner::Listed(listed), false) = (config.place.owner, config.agent.form == Form::Misnamed) {
            let is_registered = listed.registered.unwrap_or(true);
            ledger.claim(About::Registered, &config.path, Source::Contract, [Fact::Registered(is_registered)]);
            let is_missed = findings.has(&config.path, "unregistered-agent");
            // Of what is no file, a rule says that much.
            if config.agent.form == Form::File {
                ledger.claim(About::Registered, &config.path, source, [Fact::Registered(!is_missed)]);
            }
        }
    }
    claim_once("the same finding at the same place", findings.most(), source, ledger);
    // What is not checked for want of a path cannot be if all paths are known.
    let needs_path = report["unchecked"].as_array().into_iter().flatten().find(|one| one["needs"] == "--project");
    let paths = reports::paths(run);
    if let Some(unchecked) = needs_path
        && !paths.is_empty()
        && paths.iter().all(|path| path != "unknown")
    {
        ledger.fault(source, format!("it knows all paths ({}) and misses one: {unchecked}", paths.join(", ")));
    }
    Some(findings)
}

/// Nothing is told more than once.
fn claim_once(what: &str, times: usize, source: Source, ledger: &mut Ledger) {
    ledger.claim(About::Times, what, Source::Contract, [Fact::Times(1)]);
    ledger.claim(About::Times, what, source, [Fact::Times(times.max(1))]);
}

/// What `access --format json` says of each agent.
fn pictures(run: &Run, source: Source, asked: &[Config<'_>], ledger: &mut Ledger) {
    if !is_done(run, source, ledger) {
        return;
    }
    let lines = match run.lines() {
        Ok(lines) => lines,
        Err(error) => return ledger.fault(source, error),
    };
    for config in asked {
        let told: Vec<&Json> = lines.iter().filter(|line| line["agent"]["name"] == *config.name).collect();
        claim_once(&format!("the agent {}", config.name), told.len(), source, ledger);
        let Some(told) = told.first() else {
            ledger.claim(About::File, &config.path, source, [Fact::NeverRead]);
            continue;
        };
        let path = told["agent"]["project"].as_str().map(str::to_owned);
        ledger.claim(About::Path, contract::shown(&config.place.folder), source, [Fact::Path(path)]);
        let is_registered = told["registered"] == true;
        if matches!(config.place.owner, Owner::Listed(_)) {
            ledger.claim(About::Registered, &config.path, source, [Fact::Registered(is_registered)]);
        }
        // Of an agent that nobody registered no file is read.
        if is_registered {
            let refused = told.get("refused_at").and_then(Json::as_str);
            let known = refused.map(|stage| STAGES.into_iter().find(|known| *known == stage));
            match known {
                None => {
                    ledger.claim(About::File, &config.path, source, [Fact::Counts]);
                    entries::claim_told(told, config, source, ledger);
                }
                Some(Some(stage)) => ledger.claim(About::File, &config.path, source, [Fact::RefusedAt(stage)]),
                Some(None) => ledger.fault(source, format!("{} is refused at no known step: {told}", config.name)),
            }
        }
    }
}

fn answered(run: &Run, questions: &[Question], ledger: &mut Ledger) -> Answers {
    let lines = match is_done(run, Source::AccessQueries, ledger) {
        true => run.lines(),
        false => return Answers::default(),
    };
    match lines {
        Ok(lines) if lines.len() == questions.len() => Answers::new(questions, lines),
        Ok(lines) => {
            ledger.fault(Source::AccessQueries, format!("{} answers to {} questions", lines.len(), questions.len()));
            Answers::default()
        }
        Err(error) => {
            ledger.fault(Source::AccessQueries, error);
            Answers::default()
        }
    }
}

/// The headings of `access`, which name the project of each CI file, what it tells of agents, and the environments of jobs.
fn for_people(repository: &Repository, caller: &Caller<'_>, run: &Run, ledger: &mut Ledger) {
    let source = Source::AccessForPeople;
    if !is_done(run, source, ledger) {
        return;
    }
    for place in places(repository).iter().filter(|place| place.project.jobs.is_some()) {
        let path = within(&place.folder, ".gitlab-ci.yml");
        let heading = |line: &&str| {
            let told = line.strip_prefix("Jobs of ").and_then(|rest| rest.strip_suffix(')')?.split_once(" ("));
            told.is_some_and(|(_, told)| caller.relative(told) == path)
        };
        let mut lines = run.stdout.lines().skip_while(|line| !heading(line));
        let Some(heading) = lines.next() else { continue };
        jobs::claim_table(lines, &path, ledger);
        let name = heading.trim_start_matches("Jobs of ").split(" (").next().unwrap_or_default();
        let name = (name != "a project whose path is not known").then(|| name.to_owned());
        ledger.claim(About::Path, contract::shown(&place.folder), source, [Fact::Path(name)]);
    }
    entries::claim_told_to_people(&run.stdout, &compared(repository), ledger);
}

/// `--for`, against the same question among many.
fn asked_one(question: &Question, answers: &Answers, (run, for_people): (&Run, &Run), ledger: &mut Ledger) {
    let Some(answer) = answers.get(question) else { return };
    if rows::is_no_such_project(answer) {
        // It is a mistake to ask for one project that the inventory does not have.
        for (run, source) in [(run, Source::AccessFor), (for_people, Source::AccessForForPeople)] {
            if run.status != Some(2) || !run.stderr.contains("the inventory has no project") {
                ledger.fault(source, format!("the inventory has no {}: {}", question.project, run.complaint()));
            }
        }
        return;
    }
    if is_done(run, Source::AccessFor, ledger) {
        match run.lines().as_deref() {
            Ok([line]) => ledger.claim(About::Rows, question.to_string(), Source::AccessFor, [rows::fact(line)]),
            _ => ledger.fault(Source::AccessFor, &run.stdout),
        }
    }
    if is_done(for_people, Source::AccessForForPeople, ledger) {
        // The heading says who was asked about, within the width of a line.
        let heading = for_people.stdout.split(":\n").next().unwrap_or_default();
        let heading = heading.split_whitespace().collect::<Vec<_>>().join(" ");
        if heading != format!("Jobs of {}", question.in_words()) {
            ledger.fault(Source::AccessForForPeople, format!("asked about a {question}, it speaks of: {heading}"));
        }
        let tells = !for_people.stdout.contains("no agent's configuration names this project");
        let subject = format!("{question}, as a whole");
        ledger.claim(About::Gets, &subject, Source::AccessForForPeople, [Fact::TellsOfAgents(tells)]);
        let rows = ["allowed", "denied", "unknown"].into_iter().flat_map(|list| answer[list].as_array());
        let tells = rows.flatten().next().is_some();
        ledger.claim(About::Gets, &subject, Source::AccessQueries, [Fact::TellsOfAgents(tells)]);
    }
}

/// A file that is named twice is one file.
fn asked_twice(repository: &Repository, caller: &Caller<'_>, (check, access): &(Run, Run), ledger: &mut Ledger) {
    let Some((config, _)) = twice(repository) else { return };
    if is_done(check, Source::CheckTwice, ledger)
        && let Ok(report) = serde_json::from_str(&check.stdout)
    {
        let findings = Findings::of_check(&report, caller);
        ledger.claim(About::File, &config.path, Source::CheckTwice, findings.verdict(&config.path));
        claim_once("the same finding at the same place", findings.most(), Source::CheckTwice, ledger);
        reports::told_projects(
            repository,
            caller,
            (check, Source::CheckTwice),
            std::slice::from_ref(&config.place),
            ledger,
        );
    }
    if is_done(access, Source::AccessTwice, ledger) {
        pictures(access, Source::AccessTwice, std::slice::from_ref(&config), ledger);
        reports::told_projects(
            repository,
            caller,
            (access, Source::AccessTwice),
            std::slice::from_ref(&config.place),
            ledger,
        );
    }
}

/// Starts an editor and opens every file.
fn open(repository: &Repository, caller: &Caller<'_>) -> Editor {
    let mut editor = Editor::start(caller);
    for path in repository.documents() {
        let text = std::fs::read_to_string(caller.top().join(&path)).expect("a file");
        editor.open(&path, &text);
    }
    editor
}

/// The diagnostics once configurations and CI files were emptied and have their texts again.
fn edited(editor: &mut Editor, repository: &Repository, caller: &Caller<'_>) -> Findings {
    let is_edited = |path: &String| path.ends_with(".gitlab-ci.yml") || path.contains(".gitlab/agents/");
    let texts = repository.documents().into_iter().filter(is_edited).map(|path| {
        let text = std::fs::read_to_string(caller.top().join(&path)).expect("a file");
        (path, text)
    });
    let texts: Vec<(String, String)> = texts.collect();
    editor.change(texts.iter().map(|(path, _)| (path.as_str(), "")));
    editor.diagnostics();
    editor.change(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    Findings::of_editor(editor.diagnostics(), caller)
}

/// The diagnostics as findings; every page that one of them links to has to be there.
fn diagnosed(editor: &mut Editor, caller: &Caller<'_>, ledger: &mut Ledger) -> Findings {
    let diagnostics = editor.diagnostics().clone();
    let links = diagnostics.values().flatten().filter_map(|one| one["codeDescription"]["href"].as_str());
    for link in links.collect::<BTreeSet<&str>>() {
        ledger.claim(About::Page, link, Source::Editor, [Fact::Page(true)]);
        let page = editor.page(link).is_ok_and(|page| !page.trim().is_empty());
        ledger.claim(About::Page, link, Source::Page, [Fact::Page(page)]);
    }
    Findings::of_editor(&diagnostics, caller)
}

fn ask_hovers(
    (editor, caller): (&mut Editor, &Caller<'_>),
    selected: &[Selected],
    configs: &[Config<'_>],
    ledger: &mut Ledger,
) {
    for one in selected {
        let text = std::fs::read_to_string(caller.top().join(&one.path)).expect("a file");
        let line = text.lines().nth(one.line - 1).unwrap_or_default();
        let column = line.find("use-context ").map(|at| at + "use-context ".len() + 1);
        let told = column.and_then(|column| editor.hover(&one.path, one.line - 1, column));
        match told {
            Some(told) => hovers::claim(&told, one, configs, ledger),
            None => ledger.fault(Source::Hover, format!("nothing over {} in {}:{}", one.context, one.path, one.line)),
        }
    }
}

/// With a mistake in settings or inventory nothing is answered, and all say so.
fn ask_with_flaw(repository: &Repository, caller: &Caller<'_>, ledger: &mut Ledger) {
    let is_inventory = repository.inventory.as_ref().is_some_and(|inventory| inventory.is_flawed);
    let is_settings = repository.settings.as_ref().is_some_and(|settings| settings.is_flawed);
    let flawed = [(is_settings, "invalid-settings"), (is_inventory, "invalid-inventory")];
    let flawed: Vec<&'static str> =
        flawed.into_iter().filter(|(is_flawed, _)| *is_flawed).map(|(_, rule)| rule).collect();
    let rules = || flawed.iter().map(|rule| Fact::Unusable(rule));
    let subject = "with a mistake";
    ledger.claim(About::Usable, subject, Source::Contract, rules());
    let is_here = |config: &Config<'_>| !repository.is_root_of_file_open(&config.place);
    let files: Vec<String> = repository.configs().into_iter().filter(is_here).map(|config| config.path).collect();
    let mut runs = vec![
        (Source::Check, caller.on_repository("check", &["--format", "json"])),
        (Source::Access, caller.on_repository("access", &["--format", "json"])),
        (Source::AccessJobs, caller.on_repository("access", &["--format", "json", "--jobs"])),
    ];
    if !files.is_empty() {
        runs.push((Source::Decode, caller.on_files("decode", &["--format", "json"], &files)));
    }
    for (source, run) in runs {
        match run.status {
            Some(2) => ledger.claim(About::Usable, subject, source, rules()),
            _ => ledger.claim(About::Usable, subject, source, [Fact::Usable]),
        }
    }
    let mut editor = open(repository, caller);
    let findings = diagnosed(&mut editor, caller, ledger);
    let settings = repository.settings_path().map(|path| (path, "invalid-settings"));
    let inventory = repository.inventory.as_ref().map(|_| (crate::repository::INVENTORY, "invalid-inventory"));
    let told: Vec<Fact> = settings
        .into_iter()
        .chain(inventory)
        .filter(|(path, rule)| findings.has(path, rule))
        .map(|(_, rule)| Fact::Unusable(rule))
        .collect();
    let told = if told.is_empty() { vec![Fact::Usable] } else { told };
    ledger.claim(About::Usable, subject, Source::Editor, told);
    editor.shut_down();
}

/// A query as a line of a file of queries.
impl Question {
    fn to_json(&self) -> Json {
        json!({"project": self.project, "environment": self.environment, "protected": self.protected})
    }
}

/// All verdicts of one kind on the refs of a job.
pub fn together(gets: &[Gets]) -> Option<Gets> {
    let (first, others) = gets.split_first()?;
    Some(match others.iter().all(|other| other == first) {
        true => *first,
        false if gets.contains(&Gets::FileRefused) => Gets::FileRefused,
        false => Gets::Depends,
    })
}
