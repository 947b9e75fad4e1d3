use super::{Asked, Failure, Handler};
use crate::lsp::session::Session;
use gen_lsp_types::*;

pub(super) struct Completion;

impl Handler for Completion {
    type Request = CompletionRequest;

    fn answer(
        _session: &mut Session,
        _params: CompletionParams,
        _: &Asked<'_>,
    ) -> Result<Option<CompletionResponse>, Failure> {
        Ok(None)
    }
}
