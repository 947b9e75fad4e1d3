//! Names of environments.

use std::collections::BTreeMap;
use std::sync::Arc;

use gen_lsp_types::CompletionItemKind;

use super::cursor::Step;
use super::{Asking, MOST, Offers};
use crate::access::EnvironmentMatcher;
use crate::access::jobs::KnownEnvironments;
use crate::agent_config::EntryKind;
use crate::gitlab::releases::{NEW_MATCHER, OLD_MATCHER_LAST};
use crate::gitlab::{PartialText, TextPart};
use crate::project::Context;

/// The environments of the projects that the entry names, as items of its `environments`.
pub(super) fn offers(asked: &Asking<'_>) -> Offers {
    let Some((kind, id)) = entry(asked) else { return Offers::default() };
    let mut names = None;
    (asked.around.look)(&mut |facts, at| {
        names = facts.subjects.get(at).map(|subject| {
            let inventory = subject.project.context.inventory.as_ref();
            Arc::clone(&KnownEnvironments::named(kind, id, inventory, &facts.environments).names)
        });
    });
    let settings = asked.around.context.map(Context::access_settings).unwrap_or_default();
    let matcher = settings.environment_matcher();
    let typed = asked.typed().to_ascii_lowercase();
    let mut found: BTreeMap<String, Option<&PartialText>> = BTreeMap::new();
    let names = names.unwrap_or_default();
    for name in names.iter() {
        match name.as_known() {
            Some(whole) => drop(found.insert(whole.to_owned(), None)),
            None => drop(found.entry(pattern(name)).or_insert(Some(name))),
        }
    }
    let others: Vec<&str> = asked.others().collect();
    found.retain(|name, _| {
        let is_new = !others.contains(&&**name);
        // `*` alone lets in everything, which is not what anybody looks for here.
        is_new && !name.is_empty() && name != "*" && name.to_ascii_lowercase().contains(&typed)
    });
    let mut offers = Offers { all: Vec::new(), is_incomplete: found.len() > MOST };
    // Whole names say more than patterns.
    let (whole, patterns): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, name)| name.is_none());
    for (text, name) in whole.into_iter().chain(patterns).take(MOST) {
        let mut offer = asked.value(&text, None, "");
        offer.kind = CompletionItemKind::Value;
        offer.detail = Some(match name {
            None => "environment".to_owned(),
            Some(_) => match matcher {
                EnvironmentMatcher::Old => "pattern that is not anchored: it matches anywhere in a name".to_owned(),
                EnvironmentMatcher::Either => format!("pattern; up to GitLab {OLD_MATCHER_LAST} not anchored"),
                EnvironmentMatcher::New => "pattern for the whole name".to_owned(),
            },
        });
        offer.documentation = name.map(|name| {
            let how = match matcher {
                EnvironmentMatcher::Old => "GitLab looks for the pattern anywhere in an environment's name.".to_owned(),
                EnvironmentMatcher::Either => format!(
                    "Up to {OLD_MATCHER_LAST} GitLab looks for the pattern anywhere in an environment's name, from {NEW_MATCHER} it compares the whole name."
                ),
                EnvironmentMatcher::New => "GitLab compares the pattern with the whole name.".to_owned(),
            };
            format!("For the environment `{name}` of a CI file. {how}")
        });
        offers.all.push(offer);
    }
    offers
}

/// What the entry around the place names.
fn entry<'a>(asked: &'a Asking<'_>) -> Option<(EntryKind, &'a str)> {
    let path = &asked.place.path;
    let kind = match path.get(1)? {
        Step::Key(list) if list == "projects" => EntryKind::Project,
        Step::Key(list) if list == "groups" => EntryKind::Group,
        _ => return Some((EntryKind::Instance, "")),
    };
    let mut id: Vec<Step> = path.get(..3)?.to_vec();
    id.push(Step::Key("id".to_owned()));
    Some((kind, asked.text_at(&id)?))
}

/// A name with `*` for what hangs on variables.
fn pattern(name: &PartialText) -> String {
    let mut pattern = String::new();
    for part in name.parts() {
        match part {
            TextPart::Known(text) => pattern.push_str(text),
            TextPart::Unknown { .. } if pattern.ends_with('*') => {}
            TextPart::Unknown { .. } => pattern.push('*'),
        }
    }
    pattern
}
