//! What the editor says over a context that a job selects.

use std::collections::BTreeMap;

use crate::claims::{About, Fact, Gets, Ledger, STAGES, Source};
use crate::contract;
use crate::entries;
use crate::jobs::{Selected, agent_of};
use crate::repository::Config;
use crate::rows;

/// Takes down what is said over a context.
pub fn claim(told: &str, one: &Selected, configs: &[Config<'_>], ledger: &mut Ledger) {
    let source = Source::Hover;
    let subject = format!("{} in {}:{}", one.context, one.path, one.line);
    // The answer comes first, and the agent behind it.
    let named = told.lines().find_map(|line| line.strip_prefix("The agent `")?.split_once('`'));
    // A project whose path is not known stands alone, so that the agents of others are not known in its CI file.
    let is_own = |config: &Config<'_>| contract::shown(&config.place.folder) == one.folder;
    let of_others = configs.iter().any(|config| config.name == agent_of(&one.context) && !is_own(config));
    if one.project.is_some() || !of_others {
        // Behind a long answer there is no room for the agent's name.
        let is_answered = told.contains("gets it") || told.contains("get it");
        ledger.claim(About::Context, &subject, source, [Fact::IsAgent(named.is_some() || is_answered)]);
    }
    ledger.claim(About::Context, &subject, Source::AccessJobs, [Fact::IsAgent(one.is_agent())]);
    let Some((context, _)) = named else { return };
    let agent = agent_of(context);
    let Some(config) = configs.iter().find(|config| config.name == agent) else { return };
    let project = context.strip_suffix(&format!(":{agent}")).filter(|project| *project != "<configuration project>");
    ledger.claim(About::Path, contract::shown(&config.place.folder), source, [Fact::Path(project.map(str::to_owned))]);
    if told.contains("GitLab refuses its file") {
        ledger.claim(About::File, &config.path, source, STAGES.map(Fact::RefusedAt));
    } else if told.contains("It lets in ") {
        ledger.claim(About::File, &config.path, source, [Fact::Counts]);
        entries::claim_hovered(told, config, ledger);
    }
    if told.contains("the path of this project is not known") {
        return ledger.claim(About::Path, &one.folder, source, [Fact::Path(None)]);
    }
    // A hover is short: of many answers not all are told.
    if told.contains("- and ") || told.contains('…') {
        return;
    }
    // The lines of several cases of one name cannot be told apart.
    let [case] = &one.cases[..] else { return };
    let Some(project) = &one.project else { return };
    let of_case = of_case(told, &case.name);
    for &refs in &case.refs {
        let subject = format!("{}, agent {agent}", rows::job(project, case.environment.as_deref(), refs));
        let Some(gets) = of_case.of(refs) else {
            ledger.fault(source, format!("nothing is said of a {subject}: {told:?}"));
            continue;
        };
        ledger.claim(About::Gets, &subject, source, [Fact::Gets(gets)]);
        // On refs of which nobody knows whether they are protected, both answers count.
        if refs.is_none() {
            ledger.claim(About::Gets, &subject, Source::AccessJobs, case.gets(None, agent).map(Fact::Gets));
        }
    }
}

/// What is said of a case, on which refs; `None` for all.
struct OfCase {
    by_refs: BTreeMap<Option<Refs>, Vec<Gets>>,
}

type Refs = Option<bool>;

impl OfCase {
    fn of(&self, refs: Refs) -> Option<Gets> {
        let gets = self.by_refs.get(&Some(refs)).or_else(|| self.by_refs.get(&None))?;
        // One line for each outcome, each with what it hangs on.
        let (first, others) = gets.split_first()?;
        Some(if others.iter().all(|other| other == first) { *first } else { Gets::Depends })
    }
}

fn of_case(told: &str, name: &str) -> OfCase {
    let mut by_refs: BTreeMap<Option<Refs>, Vec<Gets>> = BTreeMap::new();
    for line in told.lines().map(|line| line.strip_prefix("- ").unwrap_or(line)) {
        if line.starts_with("the inventory does not list ") {
            by_refs.entry(None).or_default().push(Gets::NoSuchProject);
            continue;
        }
        let Some(rest) = line.strip_prefix(&format!("`{name}`")) else { continue };
        let verbs = [
            (" gets it", Gets::Yes),
            (" does **not** get it", Gets::No),
            (" may or may not get it", Gets::FileRefused),
        ];
        let Some((at, gets)) = verbs.into_iter().filter_map(|(verb, gets)| Some((rest.find(verb)?, gets))).min() else {
            continue;
        };
        let on = &rest[..at];
        let kinds = [
            ("on protected refs", Some(true)),
            ("on refs that are not protected", Some(false)),
            ("on refs of which that is not known", None),
        ];
        let named: Vec<Refs> =
            kinds.into_iter().filter(|(words, _)| on.contains(words)).map(|(_, refs)| refs).collect();
        match named.is_empty() {
            true => by_refs.entry(None).or_default().push(gets),
            false => named.into_iter().for_each(|refs| by_refs.entry(Some(refs)).or_default().push(gets)),
        }
    }
    OfCase { by_refs }
}
