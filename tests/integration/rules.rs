//! Tests of the table of rules itself, of every rule's examples, and of the page made from the doc comments.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use kaslint::access::jobs::CiProject;
use kaslint::agent_config::location::{Location, locate};
use kaslint::analysis::{Subject, analyse, analyse_with};
use kaslint::ci::{FileContent, Files, Globbed, Pipeline};
use kaslint::diagnostic::{Finding, Level, Selection};
use kaslint::diagnostic::{RuleInfo, Topic};
use kaslint::gitlab::{FullPath, NEWEST, Version};
use kaslint::inventory::Inventory;
use kaslint::project::settings::Settings;
use kaslint::project::{AgentFile, Context, Input, InputContent, OrganisationSchema, Project};
use kaslint::rules::{self, Described, FileContext, Findings, RULES, Rule};
use kaslint::source::Source;

use crate::common::{CONFIG, folder_with, kaslint, kaslint_with_input, root};

fn infos() -> Vec<&'static RuleInfo> {
    RULES.iter().map(|rule| rule.info()).collect()
}

#[test]
fn the_table_is_sorted_and_without_double_names() {
    let names: Vec<&str> = infos().iter().map(|info| info.name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted);
}

#[test]
fn rules_are_named_and_documented() {
    for info in infos() {
        let is_kebab =
            info.name.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()));
        assert!(is_kebab, "{}", info.name);
        assert!(info.summary().ends_with('.') && info.summary().len() < 110, "{}: {}", info.name, info.summary());
        let page = info.markdown();
        for part in ["Source:", "## Bad", "## Good", "## How to fix"] {
            assert!(page.contains(part), "{} has no `{part}`", info.name);
        }
        let file = root().join(format!("src/rules/{}.rs", info.name.replace('-', "_")));
        assert!(file.exists(), "{} has no file of its own", info.name);
    }
}

/// A fenced block of a rule's documentation: what it is, and the options on the line that opens it.
struct Block {
    kind: String,
    options: Vec<(String, String)>,
    text: String,
}

impl Block {
    fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The blocks under a heading: an agent's configuration, `yaml ci` for a CI file, `yaml inventory` for an inventory.
fn example(info: &RuleInfo, heading: &str) -> Vec<Block> {
    let page = info.markdown();
    let part = page.split(&format!("## {heading}\n")).nth(1).expect("the heading");
    let part = part.split("\n## ").next().expect("an end");
    let block = |block: &str| {
        let (words, rest) = block.split_once('\n').expect("a line");
        let mut block = Block {
            kind: "agent".to_owned(),
            options: Vec::new(),
            text: rest.split("```").next().expect("an end").to_owned(),
        };
        for word in words.split_whitespace() {
            match word.split_once('=') {
                Some((name, value)) => block.options.push((name.to_owned(), value.to_owned())),
                None => block.kind = word.to_owned(),
            }
        }
        block
    };
    let blocks: Vec<Block> = part.split("```yaml").skip(1).map(block).collect();
    assert!(!blocks.is_empty(), "{}: no block under {heading}", info.name);
    blocks
}

/// A repository that holds a CI file alone.
struct OnlyCiFile(Arc<Source>);

impl Files for OnlyCiFile {
    fn read(&self, path: &str) -> FileContent {
        if path == ".gitlab-ci.yml" { FileContent::Text(Arc::clone(&self.0)) } else { FileContent::Missing }
    }

