//! What the server knows while it runs: the client, the open documents, the projects; and what it says without being asked.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use gen_lsp_types::{
    Diagnostic, DidChangeConfigurationParams, DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams,
    FileChangeType, PublishDiagnosticsParams,
};
use lsp_server::{Message, Notification, Request, RequestId, Response};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::client::Client;
use super::diagnostics::Writer;
use super::documents::{Document, Documents};
use super::options::{EditorOptions, SECTION};
use super::transport::Outgoing;
use super::uri;
use super::world::{Folder, World};
use crate::agent_config::location::CI_FILE;
use crate::diagnostic::Finding;
use crate::project::Options;
use crate::project::paths::{locate, shown_path};
use crate::project::settings::FILE_NAME;
use crate::source::Printable;

/// How long the client may take to say what its settings are, before work starts without them.
const PATIENCE: Duration = Duration::from_secs(2);

/// The state of the server.
pub(super) struct Session {
    /// What the client can do.
    pub client: Client,
    /// The open documents.
    pub documents: Documents,
    /// The projects.
    pub world: World,
    sender: Sender<Outgoing>,
    /// How many requests were sent to the client.
    asked: i32,
    /// The request for the client's settings that is not answered yet, with the folders that it asks for.
    /// Until when the work waits for it; the answer counts later as well.
    awaited: Option<(RequestId, Vec<Option<PathBuf>>, Option<Instant>)>,
    /// Whether the client was asked for its settings.
    has_asked: bool,
    /// Whether everything is to be read again.
    is_stale: bool,
    /// Documents that were opened, changed or saved since diagnostics were last told.
    changed: BTreeSet<String>,
    /// Whether something else than the changed documents may have changed.
    needs_refresh: bool,
    /// The diagnostics that were told last, by address.
    published: BTreeMap<String, String>,
    /// The states of the diagnostics that the client asked for last, by address.
    pub pulled: BTreeMap<String, String>,
    /// What the user has been told of the client's settings.
    complaints: HashSet<String>,
    /// What the user was told when everything was last read.
    troubles: Vec<String>,
    /// What the command line says.
    given: Options,
}

impl Session {
    /// A session with a client, by the parameters of its `initialize`.
    pub fn new(sender: Sender<Outgoing>, params: &Json, given: &Options) -> Self {
        let capabilities = params.get("capabilities").unwrap_or(&Json::Null);
        let mut session = Self {
            client: Client::of(capabilities),
            documents: Documents::default(),
            world: World::default(),
            sender,
            asked: 0,
            awaited: None,
            has_asked: false,
            is_stale: true,
            changed: BTreeSet::new(),
            needs_refresh: false,
            published: BTreeMap::new(),
            pulled: BTreeMap::new(),
            complaints: HashSet::new(),
            troubles: Vec::new(),
            given: given.clone(),
        };
        let given = params.get("initializationOptions").unwrap_or(&Json::Null);
        session.world.options = session.read_options(given, None);
        for path in folders(params) {
            let options = session.read_options(given, Some(&path));
            session.world.folders.push(Folder { path, options });
        }
        session
    }

    fn read_options(&mut self, settings: &Json, folder: Option<&Path>) -> EditorOptions {
        let (options, faults) = EditorOptions::read(settings, folder, &self.given);
        for fault in faults {
            if self.complaints.insert(fault.clone()) {
                self.complain(&fault);
            }
        }
        options
    }

    /// The client is ready to be asked.
    pub fn initialized(&mut self) {
        let mut registrations = Vec::new();
        if self.client.watches_files {
            // What jobs run may have any name; these are the usual ones.
            let globs = [
                "**/*.{yml,yaml}",
                "**/*.json",
                "**/*.{sh,bash,mk,tf}",
                "**/{Makefile,makefile,GNUmakefile,justfile,Justfile}",
            ];
            let watchers = globs.map(|glob| json!({"globPattern": glob}));
            registrations.push(json!({
                "id": "kaslint-files",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": {"watchers": watchers},
            }));
        }
        if self.client.registers_configuration {
            registrations.push(json!({
                "id": "kaslint-settings",
                "method": "workspace/didChangeConfiguration",
                "registerOptions": {"section": SECTION},
            }));
        }
        if !registrations.is_empty() {
            self.request("client/registerCapability", json!({"registrations": registrations}));
        }
        self.ask_for_settings();
    }

