//! Completion in small texts, in which `|` is the cursor.

use std::sync::Arc;

use super::outline::{Outline, Step};
use super::*;
use crate::analysis::{self, Asked, Project, Selection, Steps};
use crate::gitlab::FullPath;
use crate::layout::Location;
use crate::rules::Input;
use crate::shape;
use crate::{inventory, yaml};

const INVENTORY_TEXT: &str = "
gitlab: {tier: premium}
groups: [{path: acme}, {path: acme/web}, {path: acme/ops}, {path: globex}]
users: [jo]
projects:
  - {path: acme/agents, agents: [prod, test, spare], environments: []}
  - {path: acme/web/shop, environments: [production, staging, 'on', 'a: b']}
  - {path: acme/web/blog, environments: [production, preview]}
  - {path: acme/ops/tools, environments: []}
  - {path: Acme/Ops/Shopping, environments: []}
  - {path: globex/site, environments: []}
  - {path: jo/notes, environments: []}
";

const PROD: &str = "
ci_access:
  projects:
    - id: acme/web/shop
      environments: [production, qa, review/*]
      protected_branches_only: true
      access_as: {ci_job: {}}
";

const TEST: &str = "ci_access: {groups: [{id: acme/web}]}";

const SPARE: &str = "ci_access: {projects: [{id: acme/ops/tools}]}";

/// A world of two projects: agents, and a shop with a CI file.
struct Scene {
    projects: Vec<Project>,
    findings: Vec<(usize, &'static str)>,
}

fn agent(name: &str, text: &str) -> Input {
    let path = format!(".gitlab/agents/{name}/config.yaml");
    let location = Location::of(&path).unwrap_or_else(|| panic!("{path}"));
    Input::text(location, Arc::new(Source::new(path, text)))
}

impl Scene {
    fn new() -> Self {
        Self::at(NEWEST, None)
    }

    fn at(version: Version, instance_authorization: Option<bool>) -> Self {
        let loaded = inventory::read(&Source::new("inventory.yaml", INVENTORY_TEXT));
        assert_eq!(loaded.problems, []);
        let context = Context {
            version,
            instance_authorization,
            project: Some(FullPath::new("acme/agents")),
            inventory: Some(Arc::new(loaded.inventory)),
            ..Context::default()
        };
        let inputs = vec![agent("prod", PROD), agent("test", TEST), agent("spare", SPARE)];
        let shop = Context { project: Some(FullPath::new("acme/web/shop")), ..context.clone() };
        let mut shop = Project::new(Vec::new(), shop, Selection::default());
        let main = Arc::new(Source::new(
            ".gitlab-ci.yml",
            "review: {environment: review/$CI_COMMIT_REF_SLUG, script: [x]}\ndeploy: {environment: canary, script: [x]}",
        ));
        shop.pipeline = Some(pipeline(main));
        Self { projects: vec![Project::new(inputs, context, Selection::default()), shop], findings: Vec::new() }
    }

    fn offers(&self, kind: FileKind, marked: &str, fills_snippets: bool) -> (Source, Offers) {
        let cursor = marked.find('|').unwrap_or_else(|| panic!("no cursor: {marked}"));
        let source = Source::new("file.yaml", marked.replacen('|', "", 1));
        let at = usize::from(kind == FileKind::Ci);
        let look = |show: &mut dyn FnMut(&Facts<'_>, usize)| {
            analysis::look(&self.projects, &Steps::default(), Asked::Anyway, |facts| show(facts, at));
        };
        let is_known = matches!(kind, FileKind::Agent | FileKind::Ci);
        let context = self.projects.get(at).map(|project| &project.context).filter(|_| is_known);
        let around = Around { context, look: &look, findings: &self.findings };
        let offers = offers(&At { source: &source, kind, cursor, fills_snippets }, &around);
        for offer in &offers.all {
            let span = offer.edit;
            assert!(span.start <= cursor && cursor <= span.end, "{marked}: {offer:?}");
            assert!(source.text().get(span.start..span.end).is_some(), "{marked}: {offer:?}");
            assert!(!source.slice(span).contains(['\n', '\r']), "{marked}: {offer:?}");
        }
        (source, offers)
    }

    fn labels(&self, kind: FileKind, marked: &str) -> Vec<String> {
        self.offers(kind, marked, false).1.all.into_iter().map(|offer| offer.label).collect()
    }

    /// The text once an offer is taken.
    fn accept(&self, kind: FileKind, marked: &str, label: &str) -> String {
        let (source, offers) = self.offers(kind, marked, false);
        let Some(offer) = offers.all.iter().find(|offer| offer.label == label) else {
            let labels: Vec<_> = offers.all.iter().map(|offer| &offer.label).collect();
            panic!("{marked} does not offer {label}, but {labels:?}")
        };
        accepted(&source, offer)
    }
}

fn accepted(source: &Source, offer: &Offer) -> String {
    let text = source.text();
    [&text[..offer.edit.start], &offer.text, &text[offer.edit.end..]].concat()
}

fn pipeline(main: Arc<Source>) -> crate::ci::Pipeline {
    crate::ci::read(main, &crate::ci::NoFiles, &crate::ci::Options::default())
}

use FileKind::{Agent, Ci, Settings};

/// Words that must be offered, in this order; `!` in front of one that must not be; `=` in front of all if there are no others.
fn check(scene: &Scene, kind: FileKind, cases: &[(&str, &str)]) {
    for (marked, expected) in cases {
        let labels = scene.labels(kind, marked);
        let (exact, words) = match expected.strip_prefix('=') {
            Some(words) => (true, words),
            None => (false, *expected),
        };
        let mut wanted = Vec::new();
        for word in words.split_whitespace() {
            match word.strip_prefix('!') {
                Some(unwanted) => assert!(!labels.iter().any(|label| label == unwanted), "{marked}\noffers {unwanted}: {labels:?}"),
                None => wanted.push(word),
            }
        }
        if exact {
            assert_eq!(labels, wanted, "{marked}");
        } else {
            let found: Vec<_> = labels.iter().filter(|label| wanted.contains(&label.as_str())).collect();
            assert_eq!(found, wanted, "{marked}\noffers {labels:?}");
        }
    }
}
