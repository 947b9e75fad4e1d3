//! Full paths of projects and groups.

use std::collections::{HashMap, HashSet};

use gen_lsp_types::CompletionItemKind;

use super::cursor::Step;
use super::{Asking, MOST, Offers};
use crate::access::{Authorization, Hierarchy, across_hierarchies};
use crate::agent_config::{AccessSection, EntryKind};
use crate::gitlab::{FullPath, lower_path, root_path};
use crate::inventory::{Inventory, NamespaceKind};
use crate::project::Context;

/// The ids that could stand at the place.
pub(super) fn offers(asked: &Asking<'_>) -> Offers {
    let Some((context, inventory)) =
        asked.around.context.and_then(|context| Some((context, context.inventory.as_deref()?)))
    else {
        return Offers::default();
    };
    let (section, kind) = match asked.keys()[..] {
        ["ci_access", list, ..] => (AccessSection::Ci, list),
        [_, list, ..] => (AccessSection::User, list),
        _ => return Offers::default(),
    };
    let kind = if kind == "groups" { EntryKind::Group } else { EntryKind::Project };
    let listed = listed(asked);
    let wanted = Wanted::new(asked.typed());
    let candidates = candidates(context, inventory, section, kind, &wanted, &listed);
    let mut offers = Offers { all: Vec::new(), is_incomplete: candidates.len() > MOST };
    for (path, depends) in candidates.into_iter().take(MOST) {
        let mut offer = asked.value(path, None, "");
        offer.kind = CompletionItemKind::Module;
        offer.detail = Some(match depends {
            true => format!("{}, if GitLab's settings allow it", kind.noun()),
            false => kind.noun().to_owned(),
        });
        // What was found in the middle would not be found by what is typed in front of it.
        if !wanted.is_start_of(path) {
            offer.filter =
                asked.at.source.slice(crate::source::Span::new(asked.place.typed.start, asked.at.cursor)).to_owned()
                    + path;
        }
        offers.all.push(offer);
    }
    // What is found in the middle of a path was compared here, and no client compares like this.
    offers.is_incomplete |= !wanted.is_empty();
    offers
}

/// The ids that the list has already, in lower case.
fn listed(asked: &Asking<'_>) -> HashSet<String> {
    let path = &asked.place.path;
    let Some(list) = path.len().checked_sub(2).and_then(|end| path.get(..end)) else { return HashSet::new() };
    let is_id = |other: &[Step]| {
        other.len() == path.len()
            && other.starts_with(list)
            && other != path
            && matches!(other.last(), Some(Step::Key(key)) if key == "id")
    };
    let leaves = asked.cursor.leaves.iter().filter(|leaf| is_id(&leaf.path));
    leaves.map(|leaf| lower_path(&leaf.text).into_owned()).collect()
}

/// What is typed of a path.
struct Wanted(String);

impl Wanted {
    fn new(typed: &str) -> Self {
        Self(typed.trim_start_matches('/').to_ascii_lowercase())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn is_start_of(&self, path: &str) -> bool {
        path.get(..self.0.len()).is_some_and(|start| start.eq_ignore_ascii_case(&self.0))
    }

    /// How well a path fits, 0 for best; `None` where it does not.
    fn rank(&self, path: &str) -> Option<usize> {
        if self.is_start_of(path) {
            return Some(0);
        }
        let (path, wanted) = (path.as_bytes(), self.0.as_bytes());
        let first = wanted.first()?;
        let mut rank = None;
        for (at, window) in path.windows(wanted.len()).enumerate() {
            if window.first().is_some_and(|byte| byte.eq_ignore_ascii_case(first))
                && window.eq_ignore_ascii_case(wanted)
            {
                let is_segment = at.checked_sub(1).and_then(|before| path.get(before)) == Some(&b'/');
                if is_segment {
                    return Some(1);
                }
                rank = Some(2);
            }
        }
        rank
    }
}

/// One more than are shown of the ids that could count, the best first; each with whether that hangs on something.
fn candidates<'i>(
    context: &Context,
    inventory: &'i Inventory,
    section: AccessSection,
    kind: EntryKind,
    wanted: &Wanted,
    listed: &HashSet<String>,
) -> Vec<(&'i str, bool)> {
    let home = context.project.as_ref().map(FullPath::as_str);
    let settings = context.access_settings();
    let hierarchy = Hierarchy::new(Some(inventory), settings, section, home);
    let crosses = settings.version >= across_hierarchies(section) && settings.instance_authorization != Some(false);
    // Where other top-level groups do not count, there is no use in looking at them.
    let root = home.map(root_path).filter(|_| !crosses);
    let mut ranked: [Vec<(&str, usize)>; 3] = Default::default();
    let mut add = |path: &'i str, namespace: usize| {
        if let Some(rank) = wanted.rank(path).and_then(|rank| ranked.get_mut(rank)) {
            rank.push((path, namespace));
        }
    };
    match kind {
        EntryKind::Group => {
            let is_below = |path: &str| root.is_none_or(|root| root_path(path).eq_ignore_ascii_case(root));
            for (at, namespace) in inventory.namespaces().iter().enumerate() {
                if namespace.kind == NamespaceKind::Group && is_below(&namespace.path) {
                    add(&namespace.path, at);
                }
            }
        }
        EntryKind::Project | EntryKind::Instance => {
            let places = match root.map(|root| inventory.find_namespace(root)) {
                None => 0..inventory.project_count(),
                Some(Some(namespace)) => inventory.places(namespace),
                Some(None) => 0..0,
            };
            for project in inventory.ordered(places) {
                add(&project.path, project.namespace.index());
            }
        }
    }
    // Whether a project counts hangs on the group that holds it and on nothing else.
    let mut known: HashMap<usize, Option<bool>> = HashMap::new();
    let mut found = Vec::new();
    for (path, namespace) in ranked.into_iter().flatten() {
        let depends =
            *known.entry(namespace).or_insert_with(|| match hierarchy.authorization(kind, &lower_path(path)) {
                Authorization::Kept => Some(false),
                Authorization::Depends(_) => Some(true),
                Authorization::Dropped(_) => None,
            });
        let Some(depends) = depends else { continue };
        if listed.is_empty() || !listed.contains(&*lower_path(path)) {
            found.push((path, depends));
            if found.len() > MOST {
                break;
            }
        }
    }
    found
}
