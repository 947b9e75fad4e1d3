use super::{Asked, Failure, Handler};
use crate::lsp::session::Session;
use gen_lsp_types::*;

pub(super) struct CodeActions;
pub(super) struct Resolve;

impl Handler for CodeActions {
    type Request = CodeActionRequest;

    fn answer(
        _session: &mut Session,
        _params: CodeActionParams,
        _: &Asked<'_>,
    ) -> Result<Option<Vec<CodeActionResponse>>, Failure> {
        Ok(None)
    }
}
impl Handler for Resolve {
    type Request = CodeActionResolveRequest;

    fn answer(_session: &mut Session, params: CodeAction, _: &Asked<'_>) -> Result<CodeAction, Failure> {
        Ok(params)
    }
}
