//! `textDocument/inlayHint`: what each entry comes to, behind its line. Off unless the settings say otherwise.

use gen_lsp_types::{InlayHint, InlayHintParams, InlayHintRequest, Label};

use super::{Asked, Failure, Handler, document};
use crate::lsp::hints;
use crate::lsp::session::Session;
use crate::lsp::world::Role;

pub(super) struct InlayHints;

impl Handler for InlayHints {
    type Request = InlayHintRequest;

    fn answer(
        session: &mut Session,
        params: InlayHintParams,
        asked: &Asked<'_>,
    ) -> Result<Option<Vec<InlayHint>>, Failure> {
        let Some(document) = document(session, &params.text_document.uri.0) else { return Ok(None) };
        session.catch_up();
        let is_on = session.world.options_for(&document.path).inlay_hints;
        let (true, Some(Role::Agent(project, input))) = (is_on, session.world.role(&document)) else {
            return Ok(Some(Vec::new()));
        };
        asked.check()?;
        let encoding = session.client.encoding;
        let part = encoding.span(&document.source, params.range);
        let hint = |(span, text): (crate::source::Span, String)| {
            let line = document.source.line_span(document.source.line_index(span.start));
            InlayHint {
                position: encoding.position(&document.source, line.end),
                label: Label::String(format!("→ {text}")),
                kind: None,
                text_edits: None,
                tooltip: None,
                padding_left: Some(true),
                padding_right: None,
                data: None,
            }
        };
        Ok(Some(hints::of_entries(&session.world, (project, input), part).into_iter().map(hint).collect()))
    }
}
