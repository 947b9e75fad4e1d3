//! `textDocument/definition`: from a context to the agent's file, and from an entry to those that go before it.

use std::sync::Arc;

use gen_lsp_types::{
    Definition, DefinitionParams, DefinitionProvider, DefinitionRequest, DefinitionResponse, Location,
    ServerCapabilities,
};

use super::{Asked, Cursor, Failure, Handler, cursor};
use crate::access::Row;
use crate::access::jobs::{Grants, JobView, Resolved, Selection};
use crate::agent_config::{CiEntry, EntryKind};
use crate::analysis::Facts;
use crate::gitlab::{ancestor_paths, lower_path};
use crate::lsp::client::Client;
use crate::lsp::diagnostics::Writer;
use crate::lsp::documents::Document;
use crate::lsp::place::touches;
use crate::lsp::session::Session;
use crate::lsp::world::Role;
use crate::source::{Place, Source};

pub(super) struct Definitions;

impl Handler for Definitions {
    type Request = DefinitionRequest;

    fn announce(_: &Client, capabilities: &mut ServerCapabilities) {
        capabilities.definition_provider = Some(DefinitionProvider::Bool(true));
    }

    fn answer(
        session: &mut Session,
        params: DefinitionParams,
        asked: &Asked<'_>,
    ) -> Result<Option<DefinitionResponse>, Failure> {
        let found = cursor(session, &params.text_document_position_params, asked)?;
        let Some(Cursor { document, offset, role }) = found else { return Ok(None) };
        let places = session.world.show(|facts| match role {
            Role::Agent(project, input) => overriding(facts, (project, input), offset),
            Role::Ci(project) => agent_files(facts, project, &document, offset),
            Role::Template(_) | Role::Script | Role::Settings | Role::Inventory => Vec::new(),
        });
        if places.is_empty() {
            return Ok(None);
        }
        let writer = Writer { client: &session.client, options: session.world.options_for(&document.path) };
        let locations: Vec<Location> = places
            .iter()
            .map(|place| {
                let mut location = writer.location(place);
                if let Some(open) = session.documents.by_path(place.source.path()) {
                    location.uri = open.uri.as_str().into();
                }
                location
            })
            .collect();
        Ok(Some(DefinitionResponse::Definition(Definition::LocationList(locations))))
    }
}

/// The entries that go before the one under the cursor: the last of the same id, else those of a part of what it names.
///
/// Source: `app/services/clusters/agents/authorizations/ci_access/refresh_service.rb` and `.../ci_access/finder.rb` of GitLab.
fn overriding(facts: &Facts<'_>, (project, input): (usize, usize), offset: usize) -> Vec<Place> {
    let file = facts.files.get(project).and_then(|files| files.get(input)?.as_ref());
    let Some((file, access)) = file.and_then(|file| Some((file, file.config.ci_access.as_ref()?))) else {
        return Vec::new();
    };
    let Some(entry) = access.entries().find(|entry| touches(entry.head, offset)) else { return Vec::new() };
    let place = |entry: &CiEntry| Place { source: Arc::clone(&file.source), span: entry.head };
    let id = |entry: &CiEntry| entry.id.as_ref().map(|id| lower_path(&id.value).into_owned());
    let own = id(entry);
    let same = |other: &&CiEntry| other.kind == entry.kind && id(other) == own && own.is_some();
    // Of equal ids the last counts, whole.
    if let Some(last) = access.entries().filter(same).last().filter(|last| last.index != entry.index) {
        return vec![place(last)];
    }
    let goes_before = |other: &&CiEntry| match (entry.kind, &own, id(other)) {
        (EntryKind::Instance, _, Some(_)) => true,
        (EntryKind::Group, Some(own), Some(other_id)) => ancestor_paths(&other_id).any(|above| above == own),
        _ => false,
    };
    access.entries().filter(goes_before).map(place).collect()
}

/// The entry that lets a job in at the agent whose context is under the cursor, or the agent's file.
fn agent_files(facts: &Facts<'_>, project: usize, document: &Document, offset: usize) -> Vec<Place> {
    let known = facts.jobs(project).zip(facts.index(project));
    let Some((jobs, index)) = known else {
        return Vec::new();
    };
    let is_here = |place: &Place| place.source.path() == document.source.path() && touches(place.span, offset);
    let of_values = jobs.contexts_in_values();
    let of_jobs = jobs.jobs.iter().flat_map(|job| job.selections().iter().map(move |selection| (Some(job), selection)));
    let selections = of_jobs.chain(of_values.iter().map(|selection| (None, selection)));
    let here: Vec<(Option<&JobView<'_>>, &Selection)> =
        selections.filter(|(_, selection)| is_here(&selection.place)).collect();
    let mut places: Vec<Place> = Vec::new();
    for (job, selection) in here {
        let (Resolved::Agent(agent) | Resolved::OtherCase(agent)) = selection.resolve(index) else { continue };
        let file = index.agent(agent).file;
        let source: Option<&Arc<Source>> = file.and_then(|file| facts.sources.get(file.path));
        let Some(source) = source else { continue };
        let is_known = places.iter().any(|known| known.source.path() == source.path());
        if !is_known {
            // The entry that decides about the job, where there is one.
            let cases = job.iter().flat_map(|job| selection.cases.iter().filter_map(|at| job.cases.get(*at)));
            let asked = Grants::new(jobs, index);
            let grants = cases.filter_map(|case| asked.of(case, agent));
            let winner = |row: &Row<'_>| row.winner.and_then(|winner| winner.entry).map(|entry| entry.head);
            let head = grants.flat_map(|grant| grant.rows).find_map(|rows| rows.iter().find_map(winner));
            places.push(Place { source: Arc::clone(source), span: head.unwrap_or_default() });
        }
    }
    places
}