    fn glob(&self, _pattern: &str) -> Globbed {
        Globbed { paths: Vec::new(), is_whole: true }
    }
}

fn context_of(block: &Block, inventory: Option<&Arc<Inventory>>) -> Context {
    let mut context = Context { inventory: inventory.map(Arc::clone), ..Context::default() };
    context.tier = inventory.and_then(|inventory| inventory.instance().tier);
    for (name, value) in &block.options {
        match name.as_str() {
            "gitlab-version" => {
                context.version = value.parse().expect("a version");
                context.is_release_assumed = false;
            }
            "project" | "of" => context.project = Some(FullPath::new(value)),
            "tier" => context.tier = Some(value.parse().expect("a tier")),
            "instance-authorization" => context.instance_authorization = Some(value == "true"),
            "schema" => {
                let schema = OrganisationSchema::read("our.schema.json", value).expect("a schema");
                context.schemas = Arc::new(vec![schema]);
            }
            "path" | "size" | "repeat" => {}
            other => panic!("unknown option {other}"),
        }
    }
    context
}

fn input_of(block: &Block) -> Input {
    let path = block.option("path").unwrap_or(CONFIG);
    let mut text = block.text.clone();
    if let Some(count) = block.option("repeat") {
        let (head, entry) = text.rsplit_once("    -").expect("an entry");
        let entries: String = (0..count.parse().expect("a count"))
            .map(|number: usize| format!("    -{}", entry.replace("{n}", &number.to_string())))
            .collect();
        text = format!("{head}{entries}");
    }
    let size = block.option("size").map(|size| InputContent::TooLarge(size.parse().expect("a size")));
    let location = locate(&path.split('/').collect::<Vec<_>>()).unwrap_or(Location::Loose);
    Input::without_text(location, Arc::new(Source::new(path, text)), size.unwrap_or(InputContent::Text))
}

/// Analyses an example. The agents of a CI file's own project stand in the same project.
fn findings_of(info: &RuleInfo, blocks: &[Block]) -> Vec<&'static str> {
    findings_at(info, blocks, None)
}

/// The same by the rules of a release, whichever the example names.
fn findings_at(info: &RuleInfo, blocks: &[Block], release: Option<Version>) -> Vec<&'static str> {
    findings_in(info, blocks, release).iter().map(|finding| finding.rule.name).collect()
}

fn findings_in(info: &RuleInfo, blocks: &[Block], release: Option<Version>) -> Vec<Finding> {
    let inventory = blocks.iter().find(|block| block.kind == "inventory").map(|block| {
        let loaded = kaslint::inventory::read(&Source::new("inventory.yaml", block.text.as_str()));
        assert!(loaded.problems.is_empty(), "{}: {:?}", info.name, loaded.problems);
        Arc::new(loaded.inventory)
    });
    let mut selection = Selection::default();
    if info.is_off {
        selection.levels.push((info.name.to_owned(), Level::On(info.severity)));
    }
    let policies = blocks.iter().find(|block| block.kind == "settings").map(|block| {
        let source = Arc::new(Source::new(".kaslint.yaml", block.text.as_str()));
        Settings::read(&source, rules::TABLE).expect("settings").policies
    });
    let mut projects: Vec<Subject> = Vec::new();
    for block in blocks.iter().filter(|block| !["inventory", "settings"].contains(&&*block.kind)) {
        let mut context = context_of(block, inventory.as_ref());
        context.policies = policies.clone().unwrap_or_default();
        if let Some(release) = release {
            (context.version, context.is_release_assumed) = (release, false);
        }
        let same = projects.iter().position(|subject| subject.project.context.project == context.project);
        let project = match same {
            Some(same) => &mut projects[same],
            None => {
                projects.push(Subject::new(Project::new(Vec::new(), context.clone()), selection.clone()));
                projects.last_mut().expect("a project")
            }
        };
        if block.kind == "ci" {
            let files = OnlyCiFile(Arc::new(Source::new(".gitlab-ci.yml", block.text.as_str())));
            let path = context.project.as_ref().map(FullPath::as_str);
            let facts = CiProject::of(path, context.inventory.as_deref(), context.version).facts;
            project.set_pipeline(Some(Pipeline::read(".gitlab-ci.yml", &files, &facts)));
        } else {
            let mut with_input = (*project.project).clone();
            with_input.inputs.push(input_of(block));
            project.replace(Arc::new(with_input), false);
        }
    }
    analyse(&projects).into_iter().flat_map(|analysis| analysis.findings).collect()
}

/// How far editors show a message in a line.
const SHOWN: usize = 60;

