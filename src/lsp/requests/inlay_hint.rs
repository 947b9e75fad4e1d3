use super::{Asked, Failure, Handler};
use crate::lsp::session::Session;
use gen_lsp_types::*;

pub(super) struct InlayHints;

impl Handler for InlayHints {
    type Request = InlayHintRequest;

    fn answer(
        _session: &mut Session,
        _params: InlayHintParams,
        _: &Asked<'_>,
    ) -> Result<Option<Vec<InlayHint>>, Failure> {
        Ok(None)
    }
}
