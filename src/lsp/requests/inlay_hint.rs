//! `textDocument/inlayHint`: what each entry comes to, behind its line. Off unless the settings say otherwise.

use gen_lsp_types::{
    InlayHint, InlayHintParams, InlayHintProvider, InlayHintRequest, Label, ServerCapabilities, Tooltip,
};

use super::{Asked, Failure, Handler, document};
use crate::lsp::client::Client;
use crate::lsp::hints;
use crate::lsp::session::Session;

pub(super) struct InlayHints;

impl Handler for InlayHints {
    type Request = InlayHintRequest;

    fn announce(_: &Client, capabilities: &mut ServerCapabilities) {
        capabilities.inlay_hint_provider = Some(InlayHintProvider::Bool(true));
    }

    fn answer(
        session: &mut Session,
        params: InlayHintParams,
        asked: &Asked<'_>,
    ) -> Result<Option<Vec<InlayHint>>, Failure> {
        let Some(document) = document(session, &params.text_document.uri.0) else { return Ok(None) };
        asked.check()?;
        let encoding = session.client.encoding;
        let part = encoding.span(&document.source, params.range);
        let hints = hints::shown(session, &document, |options| options.inlay_hints, part);
        let hint = |hints::Hint { place, short, whole }| {
            let line = document.source.line_span(document.source.line_index(place.start));
            InlayHint {
                position: encoding.position(&document.source, line.end),
                label: Label::String(short),
                kind: None,
                text_edits: None,
                tooltip: Some(Tooltip::String(whole)),
                padding_left: Some(true),
                padding_right: None,
                data: None,
            }
        };
        Ok(Some(hints.into_iter().map(hint).collect()))
    }
}