/// What a message says in this many characters that GitLab, or another program, does with a value: one of these stands there.
const DOES: [&str; 44] = [
    "GitLab",
    "restricts nothing",
    "no agent's context",
    "the agent",
    "kubectl",
    "the server",
    "dropped",
    "drops",
    "refuse",
    "reject",
    "lets",
    "let in",
    "gets in",
    "get in",
    "gets no",
    "gives no",
    "no rights",
    "shows nobody",
    "makes no",
    "never",
    "loses",
    "act as",
    "may do",
    "passes for",
    "bind",
    "bound",
    "fail",
    "turns to",
    "has no context",
    "selects no",
    "no context",
    "no agent",
    "regular expression",
    "matches",
    "hides",
    "breaks",
    "set by no file",
    "not given",
    "use it",
    "not registered",
    "not set",
    "Kubernetes keeps",
    "need",
    "open to",
];

/// Messages about a file as such, or of which there is no value that could be shown.
const WITHOUT_VALUE: [&str; 15] = [
    "the file has ",
    "this is ",
    "git left the markers",
    "a kubeconfig lies",
    "the token ",
    "this comment ",
    "This is no YAML",
    "GitLab reads only the first YAML document",
    "an object alone ",
    "the template ",
    "a key ",
    "a second colon ",
    "YAML cannot be indented",
    "kubectl 1.27.",
    "jobs of ",
];

/// Holds a message to what an editor shows of it: the value, and that something is done with it.
fn value_comes_first(rule: &str, message: &str) {
    let shown: String = message.chars().take(SHOWN).collect();
    if !WITHOUT_VALUE.iter().any(|start| message.starts_with(start)) {
        let begins = shown.chars().position(|character| character == '`');
        assert!(begins.is_some_and(|at| at <= 20), "{rule}: no value at the beginning of {message:?}");
        let ends = message.chars().enumerate().filter(|(_, character)| *character == '`').nth(1).map(|(at, _)| at);
        assert!(ends.is_some_and(|at| at < SHOWN - 12), "{rule}: nothing behind the value in {shown:?}");
    }
    let is_told = DOES.iter().any(|word| shown.contains(word)) || UNSURE.contains(&rule);
    assert!(is_told, "{rule}: what is done with the value comes late: {shown:?}");
}

/// Rules some of whose findings are about what is wrong and not about what comes of it: sources do not tell, or it is what the job meets.
const UNSURE: [&str; 7] = [
    "environment-template",
    "invalid-ci-file",
    "kube-cache-unwritable",
    "malformed-context",
    "manual-credentials",
    "repeated-extra-key",
    "unknown-context",
];

#[test]
fn what_editors_show_of_a_message_names_the_value_and_what_is_done_with_it() {
    for info in infos() {
        for finding in findings_in(info, &example(info, "Bad"), None) {
            value_comes_first(info.name, &finding.message);
        }
    }
    let folders = ["demo", "environment-templates", "jobs"].map(|name| root().join("fixtures").join(name));
    for folder in folders {
        for finding in kaslint(&folder, &["check", "--format", "json"]).json()["findings"].as_array().expect("findings")
        {
            let text = |key: &str| finding[key].as_str().expect("a text");
            value_comes_first(text("rule"), text("message"));
        }
    }
}

#[test]
fn a_long_value_is_shortened_so_that_what_is_done_with_it_is_shown() {
    let id = format!("globex/{}shop", "deep/".repeat(30));
    let config = format!("ci_access:\n  projects:\n    - id: {id}\n");
    let found =
        kaslint_with_input(root(), &["check", "-", "--project", "acme/agents", "--format", "json"], config.as_bytes());
    let message = found.json()["findings"][0]["message"].as_str().expect("a message").to_owned();
    assert!(message.starts_with("`globex/deep/deep/…eep/deep/deep/shop` is dropped without a word"), "{message}");
}