    fn ask_for_settings(&mut self) {
        if !self.client.has_configuration {
            return;
        }
        let mut scopes: Vec<Option<PathBuf>> = vec![None];
        scopes.extend(self.world.folders.iter().map(|folder| Some(folder.path.clone())));
        let items: Vec<Json> = scopes
            .iter()
            .map(|scope| match scope {
                Some(path) => json!({"scopeUri": uri::from_path(path), "section": SECTION}),
                None => json!({"section": SECTION}),
            })
            .collect();
        let id = self.request("workspace/configuration", json!({"items": items}));
        self.awaited = Some((id, scopes, Some(Instant::now() + PATIENCE)));
        self.has_asked = true;
    }

    /// Until when to wait for the client's settings; `None` where there is nothing to wait for.
    pub fn deadline(&self) -> Option<Instant> {
        self.awaited.as_ref().and_then(|(.., until)| *until)
    }

    /// The client has answered.
    pub fn response(&mut self, response: Response) {
        let Some((_, scopes, _)) = self.awaited.take_if(|(id, ..)| *id == response.id) else { return };
        let Ok(Json::Array(values)) = response.response_result else { return };
        for (scope, value) in scopes.into_iter().zip(values) {
            // A client that knows nothing of the section leaves what `initialize` said.
            if value.is_null() {
                continue;
            }
            self.set_options(&value, scope.as_deref());
        }
        self.is_stale = true;
        // The client may have asked for something meanwhile, and was answered without its settings.
        self.needs_refresh = true;
    }

    fn set_options(&mut self, value: &Json, scope: Option<&Path>) {
        let options = self.read_options(value, scope);
        match scope {
            None => self.world.options = options,
            Some(path) => {
                let of_scope = self.world.folders.iter_mut().filter(|folder| folder.path == path);
                of_scope.for_each(|folder| folder.options = options.clone());
            }
        }
    }

    /// A document is opened.
    pub fn open(&mut self, params: DidOpenTextDocumentParams) {
        let uri = params.text_document.uri.0.clone();
        let Some(document) = self.documents.open(params.text_document).cloned() else { return };
        self.touch(uri, &document);
    }

    /// A document is changed.
    pub fn change(&mut self, params: DidChangeTextDocumentParams) {
        let document = params.text_document;
        let uri = document.text_document_identifier.uri.0;
        let encoding = self.client.encoding;
        let changed = self.documents.change(&uri, document.version, params.content_changes, encoding).cloned();
        let Some(document) = changed else { return };
        self.touch(uri, &document);
    }

    fn touch(&mut self, uri: String, document: &Document) {
        self.changed.insert(uri);
        if !self.is_stale && !self.world.update(document, &self.documents) {
            self.is_stale = true;
        }
    }

    /// A document is saved.
    pub fn save(&mut self, params: DidSaveTextDocumentParams) {
        let uri = params.text_document.uri.0;
        if self.documents.get(&uri).is_some() {
            // Who watches no files may notice here that others have changed.
            self.is_stale |= !self.client.watches_files;
            // Of files that come and go not every client tells: of a folder that is removed some say that alone, or nothing.
            if !self.is_stale {
                self.world.list_again(&self.documents);
            }
            self.changed.insert(uri);
        }
    }

    /// A document is closed, so that what lies on the disk counts again.
    pub fn close(&mut self, params: DidCloseTextDocumentParams) {
        let uri = params.text_document.uri.0;
        let Some(document) = self.documents.close(&uri) else { return };
        self.changed.remove(&uri);
        self.pulled.remove(&uri);
        if self.world.role(&document).is_some() {
            self.is_stale = true;
            self.needs_refresh = true;
        }
        if self.published.remove(&uri).is_some() {
            self.publish(&uri, None, Vec::new());
        }
    }

    /// Files on the disk have changed.
    pub fn watched(&mut self, params: DidChangeWatchedFilesParams) {
        let matters = |uri: &str, kind: FileChangeType| {
            let Some(path) = uri::to_path(uri) else { return false };
            // A file that comes or goes may be one that a pattern of includes meets, which looks at the disk alone.
            if kind != FileChangeType::Changed && self.world.has_pipeline_around(&path) {
                return true;
            }
            // An open document's text is the editor's, whatever lies on the disk.
            let is_open = self.documents.by_path(&shown_path(&path)).is_some();
            let is_named = path.file_name().is_some_and(|name| name == CI_FILE || name == FILE_NAME);
            !is_open && (is_named || locate(&path).1.is_some() || self.world.has_read(&path))
        };
        if params.changes.iter().any(|change| matters(&change.uri.0, change.kind)) {
            self.is_stale = true;
            self.needs_refresh = true;
        }
    }

