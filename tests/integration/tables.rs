//! `access --format parquet`: what it writes, what it says, and what it refuses.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use kaslint::tables::{ALL, FRONT};

use parquet::file::reader::{FileReader as _, SerializedFileReader};

use super::common::{folder_with, kaslint, root};
use super::rules::same_as_file;

#[test]
fn the_page_of_the_warehouse_has_the_tables_and_the_sql() {
    let path = root().join("docs/warehouse.md");
    let page = fs::read_to_string(&path).expect("the page");
    let mut page = page.split("## The tables\n").next().unwrap_or_default().to_owned();
    page += "## The tables\n\nEvery table begins with these two:\n\n| Column | Type | |\n|---|---|---|\n";
    let line = |column: &kaslint::tables::Column| {
        let null = if column.is_optional { ", may be null" } else { "" };
        format!("| `{}` | {}{null} | {} |\n", column.name, column.kind.sql(), column.says.replace('|', "\\|"))
    };
    page.extend(FRONT.iter().map(line));
    for table in &ALL {
        write!(page, "\n### {}\n\nA row is {}.\n\n| Column | Type | |\n|---|---|---|\n", table.name, table.row)
            .expect("a text");
        page.extend(table.columns.iter().map(line));
    }
    page += "\n## The SQL\n";
    for (name, file) in [("DuckDB first", "duckdb"), ("Spark first", "spark"), ("Then, in both", "kaslint")] {
        let sql = fs::read_to_string(root().join(format!("docs/warehouse/{file}.sql"))).expect("SQL");
        write!(page, "\n### {name}\n\n```sql\n{}\n```\n", sql.trim_end()).expect("a text");
    }
    same_as_file(&path, &page);
}

const AGENT: &str = "projects/acme/agents/.gitlab/agents/prod/config.yaml";

