//! `textDocument/codeAction`: fixes, changes of what is granted, comments that hide a finding, and all safe fixes at once.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use gen_lsp_types::{
    CodeAction, CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProvider, CodeActionRequest,
    CodeActionResolveRequest, CodeActionResponse, DocumentChange, Edit, OptionalVersionedTextDocumentIdentifier,
    ServerCapabilities, TextDocumentEdit, TextEdit, WorkspaceEdit,
};
use serde_json::{Value as Json, json};
use similar::{ChangeTag, TextDiff};

use super::{Asked, Failure, Handler, document};
use crate::diagnostic::suppression;
use crate::diagnostic::{self, Finding, Fix, Safety};
use crate::diff_report;
use crate::fixing::{self, Request};
use crate::lsp::client::Client;
use crate::lsp::documents::Document;
use crate::lsp::session::Session;
use crate::lsp::uri;
use crate::project::Steps;
use crate::project::files::{Disk, Overlay};
use crate::rules;
use crate::source::{Place, Source, Span};

/// The kind of the action that makes all safe fixes.
pub(super) const FIX_ALL: &str = "source.fixAll.kaslint";

/// Of how many findings fixes are listed: each is tried on the text before it is offered.
const MOST: usize = 50;

/// Lists what can be done at a place.
pub(super) struct CodeActions;

/// Works out the edit of an action that was chosen.
pub(super) struct Resolve;

impl Handler for CodeActions {
    type Request = CodeActionRequest;

    fn announce(_: &Client, capabilities: &mut ServerCapabilities) {
        capabilities.code_action_provider = Some(CodeActionProvider::CodeActionOptions(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QuickFix, CodeActionKind::new(FIX_ALL)]),
            resolve_provider: Some(true),
            ..CodeActionOptions::default()
        }));
    }

    fn answer(
        session: &mut Session,
        params: CodeActionParams,
        asked: &Asked<'_>,
    ) -> Result<Option<Vec<CodeActionResponse>>, Failure> {
        let Some(document) = document(session, &params.text_document.uri.0) else { return Ok(None) };
        let span = session.client.encoding.span(&document.source, params.range);
        session.catch_up();
        let wanted = Wanted(params.context.only.as_deref().map(|only| only.iter().map(ToString::to_string).collect()));
        let mut actions = Vec::new();
        let findings = session.world.findings(&document, &session.documents);
        if wanted.has("quickfix") {
            let here = findings.iter().filter(|finding| meets(finding.place.span, span));
            for finding in here.take(MOST) {
                asked.check()?;
                actions.extend(quick_fixes(session, &document, finding, &findings));
            }
            // What mends comes before what hides, whichever finding it is of.
            actions.sort_by_key(|(rank, _)| *rank);
        }
        let mut actions: Vec<CodeAction> = actions.into_iter().map(|(_, action)| action).collect();
        let is_safe = |finding: &Finding| finding.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Safe);
        let mut safe = findings.iter().filter(|finding| is_safe(finding)).take(MOST);
        if wanted.has(FIX_ALL) && safe.any(|finding| is_safe(&judged(session, finding, &findings))) {
            actions.extend(fix_all(session, &document));
        }
        Ok(Some(actions.into_iter().map(CodeActionResponse::CodeAction).collect()))
    }
}

impl Handler for Resolve {
    type Request = CodeActionResolveRequest;

    /// It comes with another request.
    fn announce(_: &Client, _: &mut ServerCapabilities) {}

    fn answer(session: &mut Session, mut action: CodeAction, _: &Asked<'_>) -> Result<CodeAction, Failure> {
        let uri = action.data.as_ref().and_then(|data| data.get("uri")).and_then(Json::as_str).map(str::to_owned);
        let is_fix_all = action.kind.as_ref().is_some_and(|kind| kind.to_string() == FIX_ALL);
        if let (true, None, Some(uri)) = (is_fix_all, &action.edit, uri)
            && let Some(document) = document(session, &uri)
        {
            action.edit = fix_all_edit(session, &document);
        }
        Ok(action)
    }
}

/// The kinds that a client asks for; `None` for all.
struct Wanted(Option<Vec<String>>);

