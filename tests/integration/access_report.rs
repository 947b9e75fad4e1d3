//! How `access` shows its answers: exact texts through the real binary.

use std::fmt::Write as _;

use crate::common::{folder_with, kaslint, kaslint_with_input, write};

const INVENTORY: &str = "gitlab: {version: '18.4', TIERinstance_authorization: false}
groups: [{path: acme, id: 1}, {path: acme/web, id: 2}]
projects:
  - path: acme/platform/agents
    id: 100
    agents: [{name: prod, id: 7}, {name: idle, id: 8}, {name: broken, id: 9}]
  - path: acme/web/shop
    id: 150
    protected_branches: [main]
    protected_tags: []
    environments: [{name: production, tier: production}]
  - {path: acme/web/blog, id: 151}
  - {path: acme/docs, id: 152}
  - {path: partner/app, id: 153}
";

const PROD: &str = "# glpat-aAbBcCdDeEfFgGhHiIjJ
ci_access:
  projects:
    - id: acme/web/shop
      environments: [production, 'prod*', '*\\bprod']
      access_as: {ci_job: {}}
    - id: ACME/web/blog  # glpat-aAbBcCdDeEfFgGhHiIjJ
      environments:
        - Production
        - (*
    - id: acme/web/blog
      default_namespace: blog
      access_as:
        impersonate: {username: deployer, groups: [developers], extra: [{key: team, val: [blog, web]}]}
    - id: partner/app
    - id: acme/web/shopp
  groups:
    - id: acme
      protected_branches_only: true
      default_namespace: web
user_access:
  access_as: {user: {}}
  projects: [{id: acme/web/shop}, {id: partner/app}]
  groups: [{id: acme/web}]
";

fn world(tier: &str) -> tempfile::TempDir {
    let tier = if tier.is_empty() { String::new() } else { format!("tier: {tier}, ") };
    let agents = "projects/acme/platform/agents/.gitlab/agents";
    folder_with(&[
        ("inventory.yaml", INVENTORY.replace("TIER", &tier).as_bytes()),
        (&format!("{agents}/prod/config.yaml"), PROD.as_bytes()),
        (&format!("{agents}/broken/config.yaml"), b"ci_access: {project: []}\n"),
        (&format!("{agents}/gone/config.yaml"), b"ci_access: {groups: [{id: acme}]}\n"),
    ])
}

/// What calls in a world print, one below the other.
fn transcript(tier: &str, calls: &[&str]) -> String {
    let folder = world(tier);
    let mut transcript = String::new();
    for call in calls {
        let arguments: Vec<&str> =
            ["access", "--inventory", "inventory.yaml"].into_iter().chain(call.split(' ')).collect();
        write!(transcript, "# {call}\n{}", kaslint(folder.path(), &arguments).transcript()).expect("a text");
    }
    assert!(!transcript.contains("glpat-"), "secrets are masked");
    transcript
}

#[test]
fn why_a_job_sees_the_agents_of_its_project() {
    insta::assert_snapshot!(transcript(
        "premium",
        &[
            "--for acme/web/shop --environment production --why --agent prod",
            "--for acme/web/blog --why --agent prod",
            "--for acme/platform/agents --why --agent acme/platform/agents:prod",
        ]
    ));
}

#[test]
fn why_a_job_does_not() {
    insta::assert_snapshot!(transcript(
        "premium",
        &[
            "--for acme/web/shop --why --agent prod",
            "--for acme/docs --unprotected --why --agent prod",
            "--for partner/app --why",
        ]
    ));
}

#[test]
fn who_asks_about_an_agent_hears_about_it() {
    insta::assert_snapshot!(transcript(
        "premium",
        &["--for acme/docs --agent idle", "--for acme/docs --agent gone --format json", "--for acme/docs --agent none"]
    ));
}

#[test]
fn why_on_free_a_less_specific_entry_decides() {
    insta::assert_snapshot!(transcript("free", &["--for acme/web/shop --protected --why --agent prod"]));
}

#[test]
fn why_it_depends_on_a_tier_that_is_not_known() {
    insta::assert_snapshot!(transcript("", &["--for acme/web/blog --unprotected --why --agent prod"]));
}

#[test]
fn why_it_depends_on_a_pattern_that_only_ruby_can_judge() {
    insta::assert_snapshot!(transcript("premium", &["--for acme/web/shop --environment x/prd --why --agent prod"]));
}

#[test]
fn why_in_other_formats() {
    let calls = ["json", "markdown", "csv"]
        .map(|format| format!("--for acme/docs --unprotected --why --agent prod --format {format}"));
    insta::assert_snapshot!(transcript("premium", &calls.each_ref().map(String::as_str)));
}

#[test]
fn pictures_for_merge_requests_and_spreadsheets() {
    insta::assert_snapshot!(transcript("premium", &["--agent prod", "--format markdown", "--format csv"]));
}

#[test]
fn answers_for_merge_requests_and_spreadsheets() {
    let folder = world("");
    let queries = b"{\"project\": \"acme/web/shop\", \"environment\": \"production\"}\n{\"project\": \"acme/none\"}\n\
        {\"project\": \"acme/docs\", \"protected\": true}\n";
    let mut transcript = String::new();
    for format in ["human", "markdown", "csv"] {
        let arguments = ["access", "--inventory", "inventory.yaml", "--queries", "-", "--format", format];
        let run = kaslint_with_input(folder.path(), &arguments, queries);
        write!(transcript, "# {format}\n{}", run.transcript()).expect("a text");
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn nothing_out_of_a_file_is_markup_formula_or_control() {
    let config = "ci_access:
  projects:
    - id: acme/x
      environments: ['=cmd|calc!A0', '`a`<b>|[c](d)', \"a\\nb*\\e[31m\"]
      default_namespace: '@SUM(A1)'
      access_as: {impersonate: {username: '-1+1', groups: ['<img src=x>', '@all']}}
";
    let folder = folder_with(&[("projects/.gitlab/agents/prod/config.yaml", config.as_bytes())]);
    let mut transcript = String::new();
    for format in ["human", "markdown", "csv"] {
        let run =
            kaslint(folder.path(), &["access", "--project", "acme/agents", "--tier", "premium", "--format", format]);
        assert!(!run.stdout.contains('\u{1b}'));
        write!(transcript, "# {format}\n{}", run.transcript()).expect("a text");
    }
    insta::assert_snapshot!(transcript);
}

/// An agent with 520 entries, of which GitLab takes 500.
fn large_world() -> tempfile::TempDir {
    let teams = ["payments", "shop", "search", "identity-and-access-management"];
    let (mut config, mut inventory) = ("ci_access:\n  projects:\n".to_owned(), String::new());
    inventory.push_str("gitlab: {version: '18.4', instance_authorization: false}\nprojects:\n  - path: acme/agents\n");
    for number in 0..520 {
        let path = format!("acme/customer-experience/{}/service-{number:03}", teams[number % 4]);
        let terms = match number % 4 {
            0 => "\n      environments: [production, staging, 'review/*']\n      access_as: {ci_job: {}}",
            1 => "\n      default_namespace: shop\n      protected_branches_only: true",
            2 => "\n      access_as: {impersonate: {username: deployer, groups: ['system:masters', developers]}}",
            _ if number % 100 == 7 => "\n      environments: [seven]",
            _ => "",
        };
        writeln!(config, "    - id: {path}{terms}").expect("a text");
        writeln!(inventory, "  - path: {path}").expect("a text");
    }
    config.push_str("  groups:\n    - id: acme/customer-experience\n      environments: [production-of-the-group]\n");
    folder_with(&[
        ("inventory.yaml", inventory.as_bytes()),
        ("projects/acme/agents/.gitlab/agents/prod/config.yaml", config.as_bytes()),
    ])
}

#[test]
fn five_hundred_entries_stay_readable() {
    let folder = large_world();
    insta::assert_snapshot!(kaslint(folder.path(), &["access", "--inventory", "inventory.yaml"]).transcript());
}

#[test]
fn a_file_of_one_line_shows_the_part_that_matters() {
    let entries: String = (0..30).map(|number| format!("{{id: acme/p{number}}}, ")).collect();
    let config = format!("ci_access: {{projects: [{entries}{{id: acme/shop, protected_branches_only: true}}]}}\n");
    let folder = folder_with(&[(".gitlab/agents/prod/config.yaml", config.as_bytes())]);
    let arguments = ["access", "--project", "acme/agents", "--gitlab-version", "17.5", "--for", "acme/shop", "--why"];
    insta::assert_snapshot!(kaslint(folder.path(), &arguments).transcript());
}

#[test]
fn many_agents_are_a_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut inventory = "gitlab: {version: '18.4', tier: premium}\nprojects:\n  - path: acme/web/shop\n".to_owned();
    let entries = [
        "projects: [{id: acme/web/shop, environments: [production]}]",
        "groups: [{id: acme/web, protected_branches_only: true, default_namespace: web}]",
        "groups: [{id: acme, access_as: {ci_job: {}}}]",
        "instance: {}",
        "groups: [{id: acme, access_as: {impersonate: {username: deployer}}}]",
        "projects: [{id: other/x}]",
        "project: []",
    ];
    for (region, entry) in entries.iter().enumerate() {
        writeln!(inventory, "  - path: acme/agents-of-region-{region}").expect("a text");
        let path = format!("projects/acme/agents-of-region-{region}/.gitlab/agents/production/config.yaml");
        write(folder.path(), &path, format!("ci_access:\n  {entry}\n").as_bytes());
    }
    write(folder.path(), "inventory.yaml", inventory.as_bytes());
    let arguments = ["access", "--inventory", "inventory.yaml", "--for", "acme/web/shop", "--environment", "staging"];
    insta::assert_snapshot!(kaslint(folder.path(), &arguments).transcript());
}

#[test]
fn a_recorded_result_is_compared_with() {
    let folder = world("premium");
    let access = |arguments: &str| {
        let arguments: Vec<&str> =
            ["access", "--inventory", "inventory.yaml"].into_iter().chain(arguments.split(' ')).collect();
        kaslint(folder.path(), &arguments)
    };
    for format in ["human", "json", "markdown", "csv"] {
        let run = access(&format!("--format {format} --output recorded.{format}"));
        assert_eq!((run.code, &*run.stdout, &*run.stderr), (0, "", ""), "{format}");
        let same = access(&format!("--format {format} --expect recorded.{format}"));
        assert_eq!((same.code, &*same.stdout), (0, ""), "{format}");
    }
    let recorded = std::fs::read(folder.path().join("recorded.csv")).expect("a file");
    assert_eq!(recorded, access("--format csv").stdout.into_bytes());
    // A comment, moved lines and another order of what does not hang on it change nothing.
    let prod = "projects/acme/platform/agents/.gitlab/agents/prod/config.yaml";
    let (first, last) = ("    - id: partner/app\n", "    - id: acme/web/shopp\n");
    let moved = PROD.replace(&format!("{first}{last}"), &format!("{last}    # a word\n\n{first}"));
    write(folder.path(), prod, format!("# Of the platform team.\n{moved}").as_bytes());
    for format in ["human", "json", "markdown", "csv"] {
        let same = access(&format!("--format {format} --expect recorded.{format}"));
        assert_eq!((same.code, &*same.stdout), (0, ""), "{format}");
    }
    write(
        folder.path(),
        "projects/acme/platform/agents/.gitlab/agents/prod/config.yaml",
        PROD.replace("      protected_branches_only: true\n", "").as_bytes(),
    );
    write(
        folder.path(),
        "queries.jsonl",
        b"{\"project\": \"acme/docs\", \"environment\": null, \"protected\": true}\n",
    );
    let mut transcript = String::new();
    for call in [
        "--expect recorded.human",
        "--format csv --expect recorded.csv",
        "--format json --expect recorded.json",
        "--format json --queries queries.jsonl --expect recorded.json",
        "--format json --expect recorded.csv",
        "--expect recorded.json",
        "--expect recorded.csv",
        "--expect recorded.markdown",
        "--format markdown --expect recorded.human",
        "--format csv --for acme/docs --expect recorded.csv",
        "--expect nowhere",
        "--expect projects",
        "--output projects",
    ] {
        write!(transcript, "# {call}\n{}", access(call).transcript()).expect("a text");
    }
    insta::assert_snapshot!(transcript);
}

/// Makes another file of one.
type Changing<'c> = &'c dyn Fn(&str) -> String;

/// A recording in JSON is compared by what it means: what `diff` would say of the two files, and what entries hang on.
#[test]
fn a_recording_in_json_is_compared_by_meaning() {
    let prod = "projects/acme/platform/agents/.gitlab/agents/prod/config.yaml";
    let mut transcript = String::new();
    // What is written in another way, and says the same; a project that came since.
    let same = |text: &str| {
        let text = text.replace("[production, 'prod*', '*\\bprod']", "['*\\bprod', 'prod*', production, 'prod-*']");
        format!("{text}    # Nobody is let in by it who is not already.\n").replace(
            "    - id: partner/app\n",
            "    - id: partner/app\n    - {id: acme/docs, protected_branches_only: true, default_namespace: web}\n",
        )
    };
    let changes: [(&str, Changing<'_>); 8] = [
        ("written in another way", &same),
        ("a wider pattern", &|text| text.replace("'prod*'", "'p*'")),
        ("as somebody else", &|text| text.replace("{username: deployer", "{username: root")),
        ("an entry less", &|text| {
            text.replace("    - id: acme/web/shopp\n", "").replace("    - id: partner/app\n", "")
        }),
        ("people less", &|text| text.replace("  groups: [{id: acme/web}]\n", "")),
        ("a section less", &|text| text.split("user_access").next().unwrap_or_default().to_owned()),
        ("a refused file", &|text| text.replace("ci_access:", "ci_acces:")),
        ("no file", &|_| String::new()),
    ];
    for (what, change) in changes {
        let folder = world("premium");
        let call = |rest: &str| {
            let arguments = ["access", "--inventory", "inventory.yaml", "--format", "json"];
            kaslint(folder.path(), &arguments.into_iter().chain(rest.split(' ')).collect::<Vec<_>>())
        };
        assert_eq!(call("--output recorded.json").code, 0);
        write(folder.path(), prod, change(PROD).as_bytes());
        write!(transcript, "# {what}\n{}", call("--expect recorded.json").transcript()).expect("a text");
    }
    // Files as they were, and a GitLab that is not.
    let worlds = [
        (
            "a project that came",
            "  - {path: acme/docs, id: 152}\n",
            "  - {path: acme/docs, id: 152}\n  - {path: acme/web/new, id: 160}\n",
        ),
        ("a project that is gone", "  - {path: acme/docs, id: 152}\n", ""),
        ("an agent that is not registered any more", "{name: prod, id: 7}, ", ""),
        ("a licence that is not known any more", "tier: premium, ", ""),
    ];
    for (what, before, after) in worlds {
        let folder = world("premium");
        let call = |rest: &str| {
            let arguments = ["access", "--inventory", "inventory.yaml", "--format", "json"];
            kaslint(folder.path(), &arguments.into_iter().chain(rest.split(' ')).collect::<Vec<_>>())
        };
        assert_eq!(call("--output recorded.json").code, 0);
        let inventory = std::fs::read_to_string(folder.path().join("inventory.yaml")).expect("a text");
        assert!(inventory.contains(before), "{what}");
        write(folder.path(), "inventory.yaml", inventory.replace(before, after).as_bytes());
        write!(transcript, "# {what}\n{}", call("--expect recorded.json").transcript()).expect("a text");
    }
    insta::assert_snapshot!(transcript);
}
