//! What could be written at a place: keys, values, ids, environments, contexts, names of rules.
//!
//! It does no I/O. [`cursor`](self::cursor) finds the place, the tables of keys say what may stand there, and the projects at
//! hand which ids, environments and contexts there are.

mod ci;
mod cursor;
mod environments;
mod ids;
mod keys;
mod rule_names;
mod values;

#[cfg(test)]
mod tests;

use gen_lsp_types::CompletionItemKind;

use crate::agent_config::{CONFIGURATION, ENVIRONMENT_TEMPLATE};
use crate::analysis::Facts;
use crate::gitlab::{NEWEST, Version};
use crate::inventory::INVENTORY;
use crate::project::Context;
use crate::project::settings::SETTINGS;
use crate::schema::{KeyRef, Kind, MessageRef};
use crate::source::{Source, Span};

pub(super) use keys::doc_in_markdown;

use cursor::{CursorContext, CursorPlace, Form, Slot, Step};

/// How many ids, environments or contexts are offered at once.
pub(super) const MOST: usize = 200;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// An agent's configuration.
    Agent,
    /// An agent's environment template.
    Template,
    /// A CI file.
    Ci,
    /// `.kaslint.yaml`.
    Settings,
    /// An inventory.
    Inventory,
}

/// A file with the cursor in it.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    /// The file.
    pub source: &'a Source,
    /// What it is.
    pub kind: FileKind,
    /// The offset of the cursor.
    pub cursor: usize,
    /// Whether snippets may be offered.
    pub fills_snippets: bool,
}

/// Shows what was worked out about all projects; that takes a while, so it is asked for only where something needs it.
pub(super) type Look<'a> = dyn Fn(&mut dyn FnMut(&Facts<'_>, usize)) + 'a;

/// What is known around the file.
pub(super) struct Around<'a> {
    /// What is known about GitLab's side; `None` where no project is at hand.
    pub context: Option<&'a Context>,
    /// Shows all projects, and which of them is the file's.
    pub look: &'a Look<'a>,
    /// The rules that say something in the file, each with the 1-based line.
    pub findings: &'a [(usize, &'static str)],
}

/// What could be written.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    /// What is shown.
    pub label: String,
    /// What it is.
    pub kind: CompletionItemKind,
    /// A few words beside it.
    pub detail: Option<String>,
    /// Its documentation in Markdown.
    pub documentation: Option<String>,
    /// What it is compared with, which is the text at `edit`.
    pub filter: String,
    /// The text that it replaces.
    pub edit: Span,
    /// What it puts there.
    pub text: String,
    /// Whether that is a snippet.
    pub is_snippet: bool,
}

impl Offer {
    fn new(label: impl Into<String>, kind: CompletionItemKind, edit: Span) -> Self {
        let label = label.into();
        Self {
            filter: label.clone(),
            text: label.clone(),
            label,
            kind,
            detail: None,
            documentation: None,
            edit,
            is_snippet: false,
        }
    }
}

/// All that could be written, the likeliest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Offers {
    /// They.
    pub all: Vec<Offer>,
    /// Whether more is to be typed before all can be shown.
    pub is_incomplete: bool,
}

impl From<Vec<Offer>> for Offers {
    fn from(all: Vec<Offer>) -> Self {
        Self { all, is_incomplete: false }
    }
}

/// What could be written at the cursor.
pub(super) fn offers(at: &At<'_>, around: &Around<'_>) -> Offers {
    let cursor = CursorContext::of(at.source, at.cursor, matches!(at.kind, FileKind::Agent | FileKind::Template));
    if !cursor.is_in_text
        && let Some(offers) = rule_names::in_comment(at, around)
    {
        return offers;
    }
    let version = || around.context.map_or(NEWEST, |context| context.version);
    let (table, version): (MessageRef, Version) = match at.kind {
        FileKind::Ci => return ci::offers(at, &cursor, around),
        FileKind::Agent => {
            (around.context.map_or_else(|| (&CONFIGURATION).into(), |context| context.keys()), version())
        }
        FileKind::Template => ((&ENVIRONMENT_TEMPLATE).into(), version()),
        FileKind::Settings => ((&SETTINGS).into(), NEWEST),
        FileKind::Inventory => ((&INVENTORY).into(), NEWEST),
    };
    let Some(place) = cursor.place.clone() else { return Offers::default() };
    let Some(target) = Target::find(table, &place.path, version) else { return Offers::default() };
    let mut offers = Offers::default();
    let asked = Asking { at, around, cursor: &cursor, place: &place, target, version };
    match place.slot {
        Slot::Key => offers.all = keys::of_mapping(&asked),
        Slot::Node => {
            if matches!(place.form, Form::Line | Form::Dash) && !place.wants_blank {
                offers.all.extend(keys::of_node(&asked));
            }
            let values = values::of(&asked);
            offers.is_incomplete = values.is_incomplete;
            offers.all.extend(values.all);
        }
        Slot::Item => offers.all = keys::of_list(&asked),
    }
    // A list that is to begin on the line of its own, or behind it: each item with its dash.
    let is_list = matches!((place.slot, &asked.target.kind), (Slot::Item, Some(Kind::List(_))))
        || (matches!((place.slot, place.form, &asked.target.kind), (Slot::Node, Form::Line, Some(Kind::List(_)))));
    if is_list {
        let values = values::of_items(&asked);
        offers.is_incomplete |= values.is_incomplete;
        offers.all.extend(values.all);
    }
    offers
}

/// What is asked, with all that is known about the place.
#[derive(Clone)]
struct Asking<'a> {
    at: &'a At<'a>,
    around: &'a Around<'a>,
    cursor: &'a CursorContext,
    place: &'a CursorPlace,
    target: Target,
    version: Version,
}

impl Asking<'_> {
    /// What is typed of the word, up to the cursor, without the quote that opens it.
    fn typed(&self) -> &str {
        let span = Span::new(self.place.typed.start, self.at.cursor);
        self.at.source.slice(span).trim_start_matches(['"', '\''])
    }

    /// The keys on the way, items left out.
    fn keys(&self) -> Vec<&str> {
        self.place
            .path
            .iter()
            .filter_map(|step| match step {
                Step::Key(key) => Some(&**key),
                Step::Item(_) => None,
            })
            .collect()
    }

    /// The texts at this path.
    fn text_at(&self, path: &[Step]) -> Option<&str> {
        self.cursor.leaves.iter().find(|leaf| leaf.path == path).map(|leaf| &*leaf.text)
    }
}

/// What a table says of a place.
#[derive(Clone)]
struct Target {
    /// The type of the node; `None` for the root, which is a message.
    kind: Option<Kind>,
    /// The message that the node is, or may be.
    message: Option<MessageRef>,
    /// The last key on the way.
    owner: Option<KeyRef>,
}

impl Target {
    fn find(table: MessageRef, path: &[Step], version: Version) -> Option<Self> {
        let mut target = Self { kind: None, message: Some(table), owner: None };
        for step in path {
            let kind = match (step, &target.kind, &target.message) {
                (Step::Item(_), Some(Kind::List(item)), _) => (**item).clone(),
                (Step::Key(_), Some(Kind::Map(value)), _) => (**value).clone(),
                (Step::Key(name), _, Some(message)) => {
                    let key = message.find(name).filter(|key| key.is_known(version))?;
                    let kind = key.kind.clone();
                    target.owner = Some(key);
                    kind
                }
                _ => return None,
            };
            target.message = kind.as_message();
            target.kind = Some(kind);
        }
        Some(target)
    }
}