impl Wanted {
    /// Whether actions of this kind are asked for: by its name, or by one that it is a kind of.
    fn has(&self, kind: &str) -> bool {
        let is_of = |wanted: &String| {
            wanted.is_empty()
                || kind.strip_prefix(&**wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.0.as_ref().is_none_or(|only| only.iter().any(is_of))
    }
}

/// Whether two places meet, ends included: a cursor has no width.
fn meets(one: Span, other: Span) -> bool {
    one.start <= other.end && other.start <= one.end
}

/// What can be done about one finding, each with its rank among all.
fn quick_fixes(session: &Session, document: &Document, finding: &Finding, all: &[Finding]) -> Vec<(u8, CodeAction)> {
    let diagnostics = session.written(&document.path, std::slice::from_ref(finding));
    let action = |title: String, edits: &[diagnostic::Edit], is_preferred: bool| CodeAction {
        title,
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(diagnostics.clone()),
        is_preferred: is_preferred.then_some(true),
        edit: Some(workspace_edit(session, edits)),
        disabled: None,
        command: None,
        data: None,
        tags: None,
    };
    let mut actions = Vec::new();
    let with_effect = finding.fix.as_ref().filter(|_| is_harmless(session, finding));
    if let Some(fix) = with_effect.and_then(|_| judged(session, finding, all).fix) {
        let is_safe = fix.safety == Safety::Safe;
        let title = match (&fix.effect, is_safe) {
            (None, true) => fix.title.clone(),
            (None, false) => format!("{} (unsafe)", fix.title),
            (Some(effect), true) => format!("{}. {effect}", fix.title),
            (Some(effect), false) => format!("{} (unsafe). {effect}", fix.title),
        };
        actions.push((u8::from(!is_safe), action(title, &fix.edits, is_safe)));
    }
    for Fix { title, edits, .. } in &finding.offers {
        actions.push((2, action(title.clone(), edits, false)));
    }
    if let Some((span, text)) = suppression::ignore_comment(finding, rules::TABLE) {
        let place = Place { source: Arc::clone(&finding.place.source), span };
        let title = format!("Accept with a reason: ignore {} here", finding.rule.name);
        actions.push((3, action(title, &[diagnostic::Edit { place, text }], false)));
    }
    actions
}

/// The finding with its fix judged by what it changes of who gets in.
fn judged(session: &Session, finding: &Finding, all: &[Finding]) -> Finding {
    fixing::judged(finding, all, session.world.subjects(), diff_report::sentences)
}

/// Whether the fix of a finding leaves nothing worse behind.
fn is_harmless(session: &Session, finding: &Finding) -> bool {
    let texts = session.documents.texts();
    let files = Overlay::new(&Disk, &texts).keeping(&session.world.listings);
    fixing::is_harmless(finding, session.world.subjects(), &files)
}

/// The action that makes all safe fixes; its edit is worked out now if nobody asks for it later.
fn fix_all(session: &Session, document: &Document) -> Option<CodeAction> {
    let is_later = session.client.resolves_edits;
    let edit = if is_later { None } else { Some(fix_all_edit(session, document)?) };
    Some(CodeAction {
        title: "Make all safe fixes of kaslint".to_owned(),
        kind: Some(CodeActionKind::new(FIX_ALL)),
        diagnostics: None,
        is_preferred: None,
        edit,
        disabled: None,
        command: None,
        data: is_later.then(|| json!({"uri": document.uri})),
        tags: None,
    })
}

fn fix_all_edit(session: &Session, document: &Document) -> Option<WorkspaceEdit> {
    let path = document.source.path();
    let texts = session.documents.texts();
    let may_change = |_: usize, changed: &str| changed == path;
    let request = Request {
        up_to: Safety::Safe,
        may_change: &may_change,
        files: &Overlay::new(&Disk, &texts).keeping(&session.world.listings),
        steps: &Steps::default(),
        tell: diff_report::sentences,
    };
    let fixed = fixing::fix(session.world.subjects().to_vec(), &request);
    let file = fixed.files.iter().find(|file| file.before.path() == path)?;
    Some(workspace_edit(session, &line_edits(&file.before, file.after.text())))
}

/// The lines that differ, so that the editor keeps cursors and marks in the others.
fn line_edits(before: &Arc<Source>, after: &str) -> Vec<diagnostic::Edit> {
    let difference = TextDiff::from_lines(before.text(), after);
    let mut edits: Vec<diagnostic::Edit> = Vec::new();
    let mut offset = 0;
    let mut is_open = false;
    for change in difference.iter_all_changes() {
        let text = change.value();
        if change.tag() == ChangeTag::Equal {
            offset += text.len();
            is_open = false;
            continue;
        }
        if !is_open {
            let place = Place { source: Arc::clone(before), span: Span::empty(offset) };
            edits.push(diagnostic::Edit { place, text: String::new() });
            is_open = true;
        }
        let Some(edit) = edits.last_mut() else { continue };
        match change.tag() {
            ChangeTag::Delete => {
                offset += text.len();
                edit.place.span.end = offset;
            }
            _ => edit.text.push_str(text),
        }
    }
    edits.into_iter().map(trimmed).collect()
}

/// The same edit without what stays at both ends: it may be a secret, which no message has to hold.
fn trimmed(mut edit: diagnostic::Edit) -> diagnostic::Edit {
    let before = edit.place.source.slice(edit.place.span);
    let pairs = before.chars().zip(edit.text.chars());
    let start: usize = pairs.take_while(|(old, new)| old == new).map(|(old, _)| old.len_utf8()).sum();
    let (old, new) = (before.get(start..).unwrap_or_default(), edit.text.get(start..).unwrap_or_default());
    let pairs = old.chars().rev().zip(new.chars().rev());
    let end: usize = pairs.take_while(|(old, new)| old == new).map(|(old, _)| old.len_utf8()).sum();
    let text = new.get(..new.len() - end).unwrap_or_default().to_owned();
    let span = edit.place.span;
    edit.place.span = Span::new(span.start + start, span.end - end);
    edit.text = text;
    edit
}

/// Edits of files as the client takes them.
fn workspace_edit(session: &Session, edits: &[diagnostic::Edit]) -> WorkspaceEdit {
    let mut by_path: BTreeMap<&str, Vec<TextEdit>> = BTreeMap::new();
    for edit in edits {
        let range = session.client.encoding.range(&edit.place.source, edit.place.span);
        let of_file = by_path.entry(edit.place.source.path()).or_default();
        of_file.push(TextEdit { range, new_text: edit.text.clone() });
    }
    let named = by_path.into_iter().map(|(path, edits)| {
        let open = session.documents.by_path(path);
        let uri = open.map_or_else(|| uri::from_path(Path::new(path)), |document| document.uri.clone());
        (uri, open.map(|document| document.version), edits)
    });
    if session.client.takes_document_changes {
        let changes = named.map(|(uri, version, edits)| {
            DocumentChange::TextDocumentEdit(TextDocumentEdit {
                text_document: OptionalVersionedTextDocumentIdentifier {
                    version,
                    text_document_identifier: gen_lsp_types::TextDocumentIdentifier { uri: uri.into() },
                },
                edits: edits.into_iter().map(Edit::TextEdit).collect(),
            })
        });
        return WorkspaceEdit { document_changes: Some(changes.collect()), ..WorkspaceEdit::default() };
    }
    let changes: HashMap<gen_lsp_types::Uri, Vec<TextEdit>> =
        named.map(|(uri, _, edits)| (uri.into(), edits)).collect();
    WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn line_edits_make_the_other_text(before in "[a-cé\\n]{0,40}", after in "[a-cé\\n]{0,40}") {
            let source = Arc::new(Source::new("a", &*before));
            let edits = line_edits(&source, &after);
            let mut made = before.clone();
            for edit in edits.iter().rev() {
                made.replace_range(edit.place.span.start..edit.place.span.end, &edit.text);
            }
            proptest::prop_assert_eq!(made, after);
        }
    }

    #[test]
    fn what_stays_is_in_no_edit() {
        let source = Arc::new(Source::new("a", "a: b\ntoken: secret, on\nc: d\n"));
        let edits = line_edits(&source, "a: b\ntoken: secret, 'on'\nc: d\n");
        let made: Vec<(&str, &str)> = edits.iter().map(|edit| (source.slice(edit.place.span), &*edit.text)).collect();
        assert_eq!(made, [("on", "'on'")]);
    }

    #[test]
    fn kinds_are_asked_for_by_themselves_or_by_what_they_are_kinds_of() {
        let has = |only: &[&str], kind| Wanted(Some(only.iter().map(ToString::to_string).collect())).has(kind);
        assert!(has(&["source"], FIX_ALL) && has(&["source.fixAll"], FIX_ALL) && has(&[FIX_ALL], FIX_ALL));
        assert!(has(&[""], FIX_ALL) && Wanted(None).has("quickfix"));
        assert!(!has(&["source.fixAll.kaslintish"], FIX_ALL) && !has(&["sourc"], FIX_ALL) && !has(&[], "quickfix"));
    }
}
