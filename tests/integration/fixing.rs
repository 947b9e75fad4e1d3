//! Laws of fixes, and rules that are made to break them.

use std::sync::Arc;

use kaslint::access::{self, World};
use kaslint::agent_config::AgentConfig;
use kaslint::agent_config::location::Location;
use kaslint::analysis::{Subject, analyse};
use kaslint::diagnostic::Selection;
use kaslint::diagnostic::{Finding, Safety, Severity};
use kaslint::diagnostic::{RuleInfo, Topic};
use kaslint::diff::{Sides, Verdict, compare};
use kaslint::fixing::{self, FILE_COUNTS, Fixed, Request};
use kaslint::gitlab::NEWEST;
use kaslint::project::files::Memory;
use kaslint::project::{AgentFile, Context, Input, Project, Steps};
use kaslint::rules::{Described, FileContext, Findings, RULES, Rule};
use kaslint::source::{Source, Span};
use proptest::prelude::*;

use crate::common::CONFIG;
use crate::properties::{self, mutated};

fn fixed_with(text: &str, up_to: Safety, rules: &[&dyn Rule]) -> Fixed {
    let location = Location::Config { agent: "prod".to_owned() };
    let input = Input::text(location, Arc::new(Source::new(CONFIG, text)));
    let project = Subject::new(Project::new(vec![input], Context::default()), Selection::default());
    let request = Request {
        up_to,
        may_change: &|_, path| path == CONFIG,
        files: &Memory::default(),
        steps: &Steps::default(),
        tell: kaslint::diff_report::sentences,
    };
    fixing::fix_with(vec![project], rules, &request)
}

fn text_of(fixed: &Fixed) -> &str {
    fixed.subjects[0].project.inputs[0].source.text()
}

fn config(text: &str) -> AgentConfig {
    AgentConfig::read(&Source::new(CONFIG, text), NEWEST)
}

