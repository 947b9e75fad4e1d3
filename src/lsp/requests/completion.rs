//! `textDocument/completion`

use gen_lsp_types::{
    CompletionItem, CompletionList, CompletionOptions, CompletionParams, CompletionRequest, CompletionResponse,
    Documentation, InsertTextFormat, InsertTextMode, MarkupContent, MarkupKind, ServerCapabilities, TextEdit,
};

use super::{Asked, Cursor, Failure, Handler, cursor};
use crate::diagnostic::suppression::MARK;
use crate::lsp::client::Client;
use crate::lsp::completion::{self, Around, At, FileKind, Offer};
use crate::lsp::documents::Document;
use crate::lsp::session::Session;
use crate::lsp::world::Role;

pub(super) struct Completion;

impl Handler for Completion {
    type Request = CompletionRequest;

    fn announce(_: &Client, capabilities: &mut ServerCapabilities) {
        capabilities.completion_provider = Some(CompletionOptions {
            trigger_characters: Some([":", "/", "[", " "].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        });
    }

    fn answer(
        session: &mut Session,
        params: CompletionParams,
        asked: &Asked<'_>,
    ) -> Result<Option<CompletionResponse>, Failure> {
        let found = cursor(session, &params.text_document_position_params, asked)?;
        let Some(Cursor { document, offset: cursor, role }) = found else { return Ok(None) };
        let findings = findings(session, &document, cursor);
        let (kind, project) = match role {
            Role::Agent(project, _) => (FileKind::Agent, Some(project)),
            Role::Template(project) => (FileKind::Template, Some(project)),
            Role::Ci(project) => (FileKind::Ci, Some(project)),
            Role::Script => return Ok(None),
            Role::Settings => (FileKind::Settings, None),
            Role::Inventory => (FileKind::Inventory, None),
        };
        let world = &session.world;
        let around = Around {
            context: project.and_then(|project| world.project(project)).map(|project| &project.context),
            look: &|show| {
                if let Some(project) = project {
                    world.show(|facts| show(facts, project));
                }
            },
            findings: &findings,
        };
        let fills_snippets = session.client.fills_snippets;
        let offers = completion::offers(&At { source: &document.source, kind, cursor, fills_snippets }, &around);
        let items = offers.all.into_iter().enumerate().map(|(at, offer)| item(session, &document, at, offer));
        let list =
            CompletionList { is_incomplete: offers.is_incomplete, items: items.collect(), ..CompletionList::default() };
        Ok(Some(CompletionResponse::CompletionList(list)))
    }
}

/// The rules that say something in a file and where, if the cursor is in a comment to kaslint.
fn findings(session: &mut Session, document: &Document, cursor: usize) -> Vec<(usize, &'static str)> {
    let line = document.source.line_span(document.source.line_index(cursor));
    if !document.source.slice(line).contains(MARK) {
        return Vec::new();
    }
    let findings = session.world.findings(document, &session.documents);
    let line_of = |offset: usize| document.source.line_index(offset) + 1;
    findings.iter().map(|finding| (line_of(finding.place.span.start), finding.rule.name)).collect()
}

fn item(session: &Session, document: &Document, at: usize, offer: Offer) -> CompletionItem {
    let range = session.client.encoding.range(&document.source, offer.edit);
    let documentation = offer.documentation.map(|text| match session.client.shows_markdown {
        true => Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value: text }),
        false => Documentation::String(text),
    });
    CompletionItem {
        label: offer.label,
        kind: Some(offer.kind),
        detail: offer.detail,
        documentation,
        // The order is ours.
        sort_text: Some(format!("{at:04}")),
        filter_text: Some(offer.filter),
        insert_text_format: offer.is_snippet.then_some(InsertTextFormat::Snippet),
        // The lines carry their indentation.
        insert_text_mode: Some(InsertTextMode::AsIs).filter(|_| offer.text.contains('\n')),
        text_edit: Some(TextEdit { range, new_text: offer.text }.into()),
        ..CompletionItem::default()
    }
}
