//! `textDocument/documentSymbol`: keys and entries of a configuration, jobs of a CI file.

use std::collections::HashSet;

use gen_lsp_types::{
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolProvider, DocumentSymbolRequest, DocumentSymbolResponse,
    Location, ServerCapabilities, SymbolInformation, SymbolKind,
};

use super::{Asked, Failure, Handler, document};
use crate::access::jobs::JobView;
use crate::analysis::Facts;
use crate::lsp::client::Client;
use crate::lsp::documents::Document;
use crate::lsp::encoding::PositionEncoding;
use crate::lsp::session::Session;
use crate::lsp::world::Role;
use crate::source::{Source, Span};
use crate::words::{count, printable};
use crate::yaml::{self, Data, NodeId, Tree};

/// How many symbols are told of one document.
const MOST: usize = 10_000;

/// How deep keys are told.
const MOST_DEPTH: usize = 12;

pub(super) struct Symbols;

impl Handler for Symbols {
    type Request = DocumentSymbolRequest;

    fn announce(_: &Client, capabilities: &mut ServerCapabilities) {
        capabilities.document_symbol_provider = Some(DocumentSymbolProvider::Bool(true));
    }

    fn answer(
        session: &mut Session,
        params: DocumentSymbolParams,
        asked: &Asked<'_>,
    ) -> Result<Option<DocumentSymbolResponse>, Failure> {
        let Some(document) = document(session, &params.text_document.uri.0) else { return Ok(None) };
        session.catch_up();
        let Some(role) = session.world.role(&document) else { return Ok(None) };
        asked.check()?;
        let encoding = session.client.encoding;
        let symbols = match role {
            Role::Ci(project) => session.world.show(|facts| jobs(facts, project, &document, encoding)),
            Role::Script => return Ok(None),
            Role::Agent(..) | Role::Template(_) | Role::Settings | Role::Inventory => keys(&document.source, encoding),
        };
        if session.client.takes_symbol_trees {
            return Ok(Some(DocumentSymbolResponse::DocumentSymbolList(symbols)));
        }
        let mut flat = Vec::new();
        flatten(symbols, None, &document.uri, &mut flat);
        Ok(Some(DocumentSymbolResponse::SymbolInformationList(flat)))
    }
}

fn flatten(symbols: Vec<DocumentSymbol>, holder: Option<&str>, uri: &str, flat: &mut Vec<SymbolInformation>) {
    for symbol in symbols {
        let name = symbol.name.clone();
        #[allow(deprecated, reason = "the field has to be filled")]
        flat.push(SymbolInformation {
            location: Location { uri: uri.into(), range: symbol.range },
            deprecated: None,
            base_symbol_information: gen_lsp_types::BaseSymbolInformation {
                name: symbol.name,
                kind: symbol.kind,
                tags: None,
                container_name: holder.map(str::to_owned),
            },
        });
        flatten(symbol.children.unwrap_or_default(), Some(&name), uri, flat);
    }
}

/// The keys of a file, and the items of its lists by what names them.
fn keys(source: &Source, encoding: PositionEncoding) -> Vec<DocumentSymbol> {
    let document = yaml::read(source);
    let tree = document.tree();
    let mut outline = Outline { source, tree, encoding, left: MOST };
    tree.root().map(|root| outline.children(root, 0)).unwrap_or_default()
}

struct Outline<'o> {
    source: &'o Source,
    tree: &'o Tree,
    encoding: PositionEncoding,
    left: usize,
}