    /// Folders are opened or closed.
    pub fn folders(&mut self, params: DidChangeWorkspaceFoldersParams) {
        for removed in params.event.removed {
            let path = uri::to_path(&removed.uri.0);
            self.world.folders.retain(|folder| Some(&folder.path) != path.as_ref());
        }
        for added in params.event.added {
            let Some(path) = uri::to_path(&added.uri.0) else { continue };
            if !self.world.folders.iter().any(|folder| folder.path == path) {
                let options = self.world.options.clone();
                self.world.folders.push(Folder { path, options });
            }
        }
        self.is_stale = true;
        self.needs_refresh = true;
        self.ask_for_settings();
    }

    /// The client's settings have changed.
    pub fn configuration(&mut self, params: DidChangeConfigurationParams) {
        self.is_stale = true;
        self.needs_refresh = true;
        if self.client.has_configuration {
            self.ask_for_settings();
        } else if params.settings.is_object() {
            self.set_options(&params.settings, None);
            let paths: Vec<PathBuf> = self.world.folders.iter().map(|folder| folder.path.clone()).collect();
            paths.iter().for_each(|path| self.set_options(&params.settings, Some(path)));
        }
    }

    /// Reads everything again, if that is due.
    pub fn catch_up(&mut self) {
        // Who asks before the settings are there gets an answer without them.
        if !std::mem::take(&mut self.is_stale) {
            return;
        }
        let troubles = self.world.load(&self.documents);
        let before = std::mem::replace(&mut self.troubles, troubles.clone());
        for trouble in troubles.iter().filter(|trouble| !before.contains(trouble)) {
            self.complain(trouble);
        }
    }

    /// Tells what has changed, once there is nothing else to do.
    pub fn settle(&mut self) {
        if let Some((.., waits)) = &mut self.awaited
            && let Some(until) = *waits
        {
            if Instant::now() < until {
                return;
            }
            *waits = None;
            self.log("The client did not answer what its settings are; the work goes on without them.");
        }
        let was_stale = self.is_stale;
        let changed = std::mem::take(&mut self.changed);
        let needs_refresh = std::mem::take(&mut self.needs_refresh);
        // Who is about to say what the settings are would have everything read twice.
        let is_early = self.client.has_configuration && !self.has_asked;
        if changed.is_empty() && !needs_refresh && (!was_stale || is_early) {
            return;
        }
        self.catch_up();
        if self.client.pulls_diagnostics {
            let needs_refresh = needs_refresh || self.has_changed_others(&changed);
            self.ask_to_refresh(needs_refresh);
            return;
        }
        let documents: Vec<Document> = self.documents.iter().cloned().collect();
        for document in &documents {
            let is_touched = changed.contains(&document.uri);
            if self.world.role(document).is_none() {
                // What was somebody's business and is not any more.
                if self.published.remove(&document.uri).is_some() {
                    self.publish(&document.uri, Some(document.version), Vec::new());
                }
                continue;
            }
            let diagnostics = self.diagnostics(document);
            let state = state_of(&diagnostics);
            if is_touched || self.published.get(&document.uri) != Some(&state) {
                self.published.insert(document.uri.clone(), state);
                self.publish(&document.uri, Some(document.version), diagnostics);
            }
        }
        self.publish_mistakes();
        self.ask_to_refresh(needs_refresh);
    }

    /// Whether a change in some documents has changed what is to be said of others: not every client asks for those of itself.
    fn has_changed_others(&mut self, changed: &BTreeSet<String>) -> bool {
        if !self.client.refreshes_diagnostics {
            return false;
        }
        let others = self.documents.iter().filter(|document| !changed.contains(&document.uri));
        let others: Vec<Document> =
            others.filter(|document| self.pulled.contains_key(&document.uri)).cloned().collect();
        let mut has_changed = false;
        for document in others {
            let state = state_of(&self.diagnostics(&document));
            if self.pulled.get(&document.uri) != Some(&state) {
                // Asked for once; whoever does not come is not asked again for the same.
                self.pulled.insert(document.uri, state);
                has_changed = true;
            }
        }
        has_changed
    }

