//! What the client can do. It is read leniently: a client that leaves out half of what the protocol asks for is served all the same.

use serde_json::Value as Json;

use super::encoding::PositionEncoding;

/// What the client can do, as far as that makes a difference.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    /// What columns count.
    pub encoding: PositionEncoding,
    /// It asks for diagnostics, so that none are sent unasked.
    pub pulls_diagnostics: bool,
    /// It can be told to ask for diagnostics again.
    pub refreshes_diagnostics: bool,
    /// It can be told to ask for inlay hints again.
    pub refreshes_inlay_hints: bool,
    /// It can be told to ask for code lenses again.
    pub refreshes_code_lenses: bool,
    /// It answers `workspace/configuration`.
    pub has_configuration: bool,
    /// It takes a registration for changes of its settings.
    pub registers_configuration: bool,
    /// It watches files if asked to.
    pub watches_files: bool,
    /// It shows the related places of a diagnostic.
    pub shows_related: bool,
    /// It takes links of diagnostics.
    pub takes_links: bool,
    /// It knows the tag for what has no effect.
    pub knows_unnecessary: bool,
    /// It knows the tag for what is going away.
    pub knows_deprecated: bool,
    /// It asks for the edit of a code action when that is chosen.
    pub resolves_edits: bool,
    /// It takes edits that name the state of the document that they are for.
    pub takes_document_changes: bool,
    /// It fills in snippets of completions.
    pub fills_snippets: bool,
    /// It shows Markdown in documentation of completions and in hovers.
    pub shows_markdown: bool,
    /// It takes document symbols as a tree.
    pub takes_symbol_trees: bool,
}

impl Client {
    /// What `capabilities` of `initialize` say.
    pub fn of(capabilities: &Json) -> Self {
        let is = |pointer: &str| capabilities.pointer(pointer).and_then(Json::as_bool).unwrap_or_default();
        let has = |pointer: &str| capabilities.pointer(pointer).is_some_and(|value| !value.is_null());
        let lists = |pointer: &str, wanted: &Json| {
            capabilities.pointer(pointer).and_then(Json::as_array).is_some_and(|list| list.contains(wanted))
        };
        let diagnostics = |rest: &str| {
            ["/textDocument/publishDiagnostics", "/textDocument/diagnostic"].map(|section| format!("{section}{rest}"))
        };
        let either = |rest: &str| diagnostics(rest).iter().any(|pointer| is(pointer));
        let tags =
            |number: i32| diagnostics("/tagSupport/valueSet").iter().any(|pointer| lists(pointer, &number.into()));
        let markdown = Json::from("markdown");
        Self {
            encoding: PositionEncoding::negotiate(capabilities),
            pulls_diagnostics: has("/textDocument/diagnostic"),
            refreshes_diagnostics: is("/workspace/diagnostics/refreshSupport")
                || is("/workspace/diagnostic/refreshSupport"),
            refreshes_inlay_hints: is("/workspace/inlayHint/refreshSupport"),
            refreshes_code_lenses: is("/workspace/codeLens/refreshSupport"),
            has_configuration: is("/workspace/configuration"),
            registers_configuration: is("/workspace/didChangeConfiguration/dynamicRegistration"),
            watches_files: is("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            shows_related: either("/relatedInformation"),
            takes_links: either("/codeDescriptionSupport"),
            knows_unnecessary: tags(1),
            knows_deprecated: tags(2),
            resolves_edits: lists("/textDocument/codeAction/resolveSupport/properties", &"edit".into())
                && is("/textDocument/codeAction/dataSupport"),
            takes_document_changes: is("/workspace/workspaceEdit/documentChanges"),
            fills_snippets: is("/textDocument/completion/completionItem/snippetSupport"),
            shows_markdown: lists("/textDocument/hover/contentFormat", &markdown)
                || !has("/textDocument/hover/contentFormat"),
            takes_symbol_trees: is("/textDocument/documentSymbol/hierarchicalDocumentSymbolSupport"),
        }
    }
}
