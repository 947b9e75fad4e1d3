//! `textDocument/diagnostic`

use gen_lsp_types::{
    DocumentDiagnosticParams, DocumentDiagnosticReport, DocumentDiagnosticRequest, FullDocumentDiagnosticReport,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport,
};

use super::{Asked, Failure, Handler, document};
use crate::lsp::session::{Session, state_of};

pub(super) struct Diagnostics;

impl Handler for Diagnostics {
    type Request = DocumentDiagnosticRequest;

    fn answer(
        session: &mut Session,
        params: DocumentDiagnosticParams,
        _: &Asked<'_>,
    ) -> Result<DocumentDiagnosticReport, Failure> {
        let items = match document(session, &params.text_document.uri.0) {
            Some(document) => session.diagnostics(&document),
            None => Vec::new(),
        };
        let state = state_of(&items);
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