#[test]
fn what_is_proposed_is_written_by_a_fix() {
    let folders = ["demo", "environment-templates", "jobs", "lsp"].map(|name| root().join("fixtures").join(name));
    for folder in folders {
        for finding in kaslint(&folder, &["check", "--format", "json"]).json()["findings"].as_array().expect("findings")
        {
            let proposed =
                finding["help"].as_str().and_then(|help| help.strip_prefix("did you mean `")?.split('`').next());
            let Some(proposed) = proposed.filter(|_| finding["rule"] != "unregistered-agent") else { continue };
            let title = finding["fix"]["title"].as_str().unwrap_or_default();
            assert!(title.contains(proposed), "{}: {} has no fix", finding["rule"], finding["help"]);
            assert_eq!(finding["fix"]["safety"], "unsafe");
        }
    }
}

#[test]
fn bad_examples_give_their_rule_and_good_ones_nothing() {
    for info in infos() {
        let bad = findings_of(info, &example(info, "Bad"));
        assert!(!bad.is_empty() && bad.iter().all(|name| *name == info.name), "{}: {bad:?}", info.name);
        let good = findings_of(info, &example(info, "Good"));
        assert!(good.is_empty(), "{}: {good:?}", info.name);
    }
}

/// The releases in which the bad example of a rule is one, as its page states them in a line of its own: `Releases: from 15.7.`, `Releases: up to 18.9,
/// perhaps up to 19.4.`; all where it has no such line.
#[derive(Debug)]
struct Releases {
    from: Option<Version>,
    up_to: Option<Version>,
    perhaps_up_to: Option<Version>,
    named: Vec<Version>,
}

impl Releases {
    fn of(info: &RuleInfo) -> Self {
        let page = info.markdown();
        let line = page.lines().find_map(|line| line.strip_prefix("Releases: ")).unwrap_or_default();
        let behind = |words: &str| -> Option<Version> {
            let rest = line.split_once(words)?.1;
            let number: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            Some(number.trim_end_matches('.').parse().expect("a release"))
        };
        let (from, perhaps_up_to) = (behind("from "), behind("perhaps up to "));
        let up_to = behind("up to ");
        let named = [from, up_to, perhaps_up_to].into_iter().flatten().collect();
        assert_eq!(line.is_empty(), from.is_none() && up_to.is_none(), "{}: {line}", info.name);
        Self { from, up_to, perhaps_up_to, named }
    }

    /// Whether the example is one in a release; `None` for perhaps.
    fn include(&self, release: Version) -> Option<bool> {
        let is_before = self.from.is_some_and(|from| release < from);
        let is_behind = self.up_to.is_some_and(|up_to| release > up_to);
        match (is_before || is_behind, self.perhaps_up_to) {
            (false, _) => Some(true),
            (true, Some(perhaps)) if release <= perhaps => None,
            _ => Some(false),
        }
    }
}

