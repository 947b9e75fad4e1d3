//! `textDocument/codeLens`: what each entry comes to, above its line. Off unless the settings say otherwise.

use gen_lsp_types::{CodeLens, CodeLensOptions, CodeLensParams, CodeLensRequest, Command, ServerCapabilities};

use super::{Asked, Failure, Handler, document};
use crate::lsp::client::Client;
use crate::lsp::hints;
use crate::lsp::session::Session;
use crate::source::Span;

pub(super) struct CodeLenses;

impl Handler for CodeLenses {
    type Request = CodeLensRequest;

    fn announce(_: &Client, capabilities: &mut ServerCapabilities) {
        capabilities.code_lens_provider = Some(CodeLensOptions::default());
    }

    fn answer(
        session: &mut Session,
        params: CodeLensParams,
        asked: &Asked<'_>,
    ) -> Result<Option<Vec<CodeLens>>, Failure> {
        let Some(document) = document(session, &params.text_document.uri.0) else { return Ok(None) };
        asked.check()?;
        let whole = Span::new(0, document.source.text().len());
        let hints = hints::shown(session, &document, |options| options.code_lens, whole);
        // A lens is a command; this one does nothing but be read.
        let lens = |hints::Hint { place, short, whole }| CodeLens {
            range: session.client.encoding.range(&document.source, place),
            command: Some(Command { title: short, tooltip: Some(whole), command: String::new(), arguments: None }),
            data: None,
        };
        Ok(Some(hints.into_iter().map(lens).collect()))
    }
}
