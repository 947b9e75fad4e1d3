use super::{Asked, Failure, Handler};
use crate::lsp::session::Session;
use gen_lsp_types::*;

pub(super) struct CodeLenses;

impl Handler for CodeLenses {
    type Request = CodeLensRequest;

    fn answer(
        _session: &mut Session,
        _params: CodeLensParams,
        _: &Asked<'_>,
    ) -> Result<Option<Vec<CodeLens>>, Failure> {
        Ok(None)
    }
}
