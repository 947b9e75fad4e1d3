//! The last step: what the job gets, and as whom it acts.

use super::step::{Step, Subject};
use crate::access::{Denial, Identity, Outcome};
use crate::agent_config::{Impersonation, Mode};
use crate::words;

/// The step; `None` where another has already said it.
pub(super) fn step(subject: &Subject<'_, '_, '_>) -> Option<Step> {
    match &subject.row.outcome {
        Outcome::Allowed => Some(allowed(subject)),
        Outcome::Unknown(_) => None,
        Outcome::Denied(denial) => denied(subject, denial).map(|text| Step::new("result", text)),
    }
}

fn denied(subject: &Subject<'_, '_, '_>, denial: &Denial<'_>) -> Option<String> {
    let no_other = if subject.row.overridden.is_empty() { "" } else { " What it overrides does not take over." };
    match denial {
        Denial::NoEntry if subject.row.fell_out.is_empty() => None,
        Denial::NoEntry | Denial::NoEnvironment | Denial::OtherEnvironment | Denial::NotProtected => {
            let resources = words::resources_all_the_same(subject.answer, subject.row);
            let resources = resources.map(|text| format!(" But {text}.")).unwrap_or_default();
            Some(format!("The job does not see the agent.{no_other}{resources}"))
        }
        Denial::PatternRaises(..) => {
            Some("The job sees no agent at all, since the request for its agents fails.".to_owned())
        }
        Denial::RequestFails(context) => Some(format!(
            "The job would see the agent. But the request for all of its agents fails at a pattern of {} that is no \
             regular expression, so it sees none.",
            words::printable(context)
        )),
    }
}

fn allowed(subject: &Subject<'_, '_, '_>) -> Step {
    let identity = subject.answer.identity(subject.row, subject.agent);
    let context = words::printable(&subject.agent.context());
    let text = format!("The job sees the context `{context}` and acts as {}.", who(&identity));
    let mut step = Step::new("result", text);
    let namespace = subject.answer.namespace(subject.row).map(|namespace| words::printable(&namespace.value));
    step.facts.push((
        "namespace",
        vec![namespace.map_or_else(
            || "none, so commands that name none use `default`".to_owned(),
            |namespace| format!("{namespace}, a default and no boundary"),
        )],
    ));
    step.facts.extend(facts(&identity));
    step
}

fn who(identity: &Identity<'_>) -> String {
    match identity {
        Identity::Agent => format!("{}, or whom it names with `kubectl --as`", words::mode(Mode::Agent)),
        Identity::CiJob(_) => words::mode(Mode::CiJob).to_owned(),
        Identity::Impersonate(_) => words::mode(Mode::Impersonate).to_owned(),
    }
}

fn facts(identity: &Identity<'_>) -> Vec<(&'static str, Vec<String>)> {
    match identity {
        Identity::Agent => Vec::new(),
        Identity::Impersonate(user) => user.map(fixed_user).unwrap_or_default(),
        Identity::CiJob(job) => {
            let mut facts = vec![
                ("user", vec![job.username.clone()]),
                ("groups", job.groups.clone()),
                ("extra", job.extra.iter().map(|(key, value)| format!("{key}: {value}")).collect()),
            ];
            if job.tier_is_guessed {
                let text = "guessed from the environment's name; `deployment_tier` of the job goes before it";
                facts.push(("tier", vec![text.to_owned()]));
            }
            facts
        }
    }
}

fn fixed_user(user: &Impersonation) -> Vec<(&'static str, Vec<String>)> {
    let values = |values: &[crate::agent_config::Spanned<String>]| -> Vec<String> {
        values.iter().map(|value| words::printable(&value.value)).collect()
    };
    let Impersonation { username, groups, uid, extra } = user;
    let extra = extra.iter().map(|(key, values)| {
        let values: Vec<String> = values.iter().map(|value| words::printable(value)).collect();
        format!("{}: {}", words::printable(&key.value), values.join(", "))
    });
    let mut facts = vec![
        ("user", values(username.as_slice())),
        ("groups", values(groups)),
        ("uid", values(uid.as_slice())),
        ("extra", extra.collect()),
    ];
    facts.retain(|(_, values)| !values.is_empty());
    facts
}
