//! Completion in small texts, in which `|` is the cursor.

use std::sync::Arc;

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::cursor::{CursorContext, Step};
use super::*;
use crate::agent_config::AgentConfig;
use crate::agent_config::location::Location;
use crate::analysis::{Evaluation, Purpose, Subject};
use crate::ci::{FileContent, Files, Globbed, Pipeline, ProjectFacts};
use crate::diagnostic::Selection;
use crate::gitlab::FullPath;
use crate::project::{Input, Project, Steps};
use crate::rules::{self, RULES};
use crate::schema::ProblemKind;
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
    subjects: Vec<Subject>,
    findings: Vec<(usize, &'static str)>,
}

fn agent(name: &str, text: &str) -> Input {
    let path = format!(".gitlab/agents/{name}/config.yaml");
    Input::text(Location::Config { agent: name.to_owned() }, Arc::new(Source::new(path, text)))
}

impl Scene {
    fn new() -> Self {
        Self::at(NEWEST, None)
    }

    fn at(version: Version, instance_authorization: Option<bool>) -> Self {
        let loaded = inventory::read(&Source::new("inventory.yaml", INVENTORY_TEXT));
        assert!(loaded.problems.is_empty());
        let context = Context {
            version,
            instance_authorization,
            project: Some(FullPath::new("acme/agents")),
            inventory: Some(Arc::new(loaded.inventory)),
            ..Context::default()
        };
        let inputs = vec![agent("prod", PROD), agent("test", TEST), agent("spare", SPARE)];
        let shop = Context { project: Some(FullPath::new("acme/web/shop")), ..context.clone() };
        let mut shop = Subject::new(Project::new(Vec::new(), shop), Selection::default());
        let main = Arc::new(Source::new(
            ".gitlab-ci.yml",
            "review: {environment: review/$CI_COMMIT_REF_SLUG, script: [x]}\ndeploy: {environment: canary, script: [x]}",
        ));
        shop.set_pipeline(Some(pipeline(main)));
        let agents = Subject::new(Project::new(inputs, context), Selection::default());
        Self { subjects: vec![agents, shop], findings: Vec::new() }
    }

