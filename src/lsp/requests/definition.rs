use super::{Asked, Failure, Handler};
use crate::lsp::session::Session;
use gen_lsp_types::*;

pub(super) struct Definitions;

impl Handler for Definitions {
    type Request = DefinitionRequest;

    fn answer(
        _session: &mut Session,
        _params: DefinitionParams,
        _: &Asked<'_>,
    ) -> Result<Option<DefinitionResponse>, Failure> {
        Ok(None)
    }
}
