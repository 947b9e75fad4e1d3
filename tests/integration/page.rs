//! The page of `access` and `diff`, through the program.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

const CONFIG: &str = "projects/acme/agents/.gitlab/agents/prod/config.yaml";

/// A folder with an inventory of so many projects below `acme/web`, and the file of its only agent.
fn world(projects: usize, config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let listed: String = (0..projects).map(|number| format!("  - path: acme/web/p{number}\n")).collect();
    let inventory = format!(
        "gitlab: {{version: \"18.9\", tier: premium}}\ngroups:\n  - path: acme\n  - path: acme/web\nprojects:\n  - path: acme/agents\n    agents: [{{name: prod}}]\n{listed}"
    );
    fs::write(folder.path().join("inventory.yaml"), inventory).unwrap();
    let file = folder.path().join(CONFIG);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, config).unwrap();
    folder
}

fn access(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaslint"));
    command.current_dir(folder).args(["access", "--inventory", "inventory.yaml", "--format", "html"]).args(more);
    command.output().unwrap()
}

fn page(folder: &Path) -> String {
    let output = access(folder, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

fn data(page: &str) -> serde_json::Value {
    serde_json::from_str(between(page, "<script type=\"application/json\" id=\"data\">", "</script>")).unwrap()
}

#[test]
fn the_policy_names_the_script_and_the_style_alone() {
    let folder = world(2, "ci_access:\n  groups:\n    - id: acme/web\n");
    let page = page(folder.path());
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\">");
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    let script = hash(between(&page, "<script>", "</script>"));
    let style = hash(between(&page, "<style>", "</style>"));
    let expected =
        format!("default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; form-action 'none'; ");
    assert!(policy.starts_with(&expected), "{policy}");
}

#[test]
fn findings_go_by_the_settings_and_in_a_comparison_by_no_comment() {
    let rules = |side: &serde_json::Value| -> Vec<String> {
        let findings = side["findings"].as_array().unwrap().iter();
        findings.map(|finding| format!("{} {}", finding["severity"], finding["rule"])).collect()
    };
    let config = "ci_access:\n  projects:\n    # kaslint: ignore[unknown-id] it comes tomorrow\n    - id: acme/web/gone\n    - id: acme/web/p1\n      environments: [\"prod*\"]\n";
    let folder = world(3, config);
    let alone = |folder: &Path| rules(&data(&page(folder))["sides"][0]);
    assert_eq!(alone(folder.path()), [r#""warning" "unanchored-wildcard""#]);
    fs::write(folder.path().join(".kaslint.yaml"), "rules: {unanchored-wildcard: note}\n").unwrap();
    assert_eq!(alone(folder.path()), [r#""note" "unanchored-wildcard""#]);
    // A comment of HEAD is its own word about itself.
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaslint"));
    let output = command.current_dir(folder.path()).args(["diff", ".", ".", "--format", "html"]).output().unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    let both = [r#""error" "unknown-id""#, r#""note" "unanchored-wildcard""#];
    for side in data(&page)["sides"].as_array().unwrap() {
        assert_eq!(rules(side), both);
    }
}

#[test]
fn the_same_world_has_the_same_bytes_and_its_entries_have_their_projects() {
    let folder = world(3, "ci_access:\n  groups:\n    - id: acme/web\n  projects:\n    - id: acme/web/p1\n");
    let first = page(folder.path());
    assert_eq!(first, page(folder.path()));
    let data = data(&first);
    let side = &data["sides"][0];
    let case = &side["agents"][0]["cases"][0];
    let project = case["entries"].as_array().unwrap().iter().find(|entry| entry["entry"]["kind"] == "project").unwrap();
    let place = project["places"][0].as_u64().unwrap() as usize;
    assert_eq!(side["projects"][place], "acme/web/p1");
    let set = project["beside"][1].as_u64().unwrap() as usize;
    let overridden = case["sets"][set]["overridden"][0].as_u64().unwrap() as usize;
    assert_eq!(case["entries"][overridden]["entry"]["id"], "acme/web");
}

#[test]
fn what_a_file_holds_is_no_syntax_and_no_token_of_the_page() {
    let token = format!("glpat-{}", "aAbBcCdDeEfFgGhHiIjJ");
    let config = format!(
        "ci_access:\n  groups:\n    - id: acme/web\n      environments: [\"</script><script>alert(1)</script>\", \"<!--\", \"{token}\"]\n"
    );
    let folder = world(1, &config);
    let page = page(folder.path());
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("<!--").count(), 0);
    assert!(!page.contains(&token));
    let environments = data(&page)["sides"][0]["agents"][0]["cases"][0]["entries"][1]["environments"].clone();
    assert_eq!(environments[0], "</script><script>alert(1)</script>");
}

#[test]
fn more_rows_than_a_page_holds_end_with_2_and_name_parquet() {
    let folder = world(100_001, "ci_access:\n  groups:\n    - id: acme/web\n");
    let output = access(folder.path(), &["--output", "page.html"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("at most 100000 rows") && told.contains("--format parquet"), "{told}");
    assert!(!folder.path().join("page.html").exists());
}

#[test]
fn what_the_page_has_anyhow_is_not_asked_of_it() {
    let folder = world(1, "");
    for more in [&["--why"][..], &["--for", "acme/web/p0"], &["--jobs"], &["--who", "prod"], &["--expect", "page.html"]]
    {
        let output = access(folder.path(), more);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("has no part in html"), "{more:?}");
    }
}

#[test]
fn the_page_of_diff_has_both_states_and_the_changes() {
    let (before, after) = (world(1, "ci_access: {}\n"), world(1, "ci_access:\n  groups:\n    - id: acme/web\n"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaslint"));
    command.arg("diff").args([before.path(), after.path()]).args(["--format", "html", "--fail-on", "never"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let data = data(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(data["sides"].as_array().unwrap().len(), 2);
    assert_eq!(data["difference"]["changes"][0]["effect"], "widened");
}
