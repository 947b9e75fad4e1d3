//! Names of rules: in comments that hide findings, and in the settings file.

use std::collections::BTreeSet;

use gen_lsp_types::CompletionItemKind;

use super::{Around, Asking, At, Offer, Offers, keys};
use crate::diagnostic::RuleInfo;
use crate::diagnostic::suppression;
use crate::rules::{self, RULES};
use crate::schema::Kind;
use crate::source::{Source, Span};

/// The names that could stand in `# kaslint: ignore[`; `None` where the cursor is in no such comment.
pub(super) fn in_comment(at: &At<'_>, around: &Around<'_>) -> Option<Offers> {
    let source = at.source;
    let line_index = source.line_index(at.cursor);
    let line = source.line_span(line_index);
    let before = source.slice(Span::new(line.start, at.cursor));
    let opened = opening(before)?;
    let names = before.get(opened..)?;
    if names.contains(']') {
        return None;
    }
    let start = names.rfind(',').map_or(0, |comma| comma + 1);
    let word = names.get(start..)?;
    let start = line.start + opened + start + word.len() - word.trim_start().len();
    let behind = source.slice(Span::new(at.cursor, line.end));
    let length = behind.find(|character: char| !is_of_name(character)).unwrap_or(behind.len());
    let typed = Span::new(start, at.cursor + length);
    // What stands behind up to the bracket is taken as well.
    let rest = behind.get(length..).unwrap_or_default();
    let rest = rest.split(']').next().unwrap_or_default();
    let kept = source.slice(Span::new(line.start + opened, start));
    let taken: BTreeSet<&str> = kept.split(',').chain(rest.split(',')).map(str::trim).collect();
    let line = line_of(source, line_index, before);
    let has_finding = |rule: &RuleInfo| around.findings.iter().any(|(at, name)| *at == line && *name == rule.name);
    let mut rules: Vec<&'static RuleInfo> = ignorable().filter(|rule| !taken.contains(rule.name)).collect();
    rules.sort_by_key(|rule| !has_finding(rule));
    let offers = rules.into_iter().map(|rule| {
        let mut offer = of(rule, typed);
        if has_finding(rule) {
            offer.detail = Some(format!("{}, says something on this line", rule.level()));
        }
        offer
    });
    Some(offers.collect::<Vec<_>>().into())
}

/// Where the names of a comment to kaslint begin.
fn opening(before: &str) -> Option<usize> {
    let comments = before.match_indices('#').filter(|(at, _)| {
        before.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t', '\u{feff}']))
    });
    comments.into_iter().find_map(|(at, _)| {
        let rest = before.get(at + 1..)?.trim_start();
        let rest = rest.strip_prefix(suppression::MARK)?.trim_start();
        let rest = rest.strip_prefix("ignore")?.trim_start().strip_prefix('[')?;
        Some(before.len() - rest.len())
    })
}

/// The 1-based line that a comment speaks of: its own, or the next that is no comment where it stands alone.
fn line_of(source: &Source, index: usize, before: &str) -> usize {
    let stands_alone = |text: &str| text.trim_start_matches('\u{feff}').trim_start().starts_with('#');
    let mut line = index;
    if stands_alone(before) {
        while line < source.line_count() && stands_alone(source.slice(source.line_span(line))) {
            line += 1;
        }
    }
    line + 1
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_')
}

/// The rules whose findings can be accepted; what the linter says of itself cannot.
fn ignorable() -> impl Iterator<Item = &'static RuleInfo> {
    RULES.iter().map(|rule| rule.info())
}

fn of(rule: &'static RuleInfo, typed: Span) -> Offer {
    let mut offer = Offer::new(rule.name, CompletionItemKind::Reference, typed);
    described(&mut offer, rule);
    offer
}

fn described(offer: &mut Offer, rule: &RuleInfo) {
    offer.kind = CompletionItemKind::Reference;
    offer.detail = Some(rule.level().to_owned());
    offer.documentation = Some(rule.markdown());
}

/// The names as keys of `rules` in the settings.
pub(super) fn as_keys(asked: &Asking<'_>) -> Vec<Offer> {
    let rules = rules::TABLE.iter().filter(|rule| !asked.place.present.iter().any(|key| key == rule.name));
    rules
        .map(|rule| {
            let mut offer = keys::with_value(asked, rule.name, &Kind::Text, "");
            described(&mut offer, rule);
            offer
        })
        .collect()
}

/// The names as values of `rule` in the settings.
pub(super) fn as_values(asked: &Asking<'_>) -> Vec<Offer> {
    ignorable()
        .map(|rule| {
            let mut offer = asked.value(rule.name, None, "");
            described(&mut offer, rule);
            offer
        })
        .collect()
}