#[test]
fn examples_are_what_they_are_in_the_releases_that_the_page_states() {
    let file = |path: &str| std::fs::read_to_string(root().join(path)).expect("a file");
    let known = file("src/gitlab/releases.rs") + &file("src/agent_config/keys.rs");
    let mut faults = String::new();
    for info in infos() {
        let stated = Releases::of(info);
        for release in &stated.named {
            // The release before the one that is named there will do as well.
            let pair = |minor: u16| format!("({}, {minor}", release.major);
            assert!(
                known.contains(&pair(release.minor)) || known.contains(&pair(release.minor + 1)),
                "{}: {release}",
                info.name
            );
        }
        for (major, minor) in [(15, 0), (17, 0), (18, 9), (19, 0), (NEWEST.major, NEWEST.minor)] {
            let release = Version::new(major, minor);
            let speaks = |heading| findings_at(info, &example(info, heading), Some(release)).contains(&info.name);
            if stated.include(release).is_some_and(|is_stated| is_stated != speaks("Bad")) {
                writeln!(faults, "{}: bad at {release}: {}; {stated:?}", info.name, speaks("Bad")).expect("a line");
            }
            // A good example may take a release.
            let good_from = example(info, "Good").iter().find_map(|block| block.option("gitlab-version")?.parse().ok());
            if good_from.is_none_or(|from: Version| release >= from) && speaks("Good") {
                writeln!(faults, "{}: good at {release} is not", info.name).expect("a line");
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn the_rules_page_is_made_from_the_doc_comments() {
    let mut page = String::from(
        "# Rules\n\nMade from the doc comments of `src/rules/` (`KASLINT_UPDATE=1 cargo test the_rules_page` writes it anew). `kaslint rules NAME` prints one of them.\n",
    );
    for topic in Topic::ALL {
        let rules: Vec<&RuleInfo> = rules::TABLE.iter().filter(|info| info.topic == topic).collect();
        if rules.is_empty() {
            continue;
        }
        writeln!(page, "\n## {}\n", topic.title()).expect("a line");
        for info in &rules {
            writeln!(page, "- [`{0}`](#{0}) ({1}): {2}", info.name, info.level(), info.summary()).expect("a line");
        }
        for info in rules {
            let text = info.markdown().replace("\n## ", "\n#### ");
            let needs: Vec<&str> = info.needs.iter().map(|need| need.option()).collect();
            let needs = if needs.is_empty() { String::new() } else { format!(" Needs {}.", needs.join(", ")) };
            let off = if info.is_off { " Off unless settings or `--select` turn it on." } else { "" };
            writeln!(page, "\n### {}\n\nSeverity: {}.{off}{needs}\n\n{}", info.name, info.severity, text.trim_end())
                .expect("a line");
        }
    }
    same_as_file(&root().join("docs/rules.md"), &page);
}

/// Compares with a generated file, or writes it where `KASLINT_UPDATE` is set.
pub fn same_as_file(path: &Path, expected: &str) {
    if std::env::var_os("KASLINT_UPDATE").is_some() {
        std::fs::write(path, expected).expect("a written file");
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "{} is out of date: set KASLINT_UPDATE=1 and run this test", path.display());
}

/// A rule that fails, for the test below.
struct Failing;

static FAILING: RuleInfo = RuleInfo {
    name: "failing",
    severity: kaslint::diagnostic::Severity::Error,
    topic: Topic::Linter,
    needs: &[],
    is_off: false,
    tag: None,
    doc: "Fails.",
};

impl Described for Failing {
    fn info(&self) -> &'static RuleInfo {
        &FAILING
    }
}

impl Rule for Failing {
    fn check_file(&self, _file: &AgentFile, _cx: &FileContext<'_>, _findings: &mut Findings) {
        panic!("as meant");
    }
}

#[test]
fn a_failing_rule_hides_no_other() {
    let text = "ci_acces: {}\n";
    let location = Location::Config { agent: "prod".to_owned() };
    let input = Input::text(location, Arc::new(Source::new(CONFIG, text)));
    let project = Subject::new(Project::new(vec![input], Context::default()), Selection::default());
    let mut rules: Vec<&dyn Rule> = vec![&Failing];
    rules.extend(RULES);
    let analysis = analyse_with(&[project], &rules).remove(0);
    let names: Vec<&str> = analysis.findings.iter().map(|finding| finding.rule.name).collect();
    assert_eq!(names, ["internal-error", "unknown-key"]);
    assert!(analysis.has_internal_error);
}

#[test]
fn a_name_with_a_blank_is_no_name_of_kubernetes() {
    let said = ["system:masters", "'system:masters '"].map(|group| {
        let text = format!(
            "ci_access: {{projects: [{{id: acme/a, access_as: {{impersonate: {{username: u, groups: [{group}]}}}}}}]}}\n"
        );
        let folder = folder_with(&[(CONFIG, text.as_bytes())]);
        kaslint(folder.path(), &["check", "--select", "privileged-impersonation", "--format", "concise", "-q"]).stdout
    });
    assert!(said[0].contains("[privileged-impersonation]") && said[1].is_empty(), "{said:?}");
}

#[test]
fn what_no_value_leaves_hangs_on_the_release() {
    let folder = folder_with(&[(CONFIG, b"user_access:\n  access_as:\n  projects: [{id: acme/a}]\n")]);
    let said = ["18.2", "18.3"].map(|version| {
        let arguments = ["check", "--select", "null-value", "--format", "concise", "-q", "--gitlab-version", version];
        kaslint(folder.path(), &arguments).stdout
    });
    insta::assert_snapshot!(said.join(""));
}
