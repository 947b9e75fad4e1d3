//! What is kept from one edit to the next changes nothing: after any edits, a server says what one says that has only met the last texts.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, uri};
use crate::text::position;

const CI_FILE: &str = ".gitlab-ci.yml";
const INVENTORY: &str = "inventory.yaml";
const SETTINGS: &str = "project: acme/agents\ninventory: inventory.yaml\n";

const AGENT: &str = "\
ci_access:
  projects:
    - id: acme/web/shop
      environments: [production, 'review/*'] # kaslint: ignore[unmatched-environment] made anew each week
    - id: acme/web
    # - id: acme/old
    - id: acme/web/api
      environments:
        - staging
      access_as:
        impersonate:
          username: jane
          extra: [{key: team, val: [web, api]}]
    - id: acme/web/shop
      default_namespace: shop
  groups:
    - id: acme/web
      protected_branches_only: true
      environments: [production]
    - id: partner
    - {id: acme/Web/Sub, access_as: {ci_job: {}}}
user_access:
  access_as: {agent: {}}
  projects:
    - id: acme/agents
  groups: [{id: acme/web}, {id: acme/nowhere}]
observability:
  logging: {level: debug}
";

const JOBS: &str = "\
deploy:
  environment: production
  script:
    - kubectl config use-context acme/agents:prod
    - kubectl apply -f x.yaml
review:
  environment: review/$CI_COMMIT_REF_SLUG
  script: [kubectl get pods]
";

const PROJECTS: &str = "\
gitlab: {version: \"18.4\", tier: premium}
groups: [{path: acme/web/sub}]
projects:
  - {path: acme/agents, default_branch: main, agents: [prod]}
  - {path: acme/web/shop, environments: [production, staging]}
  - {path: acme/web/api, environments: [staging]}
";

/// What the inventory may have in place of something else.
const STATES: [(&str, &str); 5] = [
    ("", ""),
    ("acme/web/api", "acme/web/app"),
    ("staging]", "testing]"),
    ("premium", "free"),
    ("agents: [prod]", "agents: [dev]"),
];

/// What is put into texts.
const PIECES: [&str; 28] = [
    "x",
    "-",
    " ",
    "  ",
    "\n",
    "/",
    ":",
    ": ",
    "#",
    "'",
    "[",
    "]",
    "{}",
    ",",
    "*",
    "&a ",
    "*a",
    "<<: ",
    "é",
    "|",
    "!!str ",
    "\r\n",
    "    - id: acme/web/shop\n",
    "    - id: acme/web/api\n      environments: [production]\n",
    "      environments: [staging]\n",
    "id: acme/web",
    "\n---\n",
    "ci_access:\n",
];

/// The dice of one session.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).expect("a number below a bound")
    }

    fn place(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) || text[..at].ends_with('\r') {
            at -= 1;
        }
        at
    }
}

/// Makes one edit in a text and gives the change of it. Lines come, go and are doubled, and pieces are put in; at times all of it is put back.
fn edit(text: &mut String, whole: &str, dice: &mut Dice) -> Json {
    let line_start = |text: &str, at: usize| text[..at].rfind('\n').map_or(0, |at| at + 1);
    let line_end = |text: &str, at: usize| text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
    let at = dice.place(text);
    let (start, end, new) = match dice.below(10) {
        0 => (line_start(text, at), line_end(text, at), String::new()),
        1 => (line_start(text, at), line_start(text, at), text[line_start(text, at)..line_end(text, at)].to_owned()),
        2 => {
            *text = whole.to_owned();
            return json!({"text": whole});
        }
        3 | 4 => {
            let end = (at + 1 + dice.below(3)).min(text.len());
            let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).expect("an end");
            (at, end, String::new())
        }
        _ => (at, at, PIECES[dice.below(PIECES.len())].to_owned()),
    };
    // A position names no place within a line break of two characters.
    let end = if text[..end].ends_with('\r') && text[end..].starts_with('\n') { end + 1 } else { end };
    let change = json!({
        "range": {"start": position(text, start, "utf-16"), "end": position(text, end, "utf-16")},
        "text": new,
    });
    text.replace_range(start..end, &new);
    change
}

/// Settles, and takes what was told last of each document.
fn take(client: &mut Client, known: &mut BTreeMap<String, Vec<Json>>) {
    client.settle();
    while let Some((path, told)) = client.next_told() {
        known.insert(path, told.diagnostics);
    }
    // What a person is told of mistakes in inventories and the like, once.
    client.all();
}

fn follow(seed: u64, edits: usize) {
    let files = [(CONFIG, AGENT), (CI_FILE, JOBS), (INVENTORY, PROJECTS)];
    let on_disk = [(CONFIG, AGENT), (CI_FILE, JOBS), (INVENTORY, PROJECTS), (".kaslint.yaml", SETTINGS)];
    let mut dice = Dice(seed);
    let mut texts: BTreeMap<&str, String> = files.iter().map(|(path, text)| (*path, (*text).to_owned())).collect();
    let mut client = Client::ready(&on_disk);
    let mut known: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for (path, text) in &texts {
        client.open(&uri(path), text);
    }
    let mut version = 1;
    for number in 0..edits {
        // Mostly one file is edited for a while, as people do.
        let (path, whole) = files[if dice.below(4) == 0 { dice.below(files.len()) } else { 0 }];
        let count = 1 + dice.below(2);
        for _ in 0..count {
            version += 1;
            let text = texts.get_mut(path).expect("a text");
            if path == INVENTORY {
                // Of one that cannot be used, what it said before is kept, which is no business of this test.
                let (from, to) = STATES[dice.below(STATES.len())];
                *text = PROJECTS.replace(from, to);
                client.replace(&uri(path), version, text);
                continue;
            }
            let changes: Vec<Json> = (0..=dice.below(2)).map(|_| edit(text, whole, &mut dice)).collect();
            client.change(&uri(path), version, &changes);
        }
        let hovered = position(&texts[path], dice.place(&texts[path]), "utf-16");
        let hover = json!({"textDocument": {"uri": uri(path)}, "position": hovered});
        let said = client.ask("textDocument/hover", hover.clone());
        take(&mut client, &mut known);
        let mut fresh = Client::ready(&on_disk);
        for (path, text) in &texts {
            fresh.open(&uri(path), text);
        }
        let says = fresh.ask("textDocument/hover", hover);
        let mut expected = BTreeMap::new();
        take(&mut fresh, &mut expected);
        for all in [&mut known, &mut expected] {
            all.retain(|_, diagnostics| !diagnostics.is_empty());
        }
        assert_eq!(known, expected, "seed {seed}, edit {number}: {texts:#?}");
        assert_eq!(said, says, "seed {seed}, edit {number}: {texts:#?}");
    }
}

/// `KASLINT_EDITS=200` plays so many sessions.
#[test]
fn edits_leave_nothing_behind() {
    let asked = std::env::var("KASLINT_EDITS").ok().and_then(|count| count.parse().ok());
    for number in 1..=asked.unwrap_or(3_u64) {
        follow(number.wrapping_mul(0x9E37_79B9_7F4A_7C15), 20);
    }
}
