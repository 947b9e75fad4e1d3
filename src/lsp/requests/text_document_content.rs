//! `workspace/textDocumentContent`: the pages of rules.

use gen_lsp_types::{
    ServerCapabilities, TextDocumentContent, TextDocumentContentOptions, TextDocumentContentParams,
    TextDocumentContentRequest, TextDocumentContentResult,
};

use super::{Asked, Failure, Handler};
use crate::lsp::client::Client;
use crate::lsp::pages;
use crate::lsp::session::Session;

pub(super) struct Content;

impl Handler for Content {
    type Request = TextDocumentContentRequest;

    fn announce(_: &Client, capabilities: &mut ServerCapabilities) {
        let options = TextDocumentContentOptions { schemes: vec![pages::SCHEME.to_owned()] };
        capabilities.workspace.get_or_insert_default().text_document_content =
            Some(TextDocumentContent::Options(options));
    }

    fn answer(
        _: &mut Session,
        params: TextDocumentContentParams,
        _: &Asked<'_>,
    ) -> Result<TextDocumentContentResult, Failure> {
        match pages::rule(&params.uri.0) {
            Some(rule) => Ok(TextDocumentContentResult { text: pages::text(rule) }),
            None => Err(Failure::invalid(format!("there is no page {}", params.uri.0))),
        }
    }
}
