//! The table of a policy's keys.

use crate::schema::{Check, Declared, Key, Kind, Message};

/// An item of `policy` in the settings.
pub static POLICY: Declared = Declared::new(|| {
    Message::new(
        "an item of `policy`",
        vec![
            Key::new("name", Kind::Text, "What the policy is called in findings; each has a name of its own.")
                .checks(&[Check::Required]),
            globs(
                "agents",
                "Patterns of contexts, `acme/agents:prod-*`, that it is about; every agent where it is left out.",
            ),
            globs(
                "projects",
                "Patterns of full paths of CI projects that it is about, those to come among them; every project where it is left out.",
            ),
            globs(
                "environments",
                "Patterns of names of environments that it is about, which leaves jobs without one out; every job where it is left out.",
            ),
            globs(
                "people",
                "Makes it a rule about people: patterns of the groups and projects of `user_access` whose members it is about, or the word `administrators`.",
            ),
            Key::new("require", Kind::message(&REQUIRE), "What has to hold of whoever is let in: each of these keys."),
            Key::new(
                "forbid",
                Kind::message(&FORBID),
                "What may not hold of anybody who is let in: all of these keys at once; `{}` for anybody.",
            ),
            Key::new("examples", Kind::list(Kind::message(&EXAMPLE)), "Jobs by which `kaslint policy test` tries it.")
                .checks(&[Check::SomeItems]),
        ],
    )
});

static REQUIRE: Declared = Declared::new(|| Message::new("`require`", required()));

static FORBID: Declared = Declared::new(|| Message::new("`forbid`", required()));

fn globs(name: &'static str, doc: &'static str) -> Key {
    Key::new(name, Kind::list(Kind::Text), doc).checks(&[Check::SomeItems, Check::NotEmpty])
}

/// What can be said of whoever is let in.
fn required() -> Vec<Key> {
    vec![
        Key::new("protected_branches_only", Kind::Bool, "The ref is protected; `false`: it is not.").explicit(),
        globs("environments", "The job has an environment, and one of these patterns takes its name."),
        Key::new(
            "identity",
            Kind::list(Kind::word(&["agent", "ci_job", "impersonate", "user"])),
            "As whom: `agent`, `ci_job` or `impersonate` for jobs, `agent` or `user` for people.",
        )
        .checks(&[Check::SomeItems]),
        Key::new(
            "tier",
            Kind::list(Kind::word(&["production", "staging", "testing", "development", "other"])),
            "The job has an environment of this tier, as the inventory knows it, else by its name.",
        )
        .checks(&[Check::SomeItems]),
        globs("projects", "The job's project is among these."),
        globs("people", "Whoever is let in is a member of one of these, or one of the `administrators`."),
    ]
}

static EXAMPLE: Declared = Declared::new(|| {
    Message::new(
        "an item of `examples`",
        vec![
            Key::new("project", Kind::Text, "The job's project.").checks(&[Check::Required]),
            Key::new("environment", Kind::Text, "The name of its environment; null for a job without one.").explicit(),
            Key::new("protected", Kind::Bool, "Whether its ref is protected; `false` where it is left out.").explicit(),
            Key::new("holds", Kind::Bool, "Whether the policy holds if such a job is let in.")
                .checks(&[Check::Present])
                .explicit(),
        ],
    )
});
