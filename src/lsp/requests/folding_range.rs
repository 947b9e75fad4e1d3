use super::{Asked, Failure, Handler};
use crate::lsp::session::Session;
use gen_lsp_types::*;

pub(super) struct Folds;

impl Handler for Folds {
    type Request = FoldingRangeRequest;

    fn answer(
        _session: &mut Session,
        _params: FoldingRangeParams,
        _: &Asked<'_>,
    ) -> Result<Option<Vec<FoldingRange>>, Failure> {
        Ok(None)
    }
}
