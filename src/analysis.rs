//! The one analysis behind the command line, the editor and the pipeline. It does no I/O and reads no clock.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::agent_config::{AgentConfig, CiEntry};
use crate::finding::{Finding, Severity};
use crate::rules::{
    AgentFile, Context, EntryId, Findings, INTERNAL_ERROR, Input, InputContent, Need, RULES, Rule, RuleInfo,
    standing_entries,
};
use crate::secrets;
use crate::source::Span;

/// What a settings file or an option says about a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The rule does not run.
    Off,
    /// Its findings have this severity.
    On(Severity),
}

impl std::str::FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            _ => Severity::ALL.into_iter().find(|severity| severity.name() == text).map(Self::On).ok_or(()),
        }
    }
}

/// Which rules run, and how severe they are.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these rules; empty for all.
    pub only: Vec<String>,
    /// Not these rules.
    pub without: Vec<String>,
    /// Levels by rule name.
    pub levels: Vec<(String, Level)>,
}

impl Selection {
    /// Whether the rule runs.
    #[must_use]
    pub fn runs(&self, rule: &RuleInfo) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == rule.name);
        let is_selected = self.only.is_empty() || named(&self.only);
        let is_on = match self.level(rule) {
            Some(level) => level != Level::Off,
            None => !rule.is_off,
        };
        is_selected && !named(&self.without) && (is_on || named(&self.only))
    }

    fn level(&self, rule: &RuleInfo) -> Option<Level> {
        self.levels.iter().find(|(name, _)| name == rule.name).map(|(_, level)| *level)
    }
}

/// A configuration project with what is known about it.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its agent configurations, and what looks like one.
    pub inputs: Vec<Input>,
    /// What is known about GitLab's side.
    pub context: Context,
    /// Which rules run.
    pub selection: Selection,
}

/// What the analysis of a project gives.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// The findings, in the order of files and places.
    pub findings: Vec<Finding>,
    /// Rules that could not run for want of knowledge, with what they want.
    pub unchecked: Vec<(&'static RuleInfo, Need)>,
    /// How many configurations were found.
    pub files: usize,
    /// Whether a rule failed inside.
    pub has_internal_error: bool,
}

/// Analyses a configuration project with all rules.
#[must_use]
pub fn analyse(project: &Project) -> Analysis {
    analyse_with(project, RULES)
}

/// The same with other rules, for tests of the analysis itself.
#[must_use]
pub fn analyse_with(project: &Project, rules: &[&dyn Rule]) -> Analysis {
    let mut analysis = Analysis::default();
    let rules: Vec<&dyn Rule> = rules.iter().copied().filter(|rule| project.selection.runs(rule.info())).collect();
    // A rule that speaks of something in files runs without regret where no file has it.
    let mut concerned = vec![project.inputs.is_empty(); rules.len()];
    for input in project.inputs.iter().filter(|input| !input.is_context) {
        let file = (input.content == InputContent::Text).then(|| read(input, &project.context));
        let parts = file.as_ref().map(|file| Parts::of(file, &project.context));
        analysis.files += 1;
        for (rule, is_concerned) in rules.iter().zip(&mut concerned) {
            *is_concerned |= file.as_ref().is_none_or(|file| rule.concerns(file));
            let check = || {
                let mut findings = Findings::default();
                run(*rule, input, parts.as_ref(), &project.context, &mut findings);
                findings.into_vec()
            };
            match catch_unwind(AssertUnwindSafe(check)) {
                Ok(findings) => analysis.findings.extend(findings),
                Err(_) => {
                    analysis.has_internal_error = true;
                    let message =
                        format!("the rule `{}` failed inside; what it would say is missing here", rule.info().name);
                    let finding = Finding::new(&INTERNAL_ERROR, &input.source, Span::default(), message);
                    analysis.findings.push(
                        finding.key(rule.info().name).help("please report this, with the file if it can be shown"),
                    );
                }
            }
        }
    }
    for (rule, _) in rules.iter().zip(&concerned).filter(|(_, is_concerned)| **is_concerned) {
        let missing = rule.info().needs.iter().filter(|need| !is_met(**need, &project.context));
        analysis.unchecked.extend(missing.map(|need| (rule.info(), *need)));
    }
    for finding in &mut analysis.findings {
        if let Some(Level::On(severity)) = project.selection.level(finding.rule) {
            finding.severity = severity;
        }
        mask(finding);
    }
    analysis.findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    analysis
}

fn read(input: &Input, context: &Context) -> AgentFile {
    AgentFile {
        source: Arc::clone(&input.source),
        location: input.location.clone(),
        config: AgentConfig::read(&input.source, context.version),
        has_template: input.has_template,
    }
}

/// A file with the parts that rules are shown one by one, gathered once for all rules.
struct Parts<'f> {
    file: &'f AgentFile,
    ids: Vec<EntryId<'f>>,
    entries: Vec<&'f CiEntry>,
}

impl<'f> Parts<'f> {
    fn of(file: &'f AgentFile, context: &Context) -> Self {
        let access = file.config.ci_access.as_ref();
        let entries = access.map(|access| standing_entries(access, context)).unwrap_or_default();
        Self { file, ids: file.config.entry_ids(), entries }
    }
}

fn run(rule: &dyn Rule, input: &Input, parts: Option<&Parts<'_>>, context: &Context, findings: &mut Findings) {
    rule.check_input(input, context, findings);
    let Some(Parts { file, ids, entries }) = parts else { return };
    rule.check_file(file, context, findings);
    for problem in file.config.document.problems() {
        rule.check_syntax(problem, file, findings);
    }
    for problem in &file.config.problems {
        rule.check_problem(problem, file, context, findings);
    }
    for id in ids {
        rule.check_id(id, file, context, findings);
    }
    for entry in entries {
        rule.check_entry(entry, file, context, findings);
    }
}

fn is_met(need: Need, context: &Context) -> bool {
    match need {
        Need::Project => context.project.is_some(),
        Need::Inventory => context.inventory.is_some(),
        Need::InstanceSetting => context.instance_authorization.is_some(),
    }
}

/// Keeps secrets out of what is printed. A change that would have to print one is dropped.
fn mask(finding: &mut Finding) {
    let texts = [&mut finding.message, &mut finding.label, &mut finding.route, &mut finding.key];
    for text in texts.into_iter().chain(&mut finding.help) {
        if let std::borrow::Cow::Owned(masked) = secrets::mask(text) {
            *text = masked;
        }
    }
    if finding.fix.as_ref().is_some_and(|fix| fix.edits.iter().any(|edit| !secrets::find(&edit.text).is_empty())) {
        finding.fix = None;
    }
}