    /// Tells the mistakes of settings files and inventories that are not open: without them, nothing is as it should be.
    fn publish_mistakes(&mut self) {
        let mistakes: Vec<(String, Vec<Finding>)> =
            self.world.mistakes().map(|(path, all)| (path.clone(), all.clone())).collect();
        let mut closed: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        for (path, findings) in mistakes {
            if self.documents.by_path(&path).is_none() {
                let path = Path::new(&path);
                closed.insert(uri::from_path(path), self.written(path, &findings));
            }
        }
        let gone: Vec<String> = self
            .published
            .keys()
            .filter(|uri| self.documents.get(uri).is_none() && !closed.contains_key(*uri))
            .cloned()
            .collect();
        for uri in gone {
            self.published.remove(&uri);
            self.publish(&uri, None, Vec::new());
        }
        for (uri, diagnostics) in closed {
            let state = state_of(&diagnostics);
            if self.published.insert(uri.clone(), state.clone()) != Some(state) {
                self.publish(&uri, None, diagnostics);
            }
        }
    }

    /// Has the client ask again for what is shown, where something else than its own document changed it.
    fn ask_to_refresh(&mut self, needs_refresh: bool) {
        if !needs_refresh {
            return;
        }
        let is_shown = |wanted: fn(&EditorOptions) -> bool| {
            self.world.folders.iter().map(|folder| &folder.options).chain([&self.world.options]).any(wanted)
        };
        let refreshes = [
            (self.client.pulls_diagnostics && self.client.refreshes_diagnostics, "workspace/diagnostic/refresh"),
            (
                self.client.refreshes_inlay_hints && is_shown(|options| options.inlay_hints),
                "workspace/inlayHint/refresh",
            ),
            (self.client.refreshes_code_lenses && is_shown(|options| options.code_lens), "workspace/codeLens/refresh"),
        ];
        for (_, method) in refreshes.into_iter().filter(|(is_wanted, _)| *is_wanted) {
            self.request(method, Json::Null);
        }
    }

    /// The diagnostics of a document.
    pub fn diagnostics(&mut self, document: &Document) -> Vec<Diagnostic> {
        self.catch_up();
        let findings = self.world.findings(document, &self.documents);
        self.written(&document.path, &findings)
    }

    /// Findings of a file as diagnostics.
    pub fn written(&self, path: &Path, findings: &[Finding]) -> Vec<Diagnostic> {
        let writer = Writer { client: &self.client, options: self.world.options_for(path) };
        findings.iter().map(|finding| writer.diagnostic(finding)).collect()
    }

    fn publish(&self, uri: &str, version: Option<i32>, diagnostics: Vec<Diagnostic>) {
        let params = PublishDiagnosticsParams { uri: uri.into(), version, diagnostics };
        self.notify("textDocument/publishDiagnostics", &params);
    }

    /// Tells the user something.
    fn complain(&self, message: &str) {
        const WARNING: u8 = 2;
        let message = format!("kaslint: {}", Printable::of(message));
        self.notify("window/showMessage", &json!({"type": WARNING, "message": message}));
    }

    /// Writes something down for who looks for it.
    pub fn log(&self, message: &str) {
        const INFO: u8 = 3;
        self.notify("window/logMessage", &json!({"type": INFO, "message": &*Printable::of(message)}));
    }

    fn notify(&self, method: &str, params: &impl serde::Serialize) {
        let Ok(params) = serde_json::to_value(params) else { return };
        self.send(Notification { method: method.to_owned(), params }.into());
    }

    fn request(&mut self, method: &str, params: Json) -> RequestId {
        self.asked += 1;
        let id = RequestId::from(format!("kaslint-{}", self.asked));
        self.send(Request { id: id.clone(), method: method.to_owned(), params }.into());
        id
    }

    fn send(&self, message: Message) {
        // Where nobody writes any more, the end is near.
        let _ = self.sender.send(Outgoing::Message(message));
    }
}

/// The folders that the client has open.
fn folders(params: &Json) -> Vec<PathBuf> {
    let uris: Vec<&str> = match params.get("workspaceFolders").and_then(Json::as_array) {
        Some(folders) => folders.iter().filter_map(|folder| folder.get("uri")?.as_str()).collect(),
        None => params.get("rootUri").and_then(Json::as_str).into_iter().collect(),
    };
    let mut paths: Vec<PathBuf> = uris.into_iter().filter_map(uri::to_path).collect();
    if paths.is_empty() && params.get("workspaceFolders").is_none_or(Json::is_null) {
        paths
            .extend(params.get("rootPath").and_then(Json::as_str).map(PathBuf::from).filter(|path| path.is_absolute()));
    }
    let mut seen = HashSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    paths
}

/// A name for what is told of a document; the same for the same.
pub(super) fn state_of(diagnostics: &[Diagnostic]) -> String {
    let text = serde_json::to_vec(diagnostics).unwrap_or_default();
    Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
