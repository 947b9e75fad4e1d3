//! The first step: whether there is an agent, and a file that GitLab takes.

use super::step::{Step, Subject};
use crate::words;

/// The step, and whether it is the last.
pub(super) fn step(subject: &Subject<'_, '_, '_>) -> (Step, bool) {
    let agent = subject.agent;
    let name = words::printable(agent.name);
    let project = agent.project.map(words::printable);
    let is_listed = agent.listed_project.is_some_and(|listed| listed.agents.is_some());
    if !agent.is_registered {
        let text = format!(
            "No agent `{name}` is registered in {}: of the agents that the inventory lists there none has this name. \
             GitLab never reads its file, and no job sees it.",
            project.unwrap_or_default()
        );
        return (Step::new("agent", text), true);
    }
    let registered = match (&project, is_listed) {
        (Some(project), true) => format!("`{name}` is registered in {project}"),
        (Some(project), false) => {
            format!("`{name}` is taken to be registered in {project}, as nothing says which agents are")
        }
        (None, _) => format!("`{name}` is taken to be registered; which project holds its folder is not known"),
    };
    let Some(file) = agent.file else {
        let text = format!(
            "{registered}. No file of it was found, so its configuration is empty, and only jobs of its configuration \
             project see it."
        );
        return (Step::new("agent", text), false);
    };
    let path = words::printable(file.path);
    match file.refused {
        None => (Step::new("agent", format!("{registered}. GitLab accepts its file, {path}.")), false),
        Some(step) => {
            let text = format!(
                "{registered}. GitLab refuses its file, {path}: {}. What was configured before stays in force, and that \
                 is not known. `kaslint check {path}` says what to mend.",
                words::refused_at(step)
            );
            (Step::new("agent", text), true)
        }
    }
}
