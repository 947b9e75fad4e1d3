//! Whether text leaves the program through `src/outlet/` alone.
//!
//! What it takes it makes harmless, so that the compiler has the rest to say: it is no writer. This holds the few ways around it to the places that
//! have a reason.

use std::collections::BTreeMap;

use crate::fault::Fault;

/// Ways around the outlet, who may go them, and what to do instead.
const WAYS: [(&str, &[&str], &str); 10] = [
    ("io::stdout()", &["src/cli/output.rs", "src/cli/lsp.rs"], "use cli::output"),
    ("io::stderr()", &["src/cli/output.rs", "src/cli/progress.rs"], "use cli::output"),
    ("anstream::stdout", &["src/cli/output.rs"], "use cli::output"),
    ("anstream::stderr", &["src/cli/output.rs"], "use cli::output"),
    ("dyn io::Write", &["src/outlet/mod.rs", "src/outlet/rows.rs"], "take an Outlet"),
    ("bytes_to_stdout(", &["src/cli/output.rs", "src/cli/standard_text.rs"], "use cli::output::to_stdout"),
    (
        ".own_text(",
        &["src/cli/completions.rs", "src/cli/rules.rs", "src/cli/schema.rs"],
        "only what holds nothing from elsewhere is kaslint's own; write lines",
    ),
    (
        ".drawn(",
        &[
            "src/outlet/mod.rs",
            "src/report/human.rs",
            "src/cli/mod.rs",
            "src/cli/misuse.rs",
            "src/access_report/jobs/why.rs",
        ],
        "write lines; what is drawn has to be made of printable parts",
    ),
    (
        "Outlet::new(",
        &[
            "src/outlet/mod.rs",
            "src/cli/output.rs",
            "src/cli/mod.rs",
            "src/writing/mod.rs",
            "src/access_report/jobs/why.rs",
        ],
        "take an Outlet",
    ),
    (
        "Outlet::without_tones(",
        &[
            "src/outlet/mod.rs",
            "src/cli/access.rs",
            "src/cli/diff/post.rs",
            "src/access_report/jobs/markdown.rs",
            "src/access_report/jobs/why.rs",
        ],
        "take an Outlet",
    ),
];

/// Every other place where text could leave.
pub fn check(files: &BTreeMap<String, String>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (file, text) in files {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let ways = WAYS.iter().filter(|(way, allowed, _)| line.contains(way) && !allowed.contains(&&**file));
            faults.extend(
                ways.map(|(way, _, todo)| {
                    Fault::new(file, number + 1, format!("`{way}` goes around the outlet"), todo)
                }),
            );
        }
    }
    faults
}