const WORLD: [(&str, &[u8]); 3] = [
    (
        "inventory.yaml",
        b"gitlab: {version: '18.4', tier: premium, instance_authorization: false, url: https://gitlab.example.com}
users: [jdoe]
projects:
  - {path: acme/agents, id: 1, agents: [prod]}
  - {path: acme/web/shop, id: 2, default_branch: main, protected_branches: [main, release/*], environments: [production, {name: qa, tier: testing}]}
  - {path: jdoe/toy, environments: [production]}
",
    ),
    (
        AGENT,
        b"ci_access:
  projects:
    - {id: jdoe/toy}
    - {id: acme/web/shop, environments: [prod*, '(x)*', '(*'], protected_branches_only: true}
  groups:
    - id: acme
      access_as: {impersonate: {username: deployer, groups: [a, b]}}
user_access: {access_as: {user: {}}, groups: [{id: acme}]}
",
    ),
    (
        "projects/acme/web/shop/.gitlab-ci.yml",
        b"deploy:
  environment: canary
  script: kubectl --context acme/agents:prod apply -f .
",
    ),
];

/// The names in a folder with the sizes of files.
fn found(folder: &Path) -> Vec<(String, u64)> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let mut found: Vec<(String, u64)> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.metadata().expect("a file").len()))
        .collect();
    found.sort();
    found
}

fn names_of_tables() -> Vec<String> {
    let mut names: Vec<String> = ALL.iter().map(|table| format!("{}.parquet", table.name)).collect();
    names.sort();
    names
}

const WRITE: [&str; 7] = ["access", "--inventory", "inventory.yaml", "--format", "parquet", "--output", "tables"];

#[test]
fn every_table_of_a_small_world() {
    let folder = folder_with(&WORLD);
    let run = kaslint(folder.path(), &[&WRITE[..], &["--snapshot", "2026-11-27"]].concat());
    let mut text = run.transcript();
    for table in &ALL {
        let file = fs::File::open(folder.path().join(format!("tables/{}.parquet", table.name))).expect("a table");
        let reader = SerializedFileReader::new(file).expect("Parquet");
        let columns: Vec<&str> = FRONT.iter().chain(table.columns).map(|column| column.name).collect();
        writeln!(text, "\n{}: {}", table.name, columns.join(", ")).expect("a text");
        for row in reader.get_row_iter(None).expect("rows") {
            let row = row.expect("a row");
            let cells: Vec<String> = row.get_column_iter().map(|(_, value)| value.to_string()).collect();
            assert_eq!(cells.len(), columns.len());
            writeln!(text, "  {}", cells.join(" | ")).expect("a text");
        }
    }
    insta::assert_snapshot!(text);
    // Another run replaces them and nothing else.
    fs::write(folder.path().join("tables/notes.txt"), "mine").expect("a file");
    assert_eq!(kaslint(folder.path(), &WRITE).code, 0);
    let names: Vec<String> = found(&folder.path().join("tables")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            &[
                "agents.parquet",
                "authorizations.parquet",
                "decisions.parquet",
                "entries.parquet",
                "environments.parquet",
                "groups.parquet",
                "jobs.parquet",
                "notes.txt"
            ],
            &["patterns.parquet", "projects.parquet", "protected_refs.parquet", "user_access.parquet"][..]
        ]
        .concat()
    );
    assert_eq!(fs::read_to_string(folder.path().join("tables/notes.txt")).expect("a file"), "mine");
}

#[test]
fn the_same_world_gives_the_same_bytes() {
    let folder = folder_with(&WORLD);
    let bytes = || {
        assert_eq!(kaslint(folder.path(), &[&WRITE[..], &["--snapshot", "2026-11-27"]].concat()).code, 0);
        names_of_tables()
            .into_iter()
            .map(|name| fs::read(folder.path().join("tables").join(name)).expect("a table"))
            .collect::<Vec<_>>()
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn worlds_with_nothing_in_them_have_tables_without_rows() {
    let folder = folder_with(&[("inventory.yaml", b"gitlab: {version: '18.4'}\n")]);
    for arguments in [&WRITE[..], &["access", "--format", "parquet", "--output", "none", "--gitlab-version", "19.6"]] {
        let run = kaslint(folder.path(), arguments);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let expected: String = ALL.iter().map(|table| format!("{}: 0 rows\n", table.name)).collect();
        assert_eq!(run.stdout, expected);
        let place = folder.path().join(arguments.iter().find(|one| ["tables", "none"].contains(one)).expect("a place"));
        assert_eq!(found(&place).into_iter().map(|(name, _)| name).collect::<Vec<_>>(), names_of_tables());
    }
}

#[test]
fn calls_that_cannot_be_met_end_with_2_and_write_nothing() {
    let folder = folder_with(&[&WORLD[..], &[("file", b"mine"), ("full/agents.parquet/x", b"mine")]].concat());
    #[cfg(unix)]
    std::os::unix::fs::symlink("full", folder.path().join("link")).expect("a link");
    let before = found(folder.path());
    let mut text = String::new();
    let calls: [&[&str]; 16] = [
        &["--format", "parquet"],
        &["--format", "parquet", "--output", "file"],
        &["--format", "parquet", "--output", "file/below"],
        &["--format", "parquet", "--output", "link"],
        &["--format", "parquet", "--output", "full"],
        &["--format", "parquet", "--output", "no/folder"],
        &["--format", "parquet", "--output", "tables", "--for", "acme/web/shop"],
        &["--format", "parquet", "--output", "tables", "--live"],
        &["--format", "parquet", "--output", "tables", "--expect", "file"],
        &["--format", "parquet", "--output", "tables", "--snapshot", "yesterday"],
        &["--format", "parquet", "--output", "tables", "--snapshot", "2026-02-30"],
        &["--format", "parquet", "--output", "tables", "--snapshot", ""],
        &["--format", "parquet", "--output", "tables", "--snapshot", "2026-11-27T10:00:00Z"],
        &["--format", "parquet", "--output", "tables", "--snapshot", "20261127"],
        &["--format", "json", "--snapshot", "2026-11-27"],
        &["--format", "parquet", "--output", "tables", "--inventory", "none.yaml"],
    ];
    for call in calls {
        let run = kaslint(folder.path(), &[&["access", "--gitlab-version", "18.4"], call].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{call:?}");
        write!(text, "$ {}\n{}", call.join(" "), run.stderr).expect("a text");
    }
    #[cfg(unix)]
    insta::assert_snapshot!(text);
    assert_eq!(found(folder.path()), before);
    assert_eq!(found(&folder.path().join("full")).len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_leaves_what_was_there() {
    let folder = folder_with(&WORLD);
    assert_eq!(kaslint(folder.path(), &WRITE).code, 0);
    let more: String = (0..500).map(|number| format!("  - {{path: acme/web/more-{number}}}\n")).collect();
    let inventory = fs::read_to_string(folder.path().join("inventory.yaml")).expect("an inventory");
    fs::write(folder.path().join("inventory.yaml"), inventory + &more).expect("an inventory");
    for place in ["tables", "elsewhere"] {
        let before = (found(folder.path()), found(&folder.path().join("tables")));
        let mut shell = std::process::Command::new("/bin/sh");
        // As the shell limits it: no file is longer than eight blocks of 512 bytes.
        shell.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""]).arg(env!("CARGO_BIN_EXE_kaslint"));
        shell.args(&WRITE[..6]).arg(place).current_dir(folder.path());
        let output = shell.output().expect("a shell");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("cannot write {place}: file too large; make room for it")), "{said}");
        assert_eq!((found(folder.path()), found(&folder.path().join("tables"))), before);
    }
}
