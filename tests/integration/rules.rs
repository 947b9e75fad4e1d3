//! Tests of the table of rules itself, of every rule's examples, and of the page made from the doc comments.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use kaslint::analysis::{Level, Project, Selection, analyse, analyse_with};
use kaslint::gitlab::FullPath;
use kaslint::layout::{Location, locate};
use kaslint::rules::{AgentFile, Context, Described, Findings, Input, InputContent, RULES, Rule, RuleInfo, Topic};
use kaslint::source::Source;

use crate::common::{CONFIG, root};

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

/// An example of a rule's documentation: the file that it is about, and what is known beside it.
struct Example {
    options: String,
    text: String,
    inventory: Option<String>,
}

/// The blocks under a heading: the first without a word is the configuration, `yaml inventory` opens an inventory.
fn example(info: &RuleInfo, heading: &str) -> Example {
    let page = info.markdown();
    let part = page.split(&format!("## {heading}\n")).nth(1).expect("the heading");
    let part = part.split("\n## ").next().expect("an end");
    let mut example = Example { options: String::new(), text: String::new(), inventory: None };
    for block in part.split("```yaml").skip(1) {
        let (options, rest) = block.split_once('\n').expect("a line");
        let text = rest.split("```").next().expect("an end").to_owned();
        match options.trim() {
            "inventory" => example.inventory = Some(text),
            options => (example.options, example.text) = (options.to_owned(), text),
        }
    }
    assert!(!example.text.is_empty(), "{}: no block under {heading}", info.name);
    example
}

/// Analyses an example; its options are on the line that opens the block.
fn findings_of(info: &RuleInfo, example: &Example) -> Vec<&'static str> {
    let mut context = Context::default();
    let mut path = CONFIG.to_owned();
    let mut text = example.text.clone();
    let mut content = InputContent::Text;
    for option in example.options.split_whitespace() {
        let (name, value) = option.split_once('=').expect("name=value");
        match name {
            "gitlab-version" => context.version = value.parse().expect("a version"),
            "project" => context.project = Some(FullPath::new(value)),
            "tier" => context.tier = Some(value.parse().expect("a tier")),
            "instance-authorization" => context.instance_authorization = Some(value == "true"),
            "path" => path = value.to_owned(),
            "size" => content = InputContent::TooLarge(value.parse().expect("a size")),
            "repeat" => {
                let (head, entry) = text.rsplit_once("    -").expect("an entry");
                let entries: String = (0..value.parse().expect("a count"))
                    .map(|number: usize| format!("    -{}", entry.replace("{n}", &number.to_string())))
                    .collect();
                text = format!("{head}{entries}");
            }
            other => panic!("unknown option {other}"),
        }
    }
    if let Some(text) = &example.inventory {
        let loaded = kaslint::inventory::read(&Source::new("inventory.yaml", text.as_str()));
        assert!(loaded.problems.is_empty(), "{}: {:?}", info.name, loaded.problems);
        context.inventory = Some(Arc::new(loaded.inventory));
    }
    let location = locate(&path.split('/').collect::<Vec<_>>()).unwrap_or(Location::Loose);
    let input = Input::without_text(location, Arc::new(Source::new(path, text)), content);
    let mut selection = Selection::default();
    if info.is_off {
        selection.levels.push((info.name.to_owned(), Level::On(info.severity)));
    }
    let project = Project::new(vec![input], context, selection);
    analyse(&[project]).remove(0).findings.iter().map(|finding| finding.rule.name).collect()
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

#[test]
fn the_rules_page_is_made_from_the_doc_comments() {
    let mut page = String::from(
        "# Rules\n\nMade from the doc comments of `src/rules/` (`KASLINT_UPDATE=1 cargo test the_rules_page` writes it anew). `kaslint rules NAME` prints one of them.\n",
    );
    for topic in Topic::ALL {
        let rules: Vec<&RuleInfo> = infos().into_iter().filter(|info| info.topic == topic).collect();
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
    severity: kaslint::finding::Severity::Error,
    topic: Topic::Linter,
    needs: &[],
    is_off: false,
    doc: &[" Fails."],
};

impl Described for Failing {
    fn info(&self) -> &'static RuleInfo {
        &FAILING
    }
}

impl Rule for Failing {
    fn check_file(&self, _file: &AgentFile, _context: &Context, _findings: &mut Findings) {
        panic!("as meant");
    }
}

#[test]
fn a_failing_rule_hides_no_other() {
    let text = "ci_acces: {}\n";
    let location = Location::Config { agent: "prod".to_owned() };
    let input = Input::text(location, Arc::new(Source::new(CONFIG, text)));
    let project = Project::new(vec![input], Context::default(), Selection::default());
    let mut rules: Vec<&dyn Rule> = vec![&Failing];
    rules.extend(RULES);
    let analysis = analyse_with(&[project], &rules).remove(0);
    let names: Vec<&str> = analysis.findings.iter().map(|finding| finding.rule.name).collect();
    assert_eq!(names, ["internal-error", "unknown-key"]);
    assert!(analysis.has_internal_error);
}
