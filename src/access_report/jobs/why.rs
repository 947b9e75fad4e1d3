//! `--job NAME --why`: one job from its rules to the agents that it sees.

use std::io;

use super::super::human::{paragraph, title as title_of};
use super::super::{AccessReport, why};
use super::Section;
use super::answers::{Answers, may_run};
use super::selects::{self, Granted, Selected, Works};
use crate::access::jobs::{By, JobCase, JobView, StartedBy};
use crate::gitlab::EnvironmentTier;
use crate::outlet::Outlet;
use crate::pipeline_rules::{Certainty, Run};
use crate::source::Place;
use crate::words;

/// How many cases are told in full.
const MOST_CASES: usize = 5;

/// How far decisions stand to the right.
const INDENT: usize = 4;

/// How many names stand in a sentence before the others are counted.
const MOST_NAMES: usize = 4;

pub(super) fn write(section: &Section<'_, '_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let width = section.report.width;
    for (number, job) in section.views().enumerate() {
        if number > 0 {
            out.empty_line()?;
        }
        let name = words::printable(&job.job.name);
        let title = format!("Job {name} of {} ({})", section.project_in_words(), place(&job.job.name_place));
        title_of(out, "", &title, "", width)?;
        for remark in section.remarks(MOST_NAMES) {
            paragraph(out, "  ", &remark, width)?;
        }
        Story { section, job, width }.write(out)?;
    }
    Ok(())
}

struct Story<'s, 'w> {
    section: &'s Section<'s, 'w>,
    job: &'s JobView<'s>,
    width: usize,
}