/// Configurations with mistakes that have fixes, in many combinations.
fn generated() -> impl Strategy<Value = String> {
    let id = prop::sample::select(vec![
        "a/b",
        "A/b",
        "https://gitlab.com/a/b.git",
        "c/d/",
        "2024/",
        "a/b:prod",
        "12",
        "\"a//b\"",
        "'e/f'",
    ]);
    let more = prop::sample::select(vec![
        "",
        "environments: []",
        "environments: prod # one",
        "environments: [on, 'x', 1.10]",
        "environments: review/{x}",
        "environments:",
        "Environments: [x?y]",
        "access_as: {ci_job: true}",
        "access_as: {ci_job: }",
        "access_as: agent",
        "protected-branches-only: \"yes\"",
        "default_namespace: 12\n      default_namespace: 12",
    ]);
    let top = prop::sample::select(vec![
        "",
        "observability: {logging: {level: INFO}}\n",
        "gitops: {}\n",
        "flux:\n",
        "user_access: {projects: a/b, access_as: agent}\n",
        "{\"x\":1}: y\n",
    ]);
    let entry = (id, more, prop::bool::ANY);
    let key = prop::sample::select(vec!["projects", "project", "Projects", "groups"]);
    let lists = prop::collection::vec((key, prop::collection::vec(entry, 1..5)), 1..3);
    let line_end = prop::sample::select(vec!["\n", "\r\n"]);
    (lists, top, prop::bool::ANY, line_end).prop_map(|(lists, top, flow, line_end)| {
        let mut text = format!("# Who gets in.\n{top}ci_access:\n");
        for (key, entries) in lists {
            text.push_str(&format!("  {key}:{}\n", if flow { " [" } else { "" }));
            for (id, more, with_comment) in entries {
                let comment = if with_comment { " # why" } else { "" };
                if flow {
                    let more = more.split('\n').next().unwrap_or_default();
                    let more = more.split(" #").next().unwrap_or_default();
                    let comma = if more.is_empty() { "" } else { ", " };
                    text.push_str(&format!("    {{id: {id}{comma}{more}}},\n"));
                } else {
                    text.push_str(&format!("    - id: {id}{comment}\n"));
                    if !more.is_empty() {
                        text.push_str(&format!("      {more}\n"));
                    }
                }
            }
            if flow {
                text.push_str("  ]\n");
            }
        }
        text.replace('\n', line_end)
    })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![mutated(), generated()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// What was accepted stays accepted, and a second time changes nothing.
    #[test]
    fn fixes_refuse_nothing_and_come_to_an_end(text in any_text(), all in prop::bool::ANY) {
        let up_to = if all { Safety::Unsafe } else { Safety::Safe };
        let fixed = fixed_with(&text, up_to, RULES);
        let after = text_of(&fixed);
        let (before, now) = (config(&text), config(after));
        if before.refused_at().is_none() {
            prop_assert_eq!(now.refused_at(), None, "{}", after);
        }
        let again = fixed_with(after, up_to, RULES);
        prop_assert_eq!(text_of(&again), after);
        // What could be fixed is, or it is said why not.
        let is_meant = |finding: &&Finding| finding.fix.as_ref().is_some_and(|fix| all || fix.safety == Safety::Safe);
        let left: Vec<&str> = fixed.analyses[0].findings.iter().filter(is_meant).map(|finding| finding.rule.name).collect();
        prop_assert!(left.is_empty() || !fixed.remarks.is_empty(), "{:?} {}", left, after);
    }

    /// Lines that no edit touches stay as they are, and so do line ends.
    #[test]
    fn safe_fixes_keep_the_other_lines(text in generated()) {
        // Without rules that take lines out, the lines before and after are the same in number.
        let rules: Vec<&dyn Rule> =
            RULES.iter().copied().filter(|rule| !rule.info().name.starts_with("duplicate-")).collect();
        let source = Source::new(CONFIG, text.as_str());
        let fixed = fixed_with(&text, Safety::Safe, &rules);
        let before: Vec<&str> = text.split_inclusive('\n').collect();
        let after: Vec<&str> = text_of(&fixed).split_inclusive('\n').collect();
        prop_assert_eq!(before.len(), after.len());
        let findings = properties::analysis_of(&text).findings;
        let edits = findings.iter().filter_map(|finding| finding.fix.as_ref()).flat_map(|fix| &fix.edits);
        let touched: Vec<usize> = edits.map(|edit| source.line_index(edit.place.span.start)).collect();
        for (at, (before, after)) in before.iter().zip(&after).enumerate() {
            prop_assert!(before == after || touched.contains(&at), "{} {}", before, after);
            prop_assert_eq!(before.ends_with("\r\n"), after.ends_with("\r\n"));
            prop_assert_eq!(before.split_once(" #").map(|(_, comment)| comment), after.split_once(" #").map(|(_, comment)| comment));
        }
    }
}

/// Ids that name nothing as they are written, beside the others.
fn damaged() -> impl Strategy<Value = String> {
    let ids = prop::sample::select(vec!["/a/b", "a/b.git", "a//b", " c/d ", "e/"]);
    prop_oneof![mutated(), generated(), (generated(), ids).prop_map(|(text, id)| text.replace("a/b", id))]
}

/// What a configuration grants, compared with what another one does, as `kaslint diff` compares two folders; whether nothing differs.
fn lets_the_same_in(before: &AgentConfig, after: &AgentConfig, texts: [&Source; 2]) -> bool {
    let settings = Context::default().access_settings();
    let world = |source, config| {
        let files = vec![access::AgentFile::new(None, "prod", source, config)];
        World { inventory: None, files, settings }.authorize()
    };
    let (base, head) = (world(texts[0], before), world(texts[1], after));
    let diff = compare(&Sides { base: &base, head: &head, in_force: None, settled: &[] });
    diff.changes.is_empty() && diff.unknown.is_empty() && diff.verdict == Verdict::NoNewAccess
}

/// The law of the classes of fixes, for each fix of a text by itself and for all safe ones together.
fn fixes_are_as_safe_as_they_say(text: &str) {
    let location = Location::Config { agent: "prod".to_owned() };
    let source = Arc::new(Source::new(CONFIG, text));
    let input = Input::text(location, Arc::clone(&source));
    let subjects = [Subject::new(Project::new(vec![input], Context::default()), Selection::default())];
    let mut analyses = analyse(&subjects);
    fixing::judge(&subjects, &mut analyses, kaslint::diff_report::sentences);
    let before = config(text);
    let fixed = fixed_with(text, Safety::Safe, RULES);
    let with_all = config(text_of(&fixed));
    for finding in analyses.iter().flat_map(|analysis| &analysis.findings) {
        let Some(fix) = &finding.fix else { continue };
        let mut edits: Vec<_> = fix.edits.iter().collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.place.span.start));
        let mut mended = text.to_owned();
        for edit in edits {
            mended.replace_range(edit.place.span.start..edit.place.span.end, &edit.text);
        }
        let after = config(&mended);
        let said = format!("{} of {}: {:?}\n{mended}", fix.title, finding.rule.name, fix.effect);
        match (before.refused_at(), after.refused_at()) {
            (None, None) => {
                let is_same = lets_the_same_in(&before, &after, [&source, &Source::new(CONFIG, mended.as_str())]);
                assert!(is_same || fix.safety == Safety::Unsafe, "{said}");
                assert_eq!(is_same, fix.effect.is_none(), "{said}");
            }
            (None, Some(_)) => assert_eq!(fix.safety, Safety::Unsafe, "{said}"),
            (Some(_), None) => {
                assert!(fix.effect.as_ref().is_some_and(|effect| effect.starts_with(FILE_COUNTS)), "{said}");
            }
            // With others it may make the file count.
            (Some(_), Some(_)) if fix.effect.as_ref().is_some_and(|effect| effect.starts_with(FILE_COUNTS)) => {
                assert!(fix.safety == Safety::Safe && with_all.refused_at().is_none(), "{said}");
            }
            // What others make count it may change.
            (Some(_), Some(_)) => {
                let is_said = |effect: &String| effect.starts_with("Once GitLab takes the file: ");
                assert!(fix.effect.as_ref().is_none_or(is_said), "{said}");
                assert!(fix.effect.is_none() || fix.safety == Safety::Unsafe, "{said}");
            }
        }
    }
    match (before.refused_at(), with_all.refused_at()) {
        (None, _) => {
            assert!(lets_the_same_in(&before, &with_all, [&source, &Source::new(CONFIG, text_of(&fixed))]), "{text}");
            assert!(fixed.effects.is_empty(), "{:?}", fixed.effects);
        }
        (Some(_), None) => assert_eq!(fixed.effects.len(), 1, "{text}"),
        (Some(_), Some(_)) => assert!(fixed.effects.is_empty(), "{:?}", fixed.effects),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_fix_is_as_safe_as_it_says(text in damaged()) {
        fixes_are_as_safe_as_they_say(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    #[ignore = "minutes; the same with fewer files runs always"]
    fn every_fix_of_10000_files_is_as_safe_as_it_says(text in damaged()) {
        fixes_are_as_safe_as_they_say(&text);
    }
}

macro_rules! test_rule {
    ($rule:ident, $name:literal) => {
        struct $rule;

        impl Described for $rule {
            fn info(&self) -> &'static RuleInfo {
                static INFO: RuleInfo = RuleInfo {
                    name: $name,
                    severity: Severity::Note,
                    topic: Topic::Linter,
                    needs: &[],
                    is_off: false,
                    tag: None,
                    doc: "",
                };
                &INFO
            }
        }
    };
}

fn finding(rule: &dyn Rule, file: &AgentFile) -> Finding {
    Finding::new(rule.info(), &file.source, Span::default(), "")
}

test_rule!(Swing, "swing");

impl Rule for Swing {
    fn check_file(&self, file: &AgentFile, _cx: &FileContext<'_>, findings: &mut Findings) {
        let (from, to) =
            if file.source.text().contains("# left") { ("# left", "# right") } else { ("# right", "# left") };
        if let Some(at) = file.source.text().find(from) {
            findings.report(finding(self, file).fix(Safety::Safe, "Swing", Span::new(at, at + from.len()), to));
        }
    }
}

test_rule!(Grow, "grow");

impl Rule for Grow {
    fn check_file(&self, file: &AgentFile, _cx: &FileContext<'_>, findings: &mut Findings) {
        findings.report(finding(self, file).fix(Safety::Safe, "Grow", Span::empty(file.source.text().len()), "#\n"));
    }
}

test_rule!(Harm, "harm");

impl Rule for Harm {
    fn check_file(&self, file: &AgentFile, _cx: &FileContext<'_>, findings: &mut Findings) {
        for (at, _) in file.source.text().match_indices("id: a/b") {
            let span = Span::new(at + 4, at + 7);
            findings.report(finding(self, file).key("other").fix(Safety::Safe, "Write `x/y`", span, "x/y"));
        }
        if let Some(at) = file.source.text().find("# note") {
            findings.report(finding(self, file).fix(Safety::Safe, "Write a remark", Span::new(at, at + 6), "# remark"));
        }
    }
}

test_rule!(Breaks, "breaks");

impl Rule for Breaks {
    fn check_file(&self, file: &AgentFile, _cx: &FileContext<'_>, findings: &mut Findings) {
        if let Some(at) = file.source.text().find("id: a/b") {
            findings
                .report(finding(self, file).fix(Safety::Unsafe, "Break it", Span::new(at, at + 7), "id: [").changing());
        }
    }
}

const TEXT: &str = "# left\nci_access: {projects: [{id: a/b}]} # note\n";

#[test]
fn fixes_that_come_to_no_end_are_given_up() {
    for rule in [&Swing as &dyn Rule, &Grow] {
        let fixed = fixed_with(TEXT, Safety::Safe, &[rule, &Harm]);
        assert_eq!(text_of(&fixed), TEXT.replace("# note", "# remark"), "{:?}", fixed.remarks);
        assert_eq!(fixed.count(), 1);
        let name = rule.info().name;
        let said = format!("{CONFIG}: the fixes of {name} come to no end and were not made.");
        assert!(fixed.remarks.contains(&said), "{:?}", fixed.remarks);
    }
}

#[test]
fn a_safe_fix_that_changes_what_gitlab_reads_is_not_made() {
    let fixed = fixed_with(TEXT, Safety::Safe, &[&Harm]);
    assert_eq!(text_of(&fixed), TEXT.replace("# note", "# remark"));
    assert_eq!(fixed.remarks.len(), 1);
}

/// The text of a block that ends in a broken line, and an id whose mending takes a file in together with another fix.
#[test]
fn an_id_before_a_broken_line_is_not_mended_unseen() {
    let broken = "i_access:\n  projects:\n  - id: |+\n      a/b\n\n     c";
    fixes_are_as_safe_as_they_say(broken);
    assert_eq!(text_of(&fixed_with(broken, Safety::Safe, RULES)), broken.replace("i_access", "ci_access"));
    fixes_are_as_safe_as_they_say("i_access:\n  projects: [{id: a/b, environments: [*]}]\n");
}

#[test]
fn no_fix_breaks_an_accepted_file() {
    let fixed = fixed_with(TEXT, Safety::Unsafe, &[&Breaks]);
    assert_eq!(text_of(&fixed), TEXT);
    assert!(fixed.files.is_empty() && fixed.remarks[0].contains("a fix of breaks was not made"), "{:?}", fixed.remarks);
}
