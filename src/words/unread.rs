//! What jobs run and was not read.

use std::collections::BTreeMap;

use super::{excerpt, jobs};
use crate::ci::{Unread, UnreadKind, UnreadReason};

/// "`deploy` runs scripts/deploy.sh, which is not here", once for each thing and reason.
#[must_use]
pub fn runs_unread<'u>(unread: impl Iterator<Item = &'u Unread>) -> Vec<String> {
    let mut known: BTreeMap<(&str, UnreadKind, &'static str), (UnreadReason, Vec<String>)> = BTreeMap::new();
    for (unread, run) in unread.filter_map(|unread| Some((unread, unread.run.as_ref()?))) {
        let key = (&*unread.name, unread.kind, run.reason.name());
        let (_, jobs) = known.entry(key).or_insert_with(|| (run.reason, Vec::new()));
        let job = excerpt(&run.job);
        if jobs.last() != Some(&job) {
            jobs.push(job);
        }
    }
    let told = known.into_iter().map(|((name, kind, _), (reason, names))| {
        let (job, is_one) = match &names[..] {
            [job] => (job.clone(), true),
            names => (jobs(names), false),
        };
        let what = match (reason, name.split(' ').next().unwrap_or_default()) {
            (UnreadReason::NotHere, "make" | "gmake") => "for which no rule is here".to_owned(),
            (UnreadReason::NotHere, "terraform" | "tofu" | "terragrunt" | "gitlab-terraform" | "gitlab-tofu") => {
                "whose files are not here".to_owned()
            }
            (reason, _) => reason.clause(),
        };
        let name = excerpt(name);
        match (kind, is_one) {
            (UnreadKind::Script, true) => format!("{job} runs {name}, {what}"),
            (UnreadKind::Script, false) => format!("{job} run {name}, {what}"),
            (UnreadKind::OtherPipeline, true) => format!("{job} starts the pipeline of {name}, {what}"),
            (UnreadKind::OtherPipeline, false) => format!("{job} start the pipeline of {name}, {what}"),
            (_, true) => format!("{job} starts a child pipeline from {name}, {what}"),
            (_, false) => format!("{job} start a child pipeline from {name}, {what}"),
        }
    });
    told.collect()
}
