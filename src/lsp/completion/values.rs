//! Values, from the tables: what the decoder takes and what is documented.

use gen_lsp_types::CompletionItemKind;

use super::cursor::{Form, Slot, Step};
use super::keys::open_quote;
use super::{Asking, Offer, Offers, Target, environments, ids, rule_names};
use crate::gitlab::{NEWEST, OLDEST, Version};
use crate::schema::{Check, Duration, Key, Kind, Members};
use crate::yaml::written;

/// The values of the node at the place.
pub(super) fn of(asked: &Asking<'_>) -> Offers {
    let Some(kind) = &asked.target.kind else { return Offers::default() };
    match (asked.keys()[..].as_ref(), kind) {
        (["ci_access" | "user_access", "projects" | "groups", "id"], Kind::Text) if asked.is_agent() => {
            ids::offers(asked)
        }
        (["ci_access", "projects" | "groups" | "instance", "environments"], Kind::Text) if asked.is_agent() => {
            environments::offers(asked)
        }
        (["ignore", "rule"], Kind::Text) if asked.is_settings() => rule_names::as_values(asked).into(),
        (["gitlab", "version"], Kind::Text) if !asked.is_agent() => {
            releases().map(|release| asked.value(&release.to_string(), Some('"'), "")).collect::<Vec<_>>().into()
        }
        _ => from_table(asked, kind).into(),
    }
}

/// The same for an item that is still to begin, with its dash.
pub(super) fn of_items(asked: &Asking<'_>) -> Offers {
    let Some(Kind::List(item)) = &asked.target.kind else { return Offers::default() };
    // The path of an item that no other has.
    let mut place = asked.place.clone();
    place.path.push(Step::Item(usize::MAX));
    let target = Target { kind: Some((**item).clone()), message: item.as_message(), owner: asked.target.owner.clone() };
    let mut offers = of(&Asking { place: &place, target, ..asked.clone() });
    let typed = asked.at.source.slice(place.typed);
    for offer in &mut offers.all {
        if typed == "-" {
            offer.filter = format!("- {}", offer.filter);
        }
        offer.text = format!("- {}", offer.text);
    }
    offers
}

fn from_table(asked: &Asking<'_>, kind: &Kind) -> Vec<Offer> {
    let owner = asked.target.owner.as_ref();
    let default = owner.and_then(|key| key.default.as_deref()).unwrap_or_default();
    let words = |names: &[&str]| -> Vec<Offer> { names.iter().map(|name| asked.value(name, None, default)).collect() };
    match kind {
        Kind::Bool => words(&["true", "false"]).into_iter().map(as_is).collect(),
        // `off` is a word in the settings, and no boolean.
        Kind::Word(names) => {
            let as_word = |name: &&str| as_is(asked.value(name, None, default));
            names.iter().map(as_word).collect()
        }
        Kind::Enum(names) => words(&names.all()),
        Kind::Duration => {
            let known = default.strip_suffix('.').unwrap_or(default);
            let example = if Duration::parse(known).is_some() { known } else { "60s" };
            let mut offer = asked.value(example, None, default);
            offer.detail.get_or_insert_with(|| "seconds, for example".to_owned());
            vec![offer]
        }
        Kind::Int32 | Kind::Int64 | Kind::UInt32 | Kind::UInt64 => {
            let number = default.split([',', ' ']).next().filter(|number| number.parse::<i64>().is_ok());
            let is_whole = number.is_some_and(|number| default == number || default[number.len()..].starts_with(','));
            let offers = number.filter(|_| is_whole).map(|number| as_is(asked.value(number, None, number)));
            offers.into_iter().collect()
        }
        Kind::Text | Kind::TextOr(_) => {
            let checks = owner.map(|key| &*key.checks).unwrap_or_default();
            checks
                .iter()
                .flat_map(|check| match check {
                    Check::OneOf(names) | Check::OneOfInAnyCase(names) | Check::DocumentedValues(names) => words(names),
                    Check::Cron => {
                        let mut offer = asked.value("0 0 * * *", Some('"'), "");
                        offer.detail = Some("every day at midnight, for example".to_owned());
                        vec![offer]
                    }
                    _ => Vec::new(),
                })
                .filter(|offer| !asked.others().any(|other| other == offer.label))
                .collect()
        }
        Kind::Message(_) if kind.is_empty_message() && asked.place.slot == Slot::Node => {
            vec![as_is(asked.value("{}", None, ""))]
        }
        // `access_as: {ci_job: {}}`, on the line of its key.
        Kind::Message(_) if asked.place.slot == Slot::Node && asked.place.form == Form::Inline => {
            let message = kind.as_message().filter(|message| message.members == Members::ExactlyOne);
            let Some(message) = message else { return Vec::new() };
            let is_brief = |key: &&Key| key.kind.is_empty_message();
            let known = message.keys.iter().filter(|key| key.is_known(asked.version) && is_brief(key));
            known
                .map(|key| {
                    let mut offer = as_is(asked.value(&format!("{{{}: {{}}}}", key.name), None, ""));
                    offer.documentation = Some(key.doc.to_string());
                    offer
                })
                .collect()
        }
        Kind::Message(_) | Kind::List(_) | Kind::Map(_) | Kind::Any => Vec::new(),
    }
}

/// A value that quotes would make another one of.
fn as_is(mut offer: Offer) -> Offer {
    let blank = if offer.text.starts_with(' ') { " " } else { "" };
    offer.text = format!("{blank}{}", offer.label);
    offer
}

/// All releases whose keys are known, the newest first.
fn releases() -> impl Iterator<Item = Version> {
    let last = |major: u16| Version::last_of_major(major).unwrap_or(NEWEST).minor;
    let all = (OLDEST.major..=NEWEST.major).rev();
    all.flat_map(move |major| (0..=last(major)).rev().map(move |minor| Version::new(major, minor)))
        .filter(|version| (OLDEST..=NEWEST).contains(version))
}

impl Asking<'_> {
    /// A value at the place, in the quotes that are there or that it needs.
    pub(super) fn value(&self, text: &str, quote: Option<char>, default: &str) -> Offer {
        let place = self.place;
        let open = open_quote(self.at.source.slice(place.typed));
        let mut offer = Offer::new(text, CompletionItemKind::Value, place.typed);
        offer.text = written(text, place.form == Form::Flow, open.or(quote));
        offer.filter = open.map_or_else(|| text.to_owned(), |quote| format!("{quote}{text}"));
        if open.is_none() && place.form == Form::Flow && text.is_empty() {
            offer.text = "''".to_owned();
        }
        if place.wants_blank {
            offer.text.insert(0, ' ');
        }
        if text == default {
            offer.detail = Some("default".to_owned());
        }
        offer
    }

    /// The other items of the list in which the place is an item.
    pub(super) fn others(&self) -> impl Iterator<Item = &str> {
        let list = match self.place.path.split_last() {
            Some((Step::Item(_), list)) => Some(list),
            _ => None,
        };
        let is_other =
            move |path: &[Step]| list.is_some_and(|list| path.len() == list.len() + 1 && path.starts_with(list));
        let leaves = self.cursor.leaves.iter().filter(move |leaf| is_other(&leaf.path) && leaf.path != self.place.path);
        leaves.map(|leaf| &*leaf.text)
    }

    pub(super) fn is_agent(&self) -> bool {
        self.at.kind == super::FileKind::Agent
    }

    fn is_settings(&self) -> bool {
        self.at.kind == super::FileKind::Settings
    }
}