impl Outline<'_> {
    fn children(&mut self, id: NodeId, depth: usize) -> Vec<DocumentSymbol> {
        if depth > MOST_DEPTH {
            return Vec::new();
        }
        let tree = self.tree;
        let mut symbols = Vec::new();
        match &tree.node(id).data {
            Data::Mapping { entries, .. } => {
                for (key, value) in entries {
                    let Some(name) = tree.scalar_text(*key).map(printable) else { continue };
                    let (key, whole) = (tree.node(*key).span, tree.node(*value).span);
                    symbols.extend(self.symbol((name, key, key.join(whole)), *value, depth));
                }
            }
            Data::Sequence { items, .. } => {
                for (at, item) in items.iter().enumerate() {
                    let span = tree.node(*item).span;
                    // A list of names needs no outline.
                    if !matches!(tree.node(*item).data, Data::Mapping { .. }) {
                        continue;
                    }
                    let (name, place) =
                        self.name_of(*item).unwrap_or_else(|| (format!("[{at}]"), Span::empty(span.start)));
                    symbols.extend(self.symbol((name, place, span), *item, depth));
                }
            }
            Data::Scalar { .. } | Data::Alias { .. } => {}
        }
        symbols
    }

    /// What tells an item from others.
    fn name_of(&self, item: NodeId) -> Option<(String, Span)> {
        let Data::Mapping { entries, .. } = &self.tree.node(item).data else { return None };
        ["id", "path", "name", "rule", "key"].iter().find_map(|wanted| {
            let value =
                entries.iter().find(|(key, _)| self.tree.scalar_text(*key) == Some(wanted)).map(|(_, value)| *value)?;
            let text = self.tree.scalar_text(value).filter(|text| !text.is_empty())?;
            Some((printable(text), self.tree.node(value).span))
        })
    }

    fn symbol(
        &mut self,
        (name, place, whole): (String, Span, Span),
        value: NodeId,
        depth: usize,
    ) -> Option<DocumentSymbol> {
        self.left = self.left.checked_sub(1)?;
        // Clients refuse a symbol without a name.
        let name = if name.trim().is_empty() { "(empty)".to_owned() } else { name };
        let (kind, detail) = match &self.tree.node(value).data {
            Data::Mapping { .. } => (SymbolKind::Object, None),
            Data::Sequence { items, .. } => (SymbolKind::Array, Some(count(items.len(), "item"))),
            Data::Scalar { text, .. } => (SymbolKind::Property, Some(printable(text)).filter(|text| !text.is_empty())),
            Data::Alias { name, .. } => (SymbolKind::Property, Some(format!("*{}", printable(name)))),
        };
        let children = self.children(value, depth + 1);
        Some(symbol(self.source, self.encoding, (name, kind, detail), (place, whole), children))
    }
}

fn symbol(
    source: &Source,
    encoding: PositionEncoding,
    (name, kind, detail): (String, SymbolKind, Option<String>),
    (place, whole): (Span, Span),
    children: Vec<DocumentSymbol>,
) -> DocumentSymbol {
    // The name has to lie within the whole.
    let whole = whole.join(place);
    #[allow(deprecated, reason = "the field has to be filled")]
    DocumentSymbol {
        name,
        detail,
        kind,
        tags: None,
        deprecated: None,
        range: encoding.range(source, whole),
        selection_range: encoding.range(source, place),
        children: (!children.is_empty()).then_some(children),
    }
}

/// The jobs that this file writes, with their environments and the contexts that they select.
fn jobs(facts: &Facts<'_>, project: usize, document: &Document, encoding: PositionEncoding) -> Vec<DocumentSymbol> {
    let Some(jobs) = facts.jobs(project) else { return Vec::new() };
    let (path, source) = (document.source.path(), &*document.source);
    let mut symbols = Vec::new();
    // The jobs of a child pipeline come again where it is started with something else.
    let mut seen = HashSet::new();
    let is_new = |view: &&JobView<'_>| seen.insert(view.job.name_place.span);
    let here = jobs.jobs.iter().filter(|view| view.job.name_place.source.path() == path);
    for view in here.filter(is_new).take(MOST) {
        let place = view.job.name_place.span;
        let environment = view.job.environment.as_ref().filter(|environment| environment.place.source.path() == path);
        let environment = environment.map(|environment| {
            let name = format!("environment {}", printable(environment.name.as_str()));
            let span = environment.place.span;
            symbol(source, encoding, (name, SymbolKind::Property, None), (span, span), Vec::new())
        });
        let here = view.selections().iter().filter(|selection| selection.place.source.path() == path);
        let contexts = here.map(|selection| {
            let name = format!("context {}", printable(&selection.context.to_string()));
            let span = selection.place.span;
            symbol(source, encoding, (name, SymbolKind::Interface, None), (span, span), Vec::new())
        });
        let children: Vec<DocumentSymbol> = environment.into_iter().chain(contexts).collect();
        let detail = view.job.stage.as_ref().map(|stage| format!("stage {}", printable(stage)));
        let whole = job_span(source, place);
        symbols.push(symbol(
            source,
            encoding,
            (printable(&view.job.name), SymbolKind::Function, detail),
            (place, whole),
            children,
        ));
    }
    symbols.sort_by_key(|symbol| symbol.range.start);
    symbols
}

/// From a job's name to the last line that is indented below it.
fn job_span(source: &Source, name: Span) -> Span {
    let first = source.line_index(name.start);
    let mut end = source.line_span(first).end;
    for line in first + 1..source.line_count() {
        let span = source.line_span(line);
        let text = source.slice(span);
        if text.trim().is_empty() {
            continue;
        }
        if !text.starts_with([' ', '\t']) && !text.starts_with("- ") {
            break;
        }
        end = span.end;
    }
    Span::new(name.start, end)
}
