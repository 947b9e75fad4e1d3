use super::{Asked, Failure, Handler};
use crate::lsp::session::Session;
use gen_lsp_types::*;

pub(super) struct Symbols;

impl Handler for Symbols {
    type Request = DocumentSymbolRequest;

    fn answer(
        _session: &mut Session,
        _params: DocumentSymbolParams,
        _: &Asked<'_>,
    ) -> Result<Option<DocumentSymbolResponse>, Failure> {
        Ok(None)
    }
}
