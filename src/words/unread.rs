//! What jobs run and was not read.

use std::collections::BTreeMap;

use super::{excerpt, jobs};
use crate::ci::{Unread, UnreadReason};

/// "`deploy` runs scripts/deploy.sh, which is not here", once for each thing and reason.
#[must_use]
pub fn runs_unread<'u>(unread: impl Iterator<Item = &'u Unread>) -> Vec<String> {
    let mut known: BTreeMap<(&str, &'static str), (UnreadReason, Vec<String>)> = BTreeMap::new();
    for (unread, run) in unread.filter_map(|unread| Some((unread, unread.run.as_ref()?))) {
        let key = (&*unread.name, run.reason.name());
        let (_, jobs) = known.entry(key).or_insert_with(|| (run.reason, Vec::new()));
        let job = excerpt(&run.job);
        if jobs.last() != Some(&job) {
            jobs.push(job);
        }
    }
    let told = known.into_iter().map(|((name, _), (reason, names))| {
        let what = reason.clause();
        match &names[..] {
            [job] => format!("{job} runs {}, {what}", excerpt(name)),
            _ => format!("{} run {}, {what}", jobs(&names), excerpt(name)),
        }
    });
    told.collect()
}