impl<'s> Story<'s, '_> {
    fn write(&self, out: &mut Outlet<'_>) -> io::Result<()> {
        let cases: Vec<(usize, &'s JobCase)> = self.section.cases(self.job).collect();
        for remark in self.remarks(cases.len()) {
            paragraph(out, "  ", &remark, self.width)?;
        }
        let mut answers = Answers::new(self.section.report, self.section.jobs.project.facts.path.as_deref());
        for &(number, case) in cases.iter().take(MOST_CASES) {
            self.case(number, case, &mut answers, out)?;
        }
        if cases.len() > MOST_CASES {
            let mut names: Vec<String> = cases.iter().skip(MOST_CASES).map(|(_, case)| quoted(&case.name)).collect();
            names.dedup();
            let text = format!(
                "{} more: {}. `--job` with such a name tells it.",
                words::count(cases.len() - MOST_CASES, "case"),
                words::some_of(&names, MOST_NAMES)
            );
            out.empty_line()?;
            paragraph(out, "", &text, self.width)?;
        }
        Ok(())
    }

    fn remarks(&self, cases: usize) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.job.job.is_partial {
            remarks.push("A part of the job is not at hand, or GitLab does not take it.".to_owned());
        }
        if self.job.job.is_conditional {
            remarks.push("A part of the job comes from a file that `include:rules` may keep out.".to_owned());
        }
        if let Some(by) = &self.job.started_by {
            remarks.push(in_child(by));
        }
        match cases {
            0 => remarks.push("It is in no pipeline: no rule lets it in, or `workflow:rules` never does.".to_owned()),
            1 => {}
            cases => remarks.push(format!(
                "It has {}: combinations of its matrix, and kinds of pipelines in which its environment or variables differ.",
                words::count(cases, "case")
            )),
        }
        remarks
    }

    fn case<'j>(
        &self,
        number: usize,
        case: &'j JobCase,
        answers: &mut Answers<'_, '_, 'j>,
        out: &mut Outlet<'_>,
    ) -> io::Result<()>
    where
        's: 'j,
    {
        let selected = selects::selected(self.section, self.job, number, answers);
        let works = selects::works(
            self.section,
            self.job,
            case,
            selected.iter().any(|one| one.selection.by != By::Environment),
        );
        out.empty_line()?;
        title_of(out, "", &self.title(case), "", self.width)?;
        self.fact("environment", &self.environment(case), out)?;
        self.fact("runs on", &case.runs.iter().map(|run| self.run(run)).collect::<Vec<_>>(), out)?;
        self.fact("selects", &self.selections(&selected, &works), out)?;
        for one in selected.iter().filter(|one| one.selection.by == By::Environment) {
            self.environment_agent(one, out)?;
        }
        let on = [(true, "On protected refs"), (false, "On refs that are not protected")];
        let mut told_before: Option<String> = None;
        for (protected, heading) in on {
            if !may_run(case, protected) || !answers.is_project_known() {
                continue;
            }
            let mut text = Vec::new();
            let mut inner = if out.has_tones() { Outlet::new(&mut text) } else { Outlet::without_tones(&mut text) };
            self.agents(case, protected, &selected, &mut inner)?;
            let text = String::from_utf8_lossy(&text).into_owned();
            if told_before.as_ref() == Some(&text) {
                out.paragraph(format_args!("  {heading}: the same."))?;
                continue;
            }
            out.paragraph(format_args!("  {heading}:"))?;
            for line in text.lines() {
                match line.is_empty() {
                    true => out.empty_line()?,
                    false => out.drawn(&format!("    {line}"))?,
                }
            }
            told_before = Some(text);
        }
        Ok(())
    }

    /// The name of a case, and the rule behind it where others have the same name.
    fn title(&self, case: &JobCase) -> String {
        let name = words::printable(&case.name);
        let is_only = self.job.cases.iter().filter(|other| other.name == case.name).count() == 1;
        let rule = case.runs.first().and_then(|run| run.rule);
        match rule.and_then(|at| self.job.job.rules.as_ref()?.get(at)) {
            Some(rule) if !is_only => format!("{name}, let in by the rule at {}", self.place(&rule.place)),
            _ => name,
        }
    }

    /// A label with lines behind it.
    fn fact(&self, label: &str, lines: &[String], out: &mut Outlet<'_>) -> io::Result<()> {
        let mut mark = format!("  {label:13}");
        for line in lines {
            paragraph(out, &mark, line, self.width)?;
            mark = " ".repeat(mark.len());
        }
        Ok(())
    }

    fn environment(&self, case: &JobCase) -> Vec<String> {
        let Some(name) = &case.environment else {
            return vec![match self.job.job.environment {
                Some(_) => "none: its name comes to nothing".to_owned(),
                None => "none".to_owned(),
            }];
        };
        let mut lines = Vec::new();
        if let Some(environment) = &self.job.job.environment {
            let text = environment.name.as_str();
            let from = match environment.in_doubt {
                true => format!(", perhaps {}", quoted(text)),
                false if text == name.to_string() => String::new(),
                false => format!(", from {}", quoted(text)),
            };
            lines.push(format!(
                "{}{from} ({})",
                words::printable(&name.to_string()),
                self.place(&environment.name.place)
            ));
        }
        let open: Vec<String> = name.variables().map(quoted).collect();
        if !open.is_empty() {
            lines.push(format!("what is open: {}", words::some_of(&open, MOST_NAMES)));
        }
        lines.push(match (case.tier, name.as_known()) {
            (Some(tier), _) => format!("tier {tier}, as `deployment_tier` says"),
            (None, Some(name)) => format!("tier {}, as GitLab guesses from the name", EnvironmentTier::guess(name)),
            (None, None) => "its tier hangs on the name".to_owned(),
        });
        lines
    }

    /// `line 7`, or `path:7` in another file than that of the job.
    fn place(&self, of: &Place) -> String {
        if of.is_in(&self.job.job.name_place.source) {
            format!("line {}", of.source.position(of.span.start).line)
        } else {
            place(of)
        }
    }

    fn selections(&self, selected: &[Selected<'_>], works: &[Works]) -> Vec<String> {
        let by_script = selected.iter().filter(|one| one.selection.by != By::Environment);
        let mut lines: Vec<String> = by_script
            .map(|one| {
                let by = match one.selection.by {
                    By::UseContext | By::Environment | By::Value => "",
                    By::Command => " for a command",
                    By::AutoDevops => " by `KUBE_CONTEXT`, for the scripts of Auto DevOps",
                };
                let granted = match one.granted {
                    Granted::Yes => "granted".to_owned(),
                    Granted::No => format!("not granted: {}", one.reason),
                    Granted::Depends => format!("granted {}", one.reason),
                    Granted::Unknown => one.reason.clone(),
                };
                let context = words::printable(&one.selection.context.to_string());
                format!("{context}{by} ({}): {granted}", self.place(&one.selection.place))
            })
            .collect();
        lines.extend(works.iter().map(|works| match works {
            Works::Nothing => "nothing, before a command that talks to a cluster: GitLab chooses no context".to_owned(),
            Works::OwnKubeconfig => "a kubeconfig of its own, which is none of GitLab's".to_owned(),
            Works::HomeKubeconfig => {
                "depends: its own `~/.kube/config` where GitLab sets no `KUBECONFIG`, as for a job that sees no agent".to_owned()
            }
            Works::ShadowedKubeconfig => {
                "nothing of its own `~/.kube/config`: the job sees an agent, so GitLab sets `KUBECONFIG`, and kubectl reads that file alone".to_owned()
            }
            Works::OwnContext(name) => format!("the context `{name}`, which it puts together itself"),
            Works::Unknown => "what cannot be seen: a program or a condition may choose a context".to_owned(),
        }));
        if lines.is_empty() {
            lines.push("nothing, and no command is seen that talks to a cluster".to_owned());
        }
        lines
    }

    /// What the environment gets of the agent that the job names for it.
    fn environment_agent(&self, one: &Selected<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
        let context = words::printable(&one.selection.context.to_string());
        let place = self.place(&one.selection.place);
        let named = format!("{context}, by `environment:kubernetes` ({place}): this selects no context for scripts");
        self.fact("agent", &[named], out)?;
        let by_users = if one.agent.is_some() { "; `ci_access` has no part in it" } else { "" };
        self.fact("dashboard", &[format!("{}{by_users}", one.granted.in_words(&one.reason))], out)?;
        match &one.managed_resources {
            Some(told) => self.fact("resources", &[told.in_words()], out),
            None => Ok(()),
        }
    }

    fn run(&self, run: &Run) -> String {
        let protection = match run.scenario.protected {
            Some(true) => "protected",
            Some(false) => "not protected",
            None => "whether protected is not known",
        };
        let perhaps = if run.in_pipeline == Certainty::Yes { "" } else { "perhaps " };
        let rule = run.rule.and_then(|at| self.job.job.rules.as_ref()?.get(at));
        let rule = rule.map(|rule| format!(" (rule at {})", self.place(&rule.place))).unwrap_or_default();
        format!("{perhaps}{}: {protection}{rule}", words::printable(&run.scenario.to_string()))
    }

    /// The decisions about the agents that the case selects; about all where it selects none that is known.
    fn agents(
        &self,
        case: &JobCase,
        protected: bool,
        selected: &[Selected<'_>],
        out: &mut Outlet<'_>,
    ) -> io::Result<()> {
        let report = &AccessReport { width: self.width.saturating_sub(INDENT), ..*self.section.report };
        let Some(project) = self.section.jobs.project.facts.path.as_deref() else { return Ok(()) };
        let query = case.query(project, Some(protected));
        let mut chosen: Vec<_> = selected.iter().filter_map(|one| one.agent).collect();
        chosen.sort();
        chosen.dedup();
        if report.agent.is_some() || chosen.is_empty() {
            return why::human(report, &report.answer(&query), out);
        }
        for agent in &chosen {
            let context = report.index.agent(*agent).context();
            let of_agent = AccessReport { agent: Some(&context), ..*report };
            why::human(&of_agent, &of_agent.answer(&query), out)?;
        }
        let answer = report.index.query(&query);
        let mut others: Vec<_> =
            answer.allowed.iter().map(|row| row.agent).filter(|agent| !chosen.contains(agent)).collect();
        others.dedup();
        if !others.is_empty() {
            let names: Vec<String> =
                others.iter().map(|agent| words::printable(&report.index.agent(*agent).context())).collect();
            let text = format!(
                "The job sees {} that it does not select: {}. `--agent` explains one of them.",
                words::count(names.len(), if names.len() == 1 { "agent" } else { "other agent" }),
                words::some_of(&names, MOST_NAMES)
            );
            out.empty_line()?;
            paragraph(out, "", &text, report.width)?;
        }
        Ok(())
    }
}

/// "It is in a child pipeline that `deploy` starts (line 7), and runs where that does."
fn in_child(by: &StartedBy) -> String {
    let starts = by.outermost_first().map(|by| {
        let (first, names) = (by.jobs.first(), by.jobs.iter().map(|(name, _)| quoted(name)));
        let names: Vec<String> = names.collect();
        let place = first.map(|(_, of)| format!(" ({})", place(of))).unwrap_or_default();
        format!("{}{place}", words::some_of(&names, MOST_NAMES))
    });
    let starts: Vec<String> = starts.collect();
    format!("It is in the child pipeline of {}, on the ref of the pipeline that starts it.", starts.join(", then "))
}

/// `path:line`
fn place(place: &Place) -> String {
    format!("{}:{}", words::printable(place.source.path()), place.source.position(place.span.start).line)
}

fn quoted(text: &str) -> String {
    format!("`{}`", words::printable(text))
}
