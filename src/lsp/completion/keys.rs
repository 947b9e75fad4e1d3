//! Keys, from the tables.

use std::borrow::Cow;

use gen_lsp_types::CompletionItemKind;

use super::cursor::Form;
use super::{Asking, Offer, rule_names};
use crate::gitlab::{OLDEST, Tier};
use crate::report::markup::escape;
use crate::schema::{Key, Kind, Members, Message};
use crate::source::Span;

/// The keys of the mapping at the place.
pub(super) fn of_mapping(asked: &Asking<'_>) -> Vec<Offer> {
    match (&asked.target.kind, &asked.target.message) {
        (_, Some(message)) => of_message(asked, message, ""),
        (Some(Kind::Map(_)), None) if matches!(asked.keys()[..], ["rules"] | ["per-path", "rules"]) => {
            rule_names::as_keys(asked)
        }
        _ => Vec::new(),
    }
}

/// The keys with which the node at the place may begin.
pub(super) fn of_node(asked: &Asking<'_>) -> Vec<Offer> {
    match &asked.target.kind {
        Some(Kind::List(_)) if asked.place.form == Form::Line => of_list(asked),
        _ => of_mapping(asked),
    }
}

/// The items of the list at the place, each a mapping with its first key.
pub(super) fn of_list(asked: &Asking<'_>) -> Vec<Offer> {
    match &asked.target.kind {
        Some(Kind::List(item)) => {
            item.as_message().map(|message| of_message(asked, &message, "- ")).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn of_message(asked: &Asking<'_>, message: &Message, dash: &str) -> Vec<Offer> {
    let is_present = |name: &str| dash.is_empty() && asked.place.present.iter().any(|key| key == name);
    let is_taken = message.members == Members::ExactlyOne && message.keys.iter().any(|key| is_present(&key.name));
    if is_taken {
        return Vec::new();
    }
    let version = asked.version;
    let is_offered = |key: &&Key| key.is_known(version) && key.inert_in(version).is_none() && !is_present(&key.name);
    let mut keys: Vec<&Key> = message.keys.iter().filter(is_offered).collect();
    // What must be there comes first, what may not be read at all last; the order is that of the table otherwise.
    keys.sort_by_key(|key| (key.unverified.is_some(), !key.is_required(version)));
    keys.into_iter().map(|key| of_key(asked, key, dash)).collect()
}

fn of_key(asked: &Asking<'_>, key: &Key, dash: &str) -> Offer {
    let typed = asked.place.typed;
    let mut offer = with_value(asked, &key.name, &key.kind, dash);
    if asked.at.source.slice(typed) == "-" {
        offer.filter = format!("- {}", key.name);
    }
    offer.detail = Some(detail(key));
    offer.documentation = Some(documentation(key, asked));
    offer
}

/// A key with what opens its value.
pub(super) fn with_value(asked: &Asking<'_>, name: &str, kind: &Kind, dash: &str) -> Offer {
    let place = asked.place;
    let mut offer = Offer::new(name, CompletionItemKind::Property, place.typed);
    let quote = open_quote(asked.at.source.slice(place.typed));
    let word = quote.map_or_else(|| name.to_owned(), |quote| format!("{quote}{name}{quote}"));
    offer.filter.clone_from(&word);
    if place.has_colon {
        offer.text = word;
        return offer;
    }
    let (stop, fills) = (if asked.at.fills_snippets { "$0" } else { "" }, asked.at.fills_snippets);
    let opened = match place.form {
        Form::Flow => match kind {
            Kind::Message(_) if kind.is_empty_message() => " {}".to_owned(),
            Kind::Message(_) | Kind::Map(_) if fills => " {$0}".to_owned(),
            Kind::List(_) if fills => " [$0]".to_owned(),
            _ => " ".to_owned(),
        },
        _ => {
            let indent = place.column + dash.len() + place.step;
            let line = |mark: &str| format!("{}{}{mark}{stop}", line_break(asked), " ".repeat(indent));
            match kind {
                Kind::Message(_) if kind.is_empty_message() => " {}".to_owned(),
                Kind::Message(_) | Kind::Map(_) => line(""),
                Kind::List(_) => line("- "),
                _ => " ".to_owned(),
            }
        }
    };
    offer.is_snippet = opened.contains('$');
    offer.text = format!("{dash}{word}:{opened}");
    offer
}

/// The quote that a word opens with.
pub(super) fn open_quote(word: &str) -> Option<char> {
    word.chars().next().filter(|first| matches!(first, '"' | '\''))
}

fn line_break(asked: &Asking<'_>) -> &'static str {
    let source = asked.at.source;
    let first = source.line_span(0).end;
    if source.slice(Span::new(first, first + 2)) == "\r\n" { "\r\n" } else { "\n" }
}

fn detail(key: &Key) -> String {
    match key.tier {
        Tier::Free => key.kind.in_words(),
        tier => format!("{}, {tier}", key.kind.in_words()),
    }
}

/// The sentence about a key. What a file says of it is no markup.
pub(in crate::lsp) fn doc_in_markdown(key: &Key) -> Cow<'_, str> {
    if key.is_doc_read { Cow::Owned(escape(&key.doc)) } else { Cow::Borrowed(&key.doc) }
}

/// What a key does, in Markdown.
fn documentation(key: &Key, asked: &Asking<'_>) -> String {
    let mut facts = Vec::new();
    if key.is_required(asked.version) {
        facts.push("Required.".to_owned());
    }
    if key.since.latest > OLDEST {
        facts.push(format!("Since {}.", key.since));
    }
    if key.tier != Tier::Free {
        facts.push(format!("Needs {}.", key.tier));
    }
    if let Some(default) = &key.default {
        facts.push(format!("Default: {default}."));
    }
    if let Some(open) = key.unverified {
        facts.push(format!("Not settled: {open}."));
    }
    let doc = doc_in_markdown(key);
    if facts.is_empty() { doc.into_owned() } else { format!("{doc}\n\n{}", facts.join("\n\n")) }
}