    fn offers(&self, kind: FileKind, marked: &str, fills_snippets: bool) -> (Source, Offers) {
        let cursor = marked.find('|').unwrap_or_else(|| panic!("no cursor: {marked}"));
        let source = Source::new("file.yaml", marked.replacen('|', "", 1));
        let at = usize::from(kind == Ci);
        let look = |show: &mut dyn FnMut(&Facts<'_>, usize)| {
            Evaluation::of(self.subjects.clone(), Purpose::Access, &Steps::default()).with(|facts| show(facts, at));
        };
        let is_known = matches!(kind, Agent | Ci);
        let context = self.subjects.get(at).map(|subject| &subject.project.context).filter(|_| is_known);
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

/// A repository that holds one CI file.
struct OneFile(Arc<Source>);

impl Files for OneFile {
    fn read(&self, _: &str) -> FileContent {
        FileContent::Text(Arc::clone(&self.0))
    }

    fn glob(&self, _: &str) -> Globbed {
        Globbed { paths: Vec::new(), is_whole: true }
    }
}

fn pipeline(main: Arc<Source>) -> Pipeline {
    let path = main.path().to_owned();
    Pipeline::read(&path, &OneFile(main), &ProjectFacts::default())
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
                Some(unwanted) => {
                    assert!(!labels.iter().any(|label| label == unwanted), "{marked}\noffers {unwanted}: {labels:?}")
                }
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

#[test]
fn identities_are_offered_whole_on_the_line_of_their_key() {
    let scene = Scene::new();
    for (marked, expected) in [
        ("ci_access:\n  groups:\n    - id: acme\n      access_as: |", vec!["{agent: {}}", "{ci_job: {}}"]),
        ("user_access:\n  access_as: |", vec!["{agent: {}}", "{user: {}}"]),
        ("ci_access:\n  groups:\n    - {id: acme, access_as: |}", vec![]),
    ] {
        assert_eq!(scene.labels(Agent, marked), expected, "{marked}");
    }
    let text = scene.accept(Agent, "user_access:\n  access_as: |\n", "{user: {}}");
    assert_eq!(text, "user_access:\n  access_as: {user: {}}\n");
}

#[test]
fn keys_are_offered_by_place() {
    check(
        &Scene::new(),
        Agent,
        &[
            // The top level.
            (
                "|",
                "=ci_access user_access observability container_scanning remote_development flux custom_data options",
            ),
            ("ci_|", "ci_access user_access !gitops !cilium !starboard !id"),
            ("ci_access:\n  groups: []\n|", "!ci_access user_access flux"),
            ("|\nci_access:\n  groups: []\n", "!ci_access user_access"),
            ("user_access:\n  projects: []\n\n|\n\nci_access: {}\n", "!ci_access !user_access flux"),
            ("---\n|", "ci_access"),
            ("---\nfl|\n...", "flux"),
            ("# a comment\n|", "ci_access"),
            ("\u{feff}|", "ci_access"),
            ("\u{feff}flux: {}\n|", "ci_access !flux"),
            // Below a key.
            ("ci_access:\n  |", "=projects groups instance"),
            ("ci_access:\n  gr|", "=projects groups instance"),
            ("ci_access:\n  |\n  groups: []\n", "=projects instance"),
            ("ci_access:\n  groups:\n    - id: acme\n  |", "=projects instance"),
            ("ci_access:\n  groups:\n    - id: acme\n|", "!ci_access user_access"),
            ("ci_access:\n  groups:\n    - id: acme\n |", "="),
            ("ci_access:\n  groups:\n    - id: acme\n     |", "="),
            ("user_access:\n  access_as:\n    |", "=agent user"),
            ("flux:\n    |", "=webhook_receiver_url enabled"),
            // List items.
            (
                "ci_access:\n  groups:\n    - |",
                "id default_namespace access_as environments protected_branches_only resource_management",
            ),
            ("ci_access:\n  groups:\n    - id: acme\n      |", "!id access_as environments"),
            ("ci_access:\n  groups:\n    - id: acme\n      env|", "!id access_as environments"),
            ("ci_access:\n  groups:\n    - env|", "id environments"),
            ("ci_access:\n  groups:\n    - |\n      environments: [a]\n", "id access_as !environments"),
            (
                "ci_access:\n  groups:\n    - id: acme\n      |\n      environments: [a]\n    - id: b\n      access_as: {}\n",
                "!id access_as !environments",
            ),
            ("ci_access:\n  groups:\n    - id: acme\n    |", "id access_as"),
            ("ci_access:\n  groups:\n    |", "id access_as"),
            ("ci_access:\n  groups:\n    -|", "id access_as"),
            ("ci_access:\n  groups:\n    -\n      |", "id access_as"),
            ("ci_access:\n  groups:\n  - |", "id access_as"),
            ("ci_access:\n  groups:\n  - id: a\n    |", "!id access_as"),
            ("ci_access:\n  groups:\n  - id: a\n  |", "=projects instance"),
            ("ci_access:\n    |\n  groups: []\n", "="),
            ("  |\nci_access:\n", "="),
            ("ci_access:\n  groups:\n    -    |\n      id: a\n", "="),
            // Exactly one member.
            ("ci_access:\n  groups:\n    - access_as:\n        |", "=agent ci_job impersonate"),
            ("ci_access:\n  groups:\n    - access_as:\n        ci_job: {}\n        |", "="),
            ("ci_access:\n  groups:\n    - access_as:\n        ci_|job: {}\n", "=agent ci_job impersonate"),
            ("ci_access: {groups: [{access_as: {|}}]}", "=agent ci_job impersonate"),
            ("ci_access: {groups: [{access_as: {agent: {}, |}}]}", "="),
            // Flow style.
            ("{|}", "ci_access flux"),
            ("{flux: {}, |}", "ci_access !flux"),
            ("{|, flux: {}}", "ci_access !flux"),
            ("ci_access: {|", "=projects groups instance"),
            ("ci_access: {pro|", "=projects groups instance"),
            ("ci_access: {projects: [], |}", "=groups instance"),
            ("ci_access: {groups: [{id: a, |}]}", "!id access_as"),
            ("ci_access: {groups: [{id: a}, {|}]}", "id access_as"),
            ("ci_access: {groups: [{|id: a}]}", "id access_as"),
            ("ci_access:\n  groups: [{id: a,\n    |\n  }]\nflux: {}\n", "!id access_as"),
            ("ci_access:\n  groups: [{|\n  projects: []\n", "id access_as !projects"),
            // In the middle of a key, and in a quoted one.
            ("ci_|access:\n  groups: []\n", "ci_access user_access"),
            ("|ci_access:\n  groups: []\n", "ci_access user_access"),
            ("\"ci|", "ci_access user_access"),
            ("{\"ci|\": {}}", "ci_access"),
            // Broken elsewhere.
            ("flux: {\nci_access:\n  |", "=projects groups instance"),
            ("flux: \"x\nci_access:\n  |", "=projects groups instance"),
            ("flux: [a, 'b\nci_access:\n  |", "=projects groups instance"),
            ("flux:\n\t- x: [}\nci_access:\n  |\nobservability: ]\n", "=projects groups instance"),
            ("ci_access:\n  groups:\n    - id: a: b\n      |\n", "!id access_as"),
            ("ci_access:\n  groups:\n    - id\n    - |\n", "id access_as"),
            // Anchors, tags, merges.
            ("ci_access: &a\n  |", "=projects groups instance"),
            ("ci_access:\n  groups:\n    - &x\n      |", "id access_as"),
            ("ci_access:\n  groups:\n    - <<: *x\n      |", "id access_as"),
            ("ci_access: !!map\n  |", "=projects groups instance"),
            // Line breaks of Windows, and of nobody.
            ("ci_access:\r\n  groups:\r\n    - id: a\r\n      |\r\n", "!id access_as"),
            ("ci_access:\r\n  |\r\n", "=projects groups instance"),
            ("ci_access:\r  |", "=projects groups instance"),
            // Where nothing can be written.
            ("# ci|", "="),
            ("ci_access: # |", "="),
            ("ci_access: {} # |\n", "="),
            ("flux:\n  webhook_receiver_url: >2\n    ci|\n", "="),
            ("unknown:\n  |", "="),
            ("ci_access:\n  unknown:\n    - |", "="),
            ("ci_access: {}\n---\n|", "="),
            ("ci_access: {}\n...\n|", "="),
            ("ci_access: {}|", "="),
            ("ci_access: {}\n  |", "="),
            ("\t|", "="),
            ("ci_access:\n  groups: *x|", "="),
            ("% |", "="),
        ],
    );
}

#[test]
fn the_release_decides_which_keys_there_are() {
    let at = |major, minor| Scene::at(Version::new(major, minor), None);
    let entry = "ci_access:\n  groups:\n    - |";
    check(
        &at(15, 6),
        Agent,
        &[(entry, "id access_as !environments !protected_branches_only"), ("|", "gitops starboard !flux !cilium")],
    );
    // Until then it waits for a feature flag, so it has no effect.
    check(&at(17, 9), Agent, &[(entry, "!protected_branches_only resource_management"), ("|", "!gitops")]);
    check(&at(17, 10), Agent, &[(entry, "protected_branches_only")]);
    check(&at(18, 5), Agent, &[("user_access:\n  |", "=projects groups access_as")]);
}

#[test]
fn values_are_those_that_the_decoder_takes() {
    check(
        &Scene::new(),
        Agent,
        &[
            ("flux:\n  enabled: |", "=true false"),
            ("flux:\n  enabled:|", "=true false"),
            ("flux:\n  enabled: t|", "=true false"),
            ("flux: {enabled: |}", "=true false"),
            ("flux: {enabled:|}", "=true false"),
            ("flux:\n  enabled:\n    |", "=true false"),
            ("observability:\n  logging:\n    level: |", "=info debug warn error"),
            ("observability: {logging: {level: |", "=info debug warn error"),
            ("observability: {logging: {level: \"in|\"}}", "=info debug warn error"),
            ("container_scanning:\n  severity_threshold: |", "=UNKNOWN LOW MEDIUM HIGH CRITICAL"),
            ("container_scanning:\n  scanner_timeout: |", "=300s"),
            ("container_scanning: {vulnerability_report: {resource_types: [Pod, |]}}", "!Pod ReplicaSet Job"),
            (
                "container_scanning:\n  vulnerability_report:\n    resource_types:\n      - Pod\n      - |",
                "!Pod ReplicaSet Job",
            ),
            ("container_scanning:\n  vulnerability_report:\n    resource_types:\n      |", "Pod ReplicaSet Job"),
            ("remote_development:\n  max_active_hours_before_stop: |", "=36"),
            ("remote_development:\n  workspaces_quota: |", "=-1"),
            ("ci_access:\n  groups:\n    - access_as:\n        ci_job: |", "={}"),
            ("ci_access: {groups: [{access_as: {ci_job: |}}]}", "={}"),
            ("ci_access:\n  groups:\n    - default_namespace: |", "="),
            ("flux:\n  enabled: true |", "="),
            ("flux:\n  enabled: *x|", "="),
            ("remote_development:\n  annotations:\n    |", "="),
        ],
    );
}

#[test]
fn settings_and_inventories_have_tables_as_well() {
    let scene = Scene::new();
    check(
        &scene,
        Settings,
        &[
            ("|", "project inventory gitlab rules ignore"),
            ("gitlab:\n  |", "=version tier agent_schema instance_authorization max_configuration_file_size"),
            ("gitlab: {tier: |}", "=free premium ultimate"),
            ("gitlab: {version: |}", "19.6 19.0 18.11 17.11 17.10 16.0 15.11 14.10 13.12 13.7 !13.6 !18.12 !19.7"),
            ("rules:\n  |", "null-value unknown-key unused-ignore"),
            ("rules:\n  null-value: off\n  |", "!null-value unknown-key"),
            ("rules: {un|}", "null-value unknown-key"),
            ("rules:\n  null-value: |", "=off note warning error"),
            ("rules: {null-value: |}", "=off note warning error"),
            ("ignore:\n  - |", "=rule reason at path"),
            ("ignore:\n  - rule: |", "null-value unknown-key !unused-ignore"),
            ("ignore:\n  - rule: unkn|own-key\n    reason: x", "null-value unknown-key"),
            ("ignore: [{rule: |}]", "null-value unknown-key"),
            ("|", "exclude per-path"),
            ("per-path:\n  - |", "=path rules reason"),
            ("per-path:\n  - path: x\n    rules: {un|}", "null-value unknown-key unused-ignore"),
            ("per-path: [{rules: {null-value: |}}]", "=off note warning error"),
        ],
    );
    check(
        &scene,
        FileKind::Inventory,
        &[
            ("|", "gitlab groups users projects"),
            ("projects:\n  - |", "path id default_branch environments agents"),
            ("projects:\n  - path: a/b\n    |", "!path id environments"),
            ("gitlab:\n  tier: |", "=free premium ultimate"),
            ("projects: [{environments: [{name: a, tier: |}]}]", "production staging other"),
            ("projects:\n  - environments:\n      - |", "name tier"),
            ("{\"projects\": [{\"|\"}]}", "path id"),
        ],
    );
}

#[test]
fn what_is_taken_is_whole_and_in_its_column() {
    let scene = Scene::new();
    let cases = [
        ("ci_|", "ci_access", "ci_access:\n  "),
        ("ci_access:\n  |", "projects", "ci_access:\n  projects:\n    - "),
        ("ci_access:\n    |", "groups", "ci_access:\n    groups:\n        - "),
        ("a:\n    b: 1\nci_access:\n    |", "groups", "a:\n    b: 1\nci_access:\n    groups:\n        - "),
        ("ci_access:\r\n  |\r\n", "projects", "ci_access:\r\n  projects:\r\n    - \r\n"),
        ("ci_access:\n  groups:\n    - |", "id", "ci_access:\n  groups:\n    - id: "),
        ("ci_access:\n  groups:\n    - |", "access_as", "ci_access:\n  groups:\n    - access_as:\n        "),
        ("ci_access:\n  groups:\n    |", "id", "ci_access:\n  groups:\n    - id: "),
        ("ci_access:\n  groups:\n    -|", "id", "ci_access:\n  groups:\n    - id: "),
        ("ci_access:\n  groups:\n    |", "access_as", "ci_access:\n  groups:\n    - access_as:\n        "),
        (
            "ci_access:\n  groups:\n    - access_as:\n        ci|",
            "ci_job",
            "ci_access:\n  groups:\n    - access_as:\n        ci_job: {}",
        ),
        ("ci_access: {groups: [{access_as: {ci|}}]}", "ci_job", "ci_access: {groups: [{access_as: {ci_job: {}}}]}"),
        ("user|_acc: {}\n", "user_access", "user_access: {}\n"),
        ("\"us|\": {}\n", "user_access", "\"user_access\": {}\n"),
        ("{'us|': {}}\n", "user_access", "{'user_access': {}}\n"),
        ("flux:\n  enabled:|", "true", "flux:\n  enabled: true"),
        ("flux:\n  enabled: fal|se # why\n", "true", "flux:\n  enabled: true # why\n"),
        ("observability: {logging: {level: \"in|\"}}", "debug", "observability: {logging: {level: \"debug\"}}"),
        ("container_scanning:\n  cadence: |", "0 0 * * *", "container_scanning:\n  cadence: \"0 0 * * *\""),
        (
            "container_scanning:\n  vulnerability_report:\n    resource_types:\n      |",
            "Pod",
            "container_scanning:\n  vulnerability_report:\n    resource_types:\n      - Pod",
        ),
        // Ids are replaced as a whole.
        (
            "ci_access:\n  projects:\n    - id: acme/w|eb/x\n",
            "acme/web/shop",
            "ci_access:\n  projects:\n    - id: acme/web/shop\n",
        ),
        ("ci_access: {projects: [{id: 'acm|}]}", "acme/web/shop", "ci_access: {projects: [{id: 'acme/web/shop'}]}"),
        (
            "ci_access:\n  projects:\n    - id: \"acme/|\"\n",
            "acme/web/shop",
            "ci_access:\n  projects:\n    - id: \"acme/web/shop\"\n",
        ),
        ("ci_access:\n  projects:\n    - id:|", "acme/web/shop", "ci_access:\n  projects:\n    - id: acme/web/shop"),
        // Environments that YAML would read as something else.
        (
            "ci_access: {projects: [{id: acme/web/shop, environments: [|]}]}",
            "on",
            "ci_access: {projects: [{id: acme/web/shop, environments: ['on']}]}",
        ),
        (
            "ci_access: {projects: [{id: acme/web/shop, environments: [\"|\"]}]}",
            "on",
            "ci_access: {projects: [{id: acme/web/shop, environments: [\"on\"]}]}",
        ),
        (
            "ci_access: {projects: [{id: acme/web/shop, environments: [|]}]}",
            "a: b",
            "ci_access: {projects: [{id: acme/web/shop, environments: ['a: b']}]}",
        ),
        (
            "ci_access:\n  projects:\n    - id: acme/web/shop\n      environments:\n        |",
            "staging",
            "ci_access:\n  projects:\n    - id: acme/web/shop\n      environments:\n        - staging",
        ),
        (
            "ci_access:\n  projects:\n    - id: acme/web/shop\n      environments:\n        - review/|x",
            "review/*",
            "ci_access:\n  projects:\n    - id: acme/web/shop\n      environments:\n        - review/*",
        ),
    ];
    for (marked, label, expected) in cases {
        assert_eq!(scene.accept(Agent, marked, label), expected, "{marked}");
    }
    let cases = [
        ("rules:\n  |", "null-value", "rules:\n  null-value: "),
        ("rules:\n  null-value: |", "off", "rules:\n  null-value: off"),
        ("gitlab:\n  version: |", "18.4", "gitlab:\n  version: \"18.4\""),
        ("gitlab: {version: '1|'}", "18.4", "gitlab: {version: '18.4'}"),
        ("ignore:\n  - rule: nul|l", "null-value", "ignore:\n  - rule: null-value"),
    ];
    for (marked, label, expected) in cases {
        assert_eq!(scene.accept(Settings, marked, label), expected, "{marked}");
    }
    let json = scene.accept(FileKind::Inventory, "{\"projects\": [{\"|\": 1}]}", "path");
    assert_eq!(json, "{\"projects\": [{\"path\": 1}]}");
}

#[test]
fn snippets_are_for_those_who_fill_them_in() {
    let scene = Scene::new();
    let text = |marked: &str, fills: bool| {
        let (_, offers) = scene.offers(Agent, marked, fills);
        let offer = offers.all.into_iter().find(|offer| offer.label == "projects");
        offer.map(|offer| (offer.text, offer.is_snippet))
    };
    let some = |text: &str, is_snippet| Some((text.to_owned(), is_snippet));
    assert_eq!(text("ci_access:\n  |", true), some("projects:\n    - $0", true));
    assert_eq!(text("ci_access:\n  |", false), some("projects:\n    - ", false));
    assert_eq!(text("ci_access: {|}", true), some("projects: [$0]", true));
    assert_eq!(text("ci_access: {|}", false), some("projects: ", false));
}

#[test]
fn keys_are_explained() {
    let (_, offers) = Scene::new().offers(Agent, "ci_access:\n  groups:\n    - |", false);
    let find = |label: &str| offers.all.iter().find(|offer| offer.label == label);
    let managed = find("resource_management").and_then(|offer| offer.documentation.as_deref());
    let expected = "GitLab-managed Kubernetes resources for environments; `environments` and `protected_branches_only` do not bind them.\n\n\
                    Since GitLab 17.9.\n\nNeeds Premium.";
    assert_eq!(managed, Some(expected));
    assert_eq!(find("resource_management").and_then(|offer| offer.detail.as_deref()), Some("a mapping, Premium"));
    let (_, offers) = Scene::new().offers(Agent, "|", false);
    let last = offers.all.last().and_then(|offer| offer.documentation.as_deref()).unwrap_or_default();
    assert!(last.contains("Not settled: "), "{last}");
}

#[test]
fn ids_are_those_that_could_count() {
    let ids = |version, setting, marked: &str| Scene::at(version, setting).labels(Agent, marked);
    let new = |marked: &str| ids(NEWEST, Some(false), marked);
    let projects = "ci_access:\n  projects:\n    - id: |";
    let all = ["acme/agents", "Acme/Ops/Shopping", "acme/ops/tools", "acme/web/blog", "acme/web/shop"];
    let mut found = new(projects);
    found.sort_by_key(|path| path.to_lowercase());
    assert_eq!(found, all);
    // Where the setting may allow them, others count as well.
    assert!(ids(NEWEST, None, projects).contains(&"globex/site".to_owned()));
    assert!(ids(NEWEST, Some(true), projects).contains(&"globex/site".to_owned()));
    assert!(!ids(Version::new(18, 0), Some(true), projects).contains(&"globex/site".to_owned()));
    // Before 15.6, only those below the configuration project's group did; all of these are.
    assert_eq!(ids(Version::new(15, 5), None, projects).len(), all.len());
    let of = |text: &str| new(text);
    assert_eq!(of("ci_access:\n  groups:\n    - id: |"), ["acme", "acme/web", "acme/ops"]);
    assert_eq!(of("user_access:\n  groups:\n    - id: |"), ["acme", "acme/web", "acme/ops"]);
    assert_eq!(of("user_access: {projects: [{id: acme/web/|}]}"), ["acme/web/shop", "acme/web/blog"]);
    // The start of the path, then of a segment, then anything; letter case apart.
    assert_eq!(of("ci_access:\n  projects:\n    - id: SHOP|"), ["acme/web/shop", "Acme/Ops/Shopping"]);
    assert_eq!(of("ci_access:\n  projects:\n    - id: hop|"), ["acme/web/shop", "Acme/Ops/Shopping"]);
    assert_eq!(of("ci_access:\n  projects:\n    - id: web/b|"), ["acme/web/blog"]);
    assert_eq!(of("ci_access:\n  projects:\n    - id: nothing|"), [""; 0]);
    // Those that the list has are left out, before and behind the cursor.
    let listed = "ci_access:\n  projects:\n    - id: ACME/web/shop\n    - id: acme/w|\n    - id: acme/web/blog\n";
    assert_eq!(of(listed), [""; 0]);
    let listed = "ci_access: {projects: [{id: acme/web/shop}, {id: acme/web|}], groups: [{id: acme/web/blog}]}";
    assert_eq!(of(listed), ["acme/web/blog"]);
    assert_eq!(
        of("user_access:\n  projects:\n    - id: acme/web/|\nci_access: {projects: [{id: acme/web/shop}]}").len(),
        2
    );
    // What was found in the middle is found by clients that compare starts.
    let (source, offers) = Scene::new().offers(Agent, "ci_access:\n  projects:\n    - id: hop|", false);
    assert!(offers.all.iter().all(|offer| offer.filter.starts_with(source.slice(offer.edit))));
    assert!(offers.is_incomplete);
}

#[test]
fn environments_are_those_of_what_the_entry_names() {
    let scene = Scene::new();
    let labels = |marked: &str| scene.labels(Agent, marked);
    assert_eq!(
        labels("ci_access: {projects: [{id: acme/web/shop, environments: [|]}]}"),
        ["a: b", "canary", "on", "production", "staging", "review/*"]
    );
    assert_eq!(
        labels("ci_access:\n  projects:\n    - environments: [production, |, canary]\n      id: ACME/web/shop\n"),
        ["a: b", "on", "staging", "review/*"]
    );
    assert_eq!(
        labels("ci_access:\n  groups:\n    - id: acme/web\n      environments:\n        - pr|\n"),
        ["preview", "production"]
    );
    assert_eq!(labels("ci_access:\n  projects:\n    - id: acme/web/shop\n      environments: rev|\n"), [""; 0]);
    assert_eq!(labels("ci_access:\n  projects:\n    - id: nobody/knows\n      environments: [|]\n"), [""; 0]);
    assert_eq!(labels("ci_access:\n  projects:\n    - environments: [|]\n"), [""; 0]);
    assert!(labels("ci_access:\n  instance:\n    environments: [|]\n").contains(&"preview".to_owned()));
    let (_, offers) = scene.offers(Agent, "ci_access: {projects: [{id: acme/web/shop, environments: [|]}]}", false);
    let pattern = offers.all.last().and_then(|offer| offer.detail.as_deref()).unwrap_or_default();
    assert!(pattern.contains("not anchored"), "{pattern}");
}

#[test]
fn contexts_are_offered_where_one_is_selected() {
    let all = "=acme/agents:prod acme/agents:test acme/agents:spare";
    let scene = Scene::new();
    let typed = "acme/agents:prod acme/agents:test";
    check(
        &scene,
        Ci,
        &[
            ("deploy:\n  script:\n    - kubectl config use-context |", all),
            ("deploy:\n  script:\n    - kubectl config use-context acme/agents:|", all),
            ("deploy:\n  script:\n    - kubectl config use-context agents:pr|od\n", "=acme/agents:prod"),
            ("deploy:\n  script:\n    - kubectl config  use-context \"acme|\"", all),
            ("deploy:\n  script:\n    - kubectl --context=| get pods", all),
            ("deploy:\n  script:\n    - kubectl --context | get pods", all),
            ("deploy:\n  script:\n    - helm --kube-context acme/| upgrade", all),
            ("deploy:\n  script: [\"kubectl config use-context |\"]", all),
            ("deploy:\n  script:\n    - >-\n      kubectl config use-context |\n", all),
            ("deploy:\n  script:\n    - export KUBE_CONTEXT=|", all),
            ("variables:\n  KUBE_CONTEXT: |", all),
            ("variables: {KUBE_CONTEXT: acme/|}", all),
            ("variables:\n  KUBE_CONTEXT:\n    value: |", all),
            ("deploy:\n  variables:\n    KUBE_CONTEXT: acme/agents:p|\n", "=acme/agents:prod"),
            ("deploy:\n  environment:\n    name: x\n    kubernetes:\n      agent: |", all),
            ("deploy: {environment: {kubernetes: {agent: |}}}", all),
            ("deploy:\n  script:\n    - kubectl config use-context $CI_PROJECT_PATH:|", typed),
            // Broken YAML all around.
            ("a: [\nb: }\ndeploy:\n  script:\n   - kubectl config use-context |\n  -x", all),
            // Elsewhere.
            ("deploy:\n  script:\n    # kubectl config use-context |", "="),
            ("deploy:\n  script:\n    - echo # --context |", "="),
            ("deploy:\n  script:\n    - kubectl config use-context a |", "="),
            ("deploy:\n  script:\n    - kubectl config use-context|", "="),
            ("deploy:\n  script:\n    - x--context |", "="),
            ("deploy:\n  variables:\n    OTHER: |", "="),
            ("deploy:\n  agent: |", "="),
            ("|", "="),
        ],
    );
    let taken = scene.accept(Ci, "a:\n  script: kubectl --context acme/ag|ents:x get", "acme/agents:prod");
    assert_eq!(taken, "a:\n  script: kubectl --context acme/agents:prod get");
    let (_, offers) = scene.offers(Ci, "a:\n  script: kubectl --context |", false);
    let details: Vec<_> = offers.all.iter().map(|offer| offer.detail.as_deref().unwrap_or_default()).collect();
    assert_eq!(details, ["project entry", "group acme/web", "does not name this project"]);
    let first = offers.all.first().and_then(|offer| offer.documentation.as_deref());
    let expected = "Only jobs of the environments `production`, `qa`, `review/*`.\n\nOnly jobs on protected branches and tags.\n\nThey act as the CI job.";
    assert_eq!(first, Some(expected));
}

#[test]
fn environments_of_jobs_are_offered() {
    let all = ["a: b", "on", "production", "qa", "staging"];
    let scene = Scene::new();
    let labels = |marked: &str| scene.labels(Ci, marked);
    assert_eq!(labels("deploy:\n  environment: |"), all);
    assert_eq!(labels("deploy:\n  environment: st|"), all);
    assert_eq!(labels("deploy:\n  environment:\n    name: |"), all);
    assert_eq!(labels("deploy: {environment: {name: |}}"), all);
    assert_eq!(labels("deploy:\n  environment:\n    |"), [""; 0]);
    assert_eq!(labels("deploy:\n  other:\n    name: |"), [""; 0]);
    assert_eq!(scene.accept(Ci, "deploy:\n  environment: |", "on"), "deploy:\n  environment: 'on'");
}

#[test]
fn rules_are_offered_in_comments_to_kaslint() {
    let scene = Scene { findings: vec![(2, "null-value"), (1, "unknown-key")], ..Scene::new() };
    let every: Vec<&str> = RULES.iter().map(|rule| rule.info().name).collect();
    let first = |kind, marked: &str| scene.labels(kind, marked).first().cloned().unwrap_or_default();
    for kind in [Agent, Ci, Settings, FileKind::Inventory] {
        assert_eq!(first(kind, "flux: {} # kaslint: ignore[|"), "unknown-key");
        assert_eq!(first(kind, "# kaslint: ignore[|] reason\nflux:"), "null-value");
        assert_eq!(first(kind, "\u{feff}#kaslint:ignore[ |\nflux:"), "null-value");
        assert_eq!(scene.labels(kind, "flux: {} # kaslint: ignore[|").len(), every.len());
        assert_eq!(
            first(kind, "flux: {} # kaslint: ignore[unknown-key, |]"),
            every.first().copied().unwrap_or_default()
        );
        assert_eq!(scene.labels(kind, "flux: {} # kaslint: ignore[a|, null-value]").len(), every.len() - 1);
        for nothing in [
            "flux: {} # kaslint: |",
            "flux: {} # ignore[|",
            "flux: {} # kaslint: ignore[x] |",
            "flux: 'x# kaslint: ignore[|'",
        ] {
            assert_eq!(scene.labels(kind, nothing), [""; 0], "{nothing}");
        }
    }
    let text = scene.accept(Agent, "flux: # kaslint: ignore[unknown-key, nul|x] why", "null-value");
    assert_eq!(text, "flux: # kaslint: ignore[unknown-key, null-value] why");
    assert_eq!(scene.labels(Agent, "flux:\n  webhook_receiver_url: >\n    # kaslint: ignore[|\n"), [""; 0]);
    let (_, offers) = scene.offers(Agent, "flux: # kaslint: ignore[|", false);
    assert_eq!(
        offers.all.first().and_then(|offer| offer.detail.as_deref()),
        Some("error, says something on this line")
    );
    assert!(offers.all.iter().all(|offer| offer.documentation.is_some()));
    assert_eq!(scene.labels(Settings, "rules:\n  |").len(), rules::TABLE.iter().count());
}

const FILES: [&str; 8] = [
    include_str!("../../../fixtures/silent/full/.gitlab/agents/prod/config.yaml"),
    include_str!("../../../fixtures/silent/flow/.gitlab/agents/prod/config.yaml"),
    include_str!("../../../fixtures/silent/anchors/.gitlab/agents/prod/config.yaml"),
    include_str!("../../../fixtures/silent/comments/.gitlab/agents/prod/config.yaml"),
    include_str!("../../../fixtures/silent/quoting/.gitlab/agents/prod/config.yaml"),
    include_str!("../../../fixtures/silent/crlf-with-mark/.gitlab/agents/prod/config.yaml"),
    include_str!("../../../fixtures/silent/marker/.gitlab/agents/prod/config.yaml"),
    include_str!("../../../fixtures/silent/end-marker/.gitlab/agents/prod/config.yaml"),
];

/// Nothing here may take long, in a build without optimisation either.
const PATIENCE: Duration = Duration::from_secs(2);

#[test]
fn every_beginning_of_a_file_can_be_completed() {
    let scene = Scene::new();
    for text in FILES {
        for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
            for behind in ["", &text[at..]] {
                // A file may hold what marks the cursor here.
                let source = Source::new("file.yaml", [&text[..at], behind].concat());
                for kind in [Agent, Ci, Settings, FileKind::Inventory] {
                    let around =
                        Around { context: Some(&scene.subjects[0].project.context), look: &|_| {}, findings: &[] };
                    let start = Instant::now();
                    let offers = offers(&At { source: &source, kind, cursor: at, fills_snippets: true }, &around);
                    assert!(start.elapsed() < PATIENCE);
                    let is_fine = |offer: &Offer| offer.edit.start <= at && at <= offer.edit.end;
                    assert!(offers.all.iter().all(is_fine), "{:?}", &text[..at]);
                }
            }
        }
    }
}

/// What input methods, word processors and web pages put in the place of a blank or a line break.
const WIDE: [&str; 5] = ["\u{85}", "\u{a0}", "\u{2028}", "\u{3000}", "\u{feff}"];

/// Up to this size a text is tried at each of its characters, and at 500 places of a fixed seed otherwise.
const WHOLE: usize = 4 << 10;

fn places_of(text: &str) -> Vec<usize> {
    let all: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    if text.len() <= WHOLE {
        return all;
    }
    // A linear congruential generator with the constants of Knuth's MMIX.
    let next =
        |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    let states = std::iter::successors(Some(20_u64), next);
    states.skip(1).take(500).filter_map(|state| all.get((state >> 33) as usize % all.len()).copied()).collect()
}

/// Every place that a cursor's context reports lies in the text, on the borders of characters.
fn assert_within(source: &Source, cursor: usize, keeps_leaves: bool) {
    let text = source.text();
    let context = CursorContext::of(source, cursor, keeps_leaves);
    for span in context.leaves.iter().map(|leaf| leaf.span).chain(context.place.iter().map(|place| place.typed)) {
        assert!(text.get(span.start..span.end).is_some(), "{text:?} at {cursor}: {span:?}");
    }
    let typed = context.place.map(|place| place.typed);
    assert!(typed.is_none_or(|typed| typed.start <= cursor && cursor <= typed.end), "{text:?} at {cursor}: {typed:?}");
}

#[test]
fn blanks_that_are_none_for_yaml_can_stand_everywhere() {
    let full = FILES[0];
    let larger = ["ci_access:", "user_access:", "flux:"].map(|key| full.replace("ci_access:", key)).concat();
    assert!(larger.len() > WHOLE);
    for text in FILES.into_iter().chain([&*larger]) {
        for at in places_of(text) {
            assert_within(&Source::new("file.yaml", text), at, false);
            for wide in WIDE {
                let source = Source::new("file.yaml", [&text[..at], wide, &text[at..]].concat());
                let behind = at + wide.len();
                assert_within(&source, behind, true);
                assert_within(&source, source.line_span(source.line_index(behind)).end, false);
            }
        }
    }
}

#[test]
fn what_only_looks_like_a_blank_is_text() {
    let text = "ci_access:\n  projects:\n    - id: acme/x\n      environments: [production,\u{3000}]\n";
    let source = Source::new("file.yaml", text);
    let leaves = CursorContext::of(&source, 0, true).leaves;
    let texts: Vec<&str> = leaves.iter().map(|leaf| &*leaf.text).collect();
    assert_eq!(texts, ["acme/x", "production", "\u{3000}"]);
    for (separator, expected) in [('\u{85}', true), ('\u{2028}', true), ('\u{a0}', false), ('\u{feff}', false)] {
        let source = Source::new("file.yaml", text.replace('\u{3000}', &separator.to_string()));
        assert_eq!(CursorContext::of(&source, 0, true).leaves.len() == 2, expected, "{separator:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// A place of the context lies in the text, whatever the text is, and reading is done at some time.
    #[test]
    fn an_outline_of_any_text_lies_in_it(
        parts in prop::collection::vec(prop_oneof![
            4 => prop::sample::select(vec![
                "[", "]", "{", "}", ",", ":", ": ", "- ", "-", " ", "  ", "\n", "\n  ", "\r", "\t", "#", " # ", "'", "\"",
                "\\", "|", ">", "&a ", "!t ", "*a", "---", "...", "%", "?", "a", "key: ", "é", "日", "\u{1f600}",
            ]),
            2 => prop::sample::select(WIDE.to_vec()),
        ], 0..40),
        end in any::<prop::sample::Index>(),
    ) {
        let source = Source::new("file.yaml", parts.concat());
        let cursors: Vec<usize> = source.text().char_indices().map(|(at, _)| at).chain([source.text().len()]).collect();
        assert_within(&source, cursors[end.index(cursors.len())], true);
    }
}

/// The tree's own word for where each key and each value stands.
fn places(tree: &yaml::Tree) -> Vec<(Span, Vec<Step>, Slot, Vec<String>)> {
    let mut places = Vec::new();
    let mut work: Vec<(yaml::NodeId, Vec<Step>)> = tree.root().map(|root| (root, Vec::new())).into_iter().collect();
    while let Some((id, path)) = work.pop() {
        match &tree.node(id).data {
            yaml::Data::Mapping { entries, .. } => {
                let name = |key: yaml::NodeId| tree.scalar_text(key).unwrap_or_default().to_owned();
                for (key, value) in entries {
                    let others = entries.iter().filter(|(other, _)| other != key).map(|(other, _)| name(*other));
                    places.push((tree.node(*key).span, path.clone(), Slot::Key, others.collect()));
                    work.push((*value, [&path[..], &[Step::Key(name(*key))]].concat()));
                }
            }
            yaml::Data::Sequence { items, .. } => {
                work.extend(
                    items.iter().enumerate().map(|(at, item)| (*item, [&path[..], &[Step::Item(at)]].concat())),
                );
            }
            yaml::Data::Scalar { style: yaml::Style::Literal | yaml::Style::Folded, .. } | yaml::Data::Alias { .. } => {
            }
            yaml::Data::Scalar { .. } if tree.node(id).span.is_empty() => {}
            yaml::Data::Scalar { .. } => places.push((tree.node(id).span, path, Slot::Node, Vec::new())),
        }
    }
    places
}

#[test]
fn the_outline_of_a_whole_file_is_that_of_the_parser() {
    let mut count = 0;
    for text in FILES {
        let source = Source::new("file.yaml", text);
        let read = yaml::read(&source);
        for (span, path, slot, mut others) in places(read.tree()) {
            for cursor in [span.start, span.end] {
                let place = CursorContext::of(&source, cursor, true).place;
                let Some(mut place) = place else { panic!("{text}\nno place at {cursor}: {}", source.slice(span)) };
                assert_eq!((place.slot, &place.path, place.typed), (slot, &path, span), "{text}");
                if slot == Slot::Key {
                    place.present.sort();
                    others.sort();
                    assert_eq!(place.present, others, "{text}");
                }
                count += 1;
            }
        }
        let cursor = CursorContext::of(&source, 0, true);
        let leaves = places(read.tree()).into_iter().filter(|(.., slot, _)| *slot == Slot::Node);
        for (span, path, ..) in leaves {
            assert!(cursor.leaves.iter().any(|leaf| leaf.span == span && leaf.path == path), "{}", source.slice(span));
        }
    }
    assert!(count > 300, "{count}");
}

/// Whether GitLab refuses a key of a text for its name, or the text for its form.
fn refusal(text: &str, version: Version) -> Option<String> {
    let config = AgentConfig::read(&Source::new("config.yaml", text), version);
    let of_key = config.problems.iter().find(|problem| {
        matches!(problem.kind, ProblemKind::UnknownKey { .. } | ProblemKind::TooNewKey(_) | ProblemKind::RemovedKey(_))
    });
    let of_form = config.document.problems().first();
    of_key.map(|problem| format!("a key: {}", problem.route)).or(of_form.map(|problem| format!("{problem:?}")))
}

#[test]
fn keys_that_are_offered_are_taken() {
    let mut count = 0;
    for (version, texts) in [
        (NEWEST, &FILES[..]),
        (Version::new(15, 6), &["|"]),
        (Version::new(17, 0), &["ci_access:\n  groups:\n    - id: a\n"]),
    ] {
        let scene = Scene::at(version, None);
        for text in texts {
            let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
            // A line of its own at every column, and the inside of every brace.
            let lines =
                breaks.iter().flat_map(|at| (0..=14).step_by(2).map(move |column| (*at, " ".repeat(column), "\n")));
            let braces = text.match_indices(['{', ',']).map(|(at, _)| (at + 1, " ".to_owned(), ", "));
            // A mark stays in front.
            let start = [(text.len() - text.trim_start_matches('\u{feff}').len(), String::new(), "\n")];
            for (at, before, behind) in lines.chain(braces).chain(start) {
                let typed = [&text[..at], &before].concat();
                let cursor = typed.len();
                // What is put in front of deeper lines takes them over, which is for the writer to want.
                let next = text[at..]
                    .lines()
                    .find(|line| !line.trim().is_empty() && !line.trim().starts_with('#'))
                    .unwrap_or_default();
                if behind == "\n" && next.len() - next.trim_start().len() > before.len() {
                    continue;
                }
                let whole = [&*typed, behind, &text[at..]].concat();
                let source = Source::new("file.yaml", whole.trim_matches('|'));
                let around = Around { context: Some(&scene.subjects[0].project.context), look: &|_| {}, findings: &[] };
                let offers = offers(&At { source: &source, kind: Agent, cursor, fills_snippets: false }, &around);
                for offer in offers.all.iter().filter(|offer| offer.kind == CompletionItemKind::Property) {
                    let value = if offer.text.ends_with(": ") { "x" } else { "" };
                    let taken = Offer { text: format!("{}{value}", offer.text), ..offer.clone() };
                    let taken = accepted(&source, &taken);
                    assert_eq!(refusal(&taken, version), None, "{taken}");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 500, "{count}");
}

#[test]
fn hostile_files_are_read_in_time() {
    let parts = [
        "- ",
        "[",
        "{",
        "& ",
        "!a ",
        "a: ",
        "{a: ",
        "\"",
        "{\"",
        "{\"\\",
        "'",
        "\n",
        " \n  - a:\n",
        "#",
        " #",
        ",",
        "? ",
        "|\n",
        "é",
        "a: [b\n",
        "a: 'b\n",
        "\r",
    ];
    for part in parts {
        for before in ["", "ci_access: ", "ci_access:\n  projects:\n    - "] {
            let text = [before, &part.repeat(8_000)].concat();
            let source = Source::new("file.yaml", text.as_str());
            for cursor in [0, before.len(), text.len()] {
                for kind in [Agent, Ci] {
                    let around = Around { context: None, look: &|_| {}, findings: &[] };
                    let start = Instant::now();
                    drop(offers(&At { source: &source, kind, cursor, fills_snippets: true }, &around));
                    assert!(start.elapsed() < PATIENCE, "{part} {before}");
                }
            }
        }
    }
}
