//! The documents that an editor has open. Their texts go before those on the disk.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use gen_lsp_types::{TextDocumentContentChangeEvent, TextDocumentItem};

use super::encoding::PositionEncoding;
use super::uri;
use crate::project::files::Texts;
use crate::project::paths::shown_path;
use crate::source::Source;

/// An open document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// Its address, as the client writes it.
    pub uri: String,
    /// The file; it need not lie on the disk.
    pub path: PathBuf,
    /// The client's count of its states.
    pub version: i32,
    /// Its text, under the path that reports show.
    pub source: Arc<Source>,
}

/// All open documents that are files. Others, such as notes without a name, are nobody's configuration.
#[derive(Debug, Default)]
pub(super) struct Documents {
    by_uri: BTreeMap<String, Document>,
}

impl Documents {
    /// A document is opened; `None` for one that is no file.
    pub fn open(&mut self, item: TextDocumentItem) -> Option<&Document> {
        let path = uri::to_path(&item.uri.0)?;
        let source = Arc::new(Source::new(shown_path(&path), item.text));
        let document = Document { uri: item.uri.0.clone(), path, version: item.version, source };
        self.by_uri.insert(item.uri.0.clone(), document);
        self.by_uri.get(&item.uri.0)
    }

    /// A document is changed; `None` for one that is not open.
    pub fn change(
        &mut self,
        uri: &str,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: PositionEncoding,
    ) -> Option<&Document> {
        let document = self.by_uri.get_mut(uri)?;
        document.version = version;
        for change in changes {
            let source = &document.source;
            let changed = match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                    Source::new(source.path().to_owned(), whole.text)
                }
                // Nobody can be told that a place does not exist, and the end is the nearest one that does.
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    source.with_change(encoding.span(source, part.range), &part.text)
                }
            };
            document.source = Arc::new(changed);
        }
        Some(document)
    }

    /// A document is closed.
    pub fn close(&mut self, uri: &str) -> Option<Document> {
        self.by_uri.remove(uri)
    }

    /// The document of this address.
    pub fn get(&self, uri: &str) -> Option<&Document> {
        self.by_uri.get(uri)
    }

    /// The document of the file that reports show under this path.
    pub fn by_path(&self, shown: &str) -> Option<&Document> {
        self.iter().find(|document| document.source.path() == shown)
    }

    /// All of them, by address.
    pub fn iter(&self) -> impl Iterator<Item = &Document> {
        self.by_uri.values()
    }

    /// Their texts, by the path that reports show.
    pub fn texts(&self) -> Texts {
        self.iter().map(|document| (document.source.path().to_owned(), Arc::clone(&document.source))).collect()
    }
}
