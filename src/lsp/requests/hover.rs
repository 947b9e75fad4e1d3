use super::{Asked, Failure, Handler};
use crate::lsp::session::Session;
use gen_lsp_types::*;

pub(super) struct Hovers;

impl Handler for Hovers {
    type Request = HoverRequest;

    fn answer(_session: &mut Session, _params: HoverParams, _: &Asked<'_>) -> Result<Option<Hover>, Failure> {
        Ok(None)
    }
}
