//! What editors ask: one file a request, and one list of them.

mod code_action;
mod code_lens;
mod completion;
mod definition;
mod diagnostic;
mod document_symbol;
mod folding_range;
mod hover;
mod inlay_hint;
mod text_document_content;
mod workspace_diagnostic;

use gen_lsp_types::{Request, ServerCapabilities, TextDocumentPositionParams};
use lsp_server::{ErrorCode, RequestId};
use serde_json::Value as Json;

use super::client::Client;
use super::documents::Document;
use super::encoding::NoSuchLine;
use super::session::Session;
use super::transport::Pending;
use super::world::Role;

/// Why a request is not answered with what it asks for.
#[derive(Debug)]
pub(super) struct Failure {
    /// The kind of failure, in the protocol's words.
    pub code: ErrorCode,
    /// What went wrong.
    pub message: String,
}

impl Failure {
    fn invalid(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::InvalidParams, message: message.into() }
    }
}

impl From<NoSuchLine> for Failure {
    fn from(error: NoSuchLine) -> Self {
        Self::invalid(error.to_string())
    }
}

/// A request that is being answered.
pub(super) struct Asked<'a> {
    /// Its name.
    pub id: &'a RequestId,
    /// Those that wait.
    pub pending: &'a Pending,
}

impl Asked<'_> {
    /// Stops where the client has taken the request back.
    ///
    /// # Errors
    /// When it has.
    pub fn check(&self) -> Result<(), Failure> {
        match self.pending.is_cancelled(self.id) {
            true => Err(Failure { code: ErrorCode::RequestCanceled, message: "the request was taken back".to_owned() }),
            false => Ok(()),
        }
    }
}

/// Answers one kind of request.
trait Handler {
    /// The kind.
    type Request: Request;

    /// What the server says at the start of being able to answer.
    fn announce(client: &Client, capabilities: &mut ServerCapabilities);

    /// The answer.
    fn answer(
        session: &mut Session,
        params: <Self::Request as Request>::Params,
        asked: &Asked<'_>,
    ) -> Result<<Self::Request as Request>::Result, Failure>;
}

type Answer = fn(&mut Session, Json, &Asked<'_>) -> Result<Json, Failure>;

fn answer<H: Handler>(session: &mut Session, params: Json, asked: &Asked<'_>) -> Result<Json, Failure> {
    let params = serde_json::from_value(params).map_err(|error| Failure::invalid(error.to_string()))?;
    asked.check()?;
    let result = H::answer(session, params, asked)?;
    serde_json::to_value(result).map_err(|error| Failure { code: ErrorCode::InternalError, message: error.to_string() })
}

type Announce = fn(&Client, &mut ServerCapabilities);

/// A kind of request, by its method.
struct Known {
    method: String,
    announce: Announce,
    answer: Answer,
}

fn of<H: Handler>() -> Known {
    Known { method: H::Request::METHOD.to_string(), announce: H::announce, answer: answer::<H> }
}

/// All requests that are answered.
fn all() -> Vec<Known> {
    vec![
        of::<code_action::CodeActions>(),
        of::<code_action::Resolve>(),
        of::<code_lens::CodeLenses>(),
        of::<completion::Completion>(),
        of::<definition::Definitions>(),
        of::<diagnostic::Diagnostics>(),
        of::<document_symbol::Symbols>(),
        of::<folding_range::Folds>(),
        of::<hover::Hovers>(),
        of::<inlay_hint::InlayHints>(),
        of::<text_document_content::Content>(),
        of::<workspace_diagnostic::WorkspaceDiagnostics>(),
    ]
}

/// What answers requests of this method.
pub(super) fn find(method: &str) -> Option<Answer> {
    all().into_iter().find(|known| known.method == method).map(|known| known.answer)
}

/// Says of which requests a client can make use.
pub(super) fn announce(client: &Client, capabilities: &mut ServerCapabilities) {
    all().iter().for_each(|known| (known.announce)(client, capabilities));
}

/// Where the cursor stands in a document that has to do with agents.
struct Cursor {
    document: Document,
    offset: usize,
    role: Role,
}

/// The place that a request is about; `None` where there is nothing to say.
fn cursor(
    session: &mut Session,
    params: &TextDocumentPositionParams,
    asked: &Asked<'_>,
) -> Result<Option<Cursor>, Failure> {
    let Some(document) = document(session, &params.text_document.uri.0) else { return Ok(None) };
    let offset = session.client.encoding.offset(&document.source, params.position)?;
    session.catch_up();
    let Some(role) = session.world.role(&document) else { return Ok(None) };
    asked.check()?;
    Ok(Some(Cursor { document, offset, role }))
}

/// The open document of this address; `None` for one that is no file or not open, about which there is nothing to say.
fn document(session: &Session, uri: &str) -> Option<Document> {
    session.documents.get(uri).cloned()
}
