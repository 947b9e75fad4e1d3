//! `textDocument/diagnostic`

use gen_lsp_types::{
    DiagnosticOptions, DiagnosticProvider, DocumentDiagnosticParams, DocumentDiagnosticReport,
    DocumentDiagnosticRequest, FullDocumentDiagnosticReport, RelatedFullDocumentDiagnosticReport,
    RelatedUnchangedDocumentDiagnosticReport, ServerCapabilities, UnchangedDocumentDiagnosticReport,
    WorkDoneProgressOptions,
};

use super::{Asked, Failure, Handler, document};
use crate::lsp::client::Client;
use crate::lsp::session::{Session, state_of};
use crate::lsp::uri;
use crate::project::paths::shown_path;

pub(super) struct Diagnostics;

impl Handler for Diagnostics {
    type Request = DocumentDiagnosticRequest;

    fn announce(client: &Client, capabilities: &mut ServerCapabilities) {
        capabilities.diagnostic_provider = client.pulls_diagnostics.then(|| {
            DiagnosticProvider::DiagnosticOptions(DiagnosticOptions {
                identifier: Some("kaslint".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: true,
                work_done_progress_options: WorkDoneProgressOptions::default(),
            })
        });
    }

    fn answer(
        session: &mut Session,
        params: DocumentDiagnosticParams,
        _: &Asked<'_>,
    ) -> Result<DocumentDiagnosticReport, Failure> {
        let items = match document(session, &params.text_document.uri.0) {
            Some(document) => session.diagnostics(&document),
            // Some clients ask for files that are not open.
            None => match uri::to_path(&params.text_document.uri.0) {
                Some(path) => {
                    session.catch_up();
                    let findings = session.world.everything().remove(&shown_path(&path)).unwrap_or_default();
                    session.written(&path, &findings)
                }
                None => Vec::new(),
            },
        };
        let state = state_of(&items);
        if session.documents.get(&params.text_document.uri.0).is_some() {
            session.pulled.insert(params.text_document.uri.0, state.clone());
        }
        if params.previous_result_id.as_deref() == Some(&*state) {
            let unchanged = UnchangedDocumentDiagnosticReport { result_id: state };
            return Ok(DocumentDiagnosticReport::RelatedUnchangedDocumentDiagnosticReport(
                RelatedUnchangedDocumentDiagnosticReport {
                    related_documents: None,
                    unchanged_document_diagnostic_report: unchanged,
                },
            ));
        }
        Ok(DocumentDiagnosticReport::RelatedFullDocumentDiagnosticReport(RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(state), items },
        }))
    }
}
