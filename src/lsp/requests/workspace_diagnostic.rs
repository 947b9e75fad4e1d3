//! `workspace/diagnostic`: what is to be said of all files of the projects, whether they are open or not.

use std::collections::HashMap;
use std::path::Path;

use gen_lsp_types::{
    FullDocumentDiagnosticReport, ServerCapabilities, UnchangedDocumentDiagnosticReport, WorkspaceDiagnosticParams,
    WorkspaceDiagnosticReport, WorkspaceDiagnosticRequest, WorkspaceDocumentDiagnosticReport,
    WorkspaceFullDocumentDiagnosticReport, WorkspaceUnchangedDocumentDiagnosticReport,
};

use super::{Asked, Failure, Handler};
use crate::lsp::client::Client;
use crate::lsp::session::{Session, state_of};
use crate::lsp::uri;

pub(super) struct WorkspaceDiagnostics;

impl Handler for WorkspaceDiagnostics {
    type Request = WorkspaceDiagnosticRequest;

    /// It comes with another request.
    fn announce(_: &Client, _: &mut ServerCapabilities) {}

    fn answer(
        session: &mut Session,
        params: WorkspaceDiagnosticParams,
        asked: &Asked<'_>,
    ) -> Result<WorkspaceDiagnosticReport, Failure> {
        let before: HashMap<String, String> =
            params.previous_result_ids.into_iter().map(|known| (known.uri.0, known.value)).collect();
        session.catch_up();
        let all = session.world.everything();
        asked.check()?;
        let mut items = Vec::with_capacity(all.len());
        for (path, findings) in all {
            let open = session.documents.by_path(&path);
            let uri = open.map_or_else(|| uri::from_path(Path::new(&path)), |document| document.uri.clone());
            let version = open.map(|document| document.version);
            let diagnostics = session.written(Path::new(&path), &findings);
            let state = state_of(&diagnostics);
            items.push(match before.get(&uri) {
                Some(known) if *known == state => {
                    WorkspaceDocumentDiagnosticReport::WorkspaceUnchangedDocumentDiagnosticReport(
                        WorkspaceUnchangedDocumentDiagnosticReport {
                            uri: uri.into(),
                            version,
                            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport {
                                result_id: state,
                            },
                        },
                    )
                }
                _ => WorkspaceDocumentDiagnosticReport::WorkspaceFullDocumentDiagnosticReport(
                    WorkspaceFullDocumentDiagnosticReport {
                        uri: uri.into(),
                        version,
                        full_document_diagnostic_report: FullDocumentDiagnosticReport {
                            result_id: Some(state),
                            items: diagnostics,
                        },
                    },
                ),
            });
        }
        Ok(WorkspaceDiagnosticReport { items })
    }
}
