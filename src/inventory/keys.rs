//! The table of the inventory's keys.

use crate::schema::{Check, Declared, Key, Kind, Message};

/// `inventory.yaml`.
pub static INVENTORY: Declared = Declared::new(|| {
    Message::new(
        "the inventory",
        vec![
            Key::new("gitlab", Kind::message(&GITLAB), "The GitLab instance."),
            Key::new(
                "groups",
                Kind::list(Kind::message(&GROUP)),
                "Groups. One that only appears as a parent may be left out.",
            ),
            Key::new("users", Kind::list(Kind::Text), "Users whose personal namespace holds projects, by user name.")
                .checks(&[Check::NotEmpty]),
            Key::new("projects", Kind::list(Kind::message(&PROJECT)), "All projects that matter, with what is known."),
            Key::new(
                "unread",
                Kind::list(Kind::message(&UNREAD)),
                "What could not be read from GitLab, so that it stays unknown. `kaslint inventory fetch` writes it.",
            ),
        ],
    )
});

/// The texts of [`crate::gitlab::Tier`].
const TIERS: &[&str] = &["free", "premium", "ultimate"];

/// The texts of [`crate::gitlab::EnvironmentTier`].
const ENVIRONMENT_TIERS: &[&str] = &["production", "staging", "testing", "development", "other"];

static GITLAB: Declared = Declared::new(|| {
    Message::new(
        "`gitlab`",
        vec![
            Key::new("url", Kind::Text, "Where the instance is, e.g. `https://gitlab.example.com`."),
            Key::new("version", Kind::Text, "Its release, in quotes: `\"18.4\"`."),
            Key::new("tier", Kind::Text, "The licence of the CI projects.").checks(&[Check::OneOfInAnyCase(TIERS)]),
            Key::new(
                "instance_authorization",
                Kind::Bool,
                "The instance setting \"Enable instance level authorization\"; always off on GitLab.com.",
            ),
        ],
    )
});

static GROUP: Declared = Declared::new(|| {
    Message::new(
        "a group",
        vec![
            Key::new("path", Kind::Text, "Its full path.").checks(&[Check::Required]),
            Key::new("id", Kind::Int64, "Its number."),
            Key::new("auto_devops", Kind::Bool, "Its own setting for Auto DevOps. Left out: inherited, or not known."),
        ],
    )
});

/// The words of `what`.
const UNREAD_WORDS: &[&str] = &[
    "projects",
    "agents",
    "agent_configuration",
    "ci_configuration",
    "environments",
    "protected_branches",
    "protected_tags",
    "auto_devops",
    "protect_merge_request_pipelines",
    "instance_authorization",
    "tier",
    "merged_ci",
];

static UNREAD: Declared = Declared::new(|| {
    Message::new(
        "what could not be read",
        vec![
            Key::new("project", Kind::Text, "The project or group. Left out: the instance."),
            Key::new("what", Kind::Text, "What could not be read.")
                .checks(&[Check::Required, Check::OneOf(UNREAD_WORDS)]),
            Key::new("reason", Kind::Text, "Why not."),
            Key::new("needs", Kind::Text, "The role or scope that would show it."),
        ],
    )
});

static PROJECT: Declared = Declared::new(|| {
    Message::new(
        "a project",
        vec![
            Key::new("path", Kind::Text, "Its full path.").checks(&[Check::Required]),
            Key::new("id", Kind::Int64, "Its number."),
            Key::new("default_branch", Kind::Text, "Its default branch."),
            Key::new(
                "protected_branches",
                Kind::list(Kind::Text),
                "Protected branches, with `*` for any characters. Left out: not known.",
            )
            .checks(&[Check::NotEmpty]),
            Key::new(
                "protected_tags",
                Kind::list(Kind::Text),
                "Protected tags, with `*` for any characters. Left out: not known.",
            )
            .checks(&[Check::NotEmpty]),
            Key::new(
                "protect_merge_request_pipelines",
                Kind::Bool,
                "Whether pipelines of merge requests between protected branches are protected, from 18.1. Left out: not known.",
            ),
            Key::new("environments", Kind::list(Kind::text_or(&ENVIRONMENT)), "Its environments, by name.")
                .checks(&[Check::NotEmpty]),
            Key::new(
                "agents",
                Kind::list(Kind::text_or(&AGENT)),
                "The agents registered in it. Left out: every agent folder counts as registered.",
            )
            .checks(&[Check::NotEmpty]),
            Key::new("archived", Kind::Bool, "Whether it is archived. Left out: not known."),
            Key::new("auto_devops", Kind::Bool, "Whether Auto DevOps is on. Left out: not known."),
            Key::new(
                "ci_config_path",
                Kind::Text,
                "Its CI file, where that is not `.gitlab-ci.yml`; a path in its repository, an address, or `path@group/project`.",
            ),
            Key::new(
                "repository",
                Kind::Text,
                "The folder of its files, relative to this file. Default: `projects/` and its full path.",
            ),
        ],
    )
});

static ENVIRONMENT: Declared = Declared::new(|| {
    Message::new(
        "an environment",
        vec![
            Key::new("name", Kind::Text, "Its name.").checks(&[Check::Required]),
            Key::new("tier", Kind::Text, "Its tier.").checks(&[Check::OneOf(ENVIRONMENT_TIERS)]),
        ],
    )
});

static AGENT: Declared = Declared::new(|| {
    Message::new(
        "an agent",
        vec![
            Key::new("name", Kind::Text, "Its name.").checks(&[Check::Required]),
            Key::new("id", Kind::Int64, "Its number."),
        ],
    )
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitlab::{EnvironmentTier, Tier};

    #[test]
    fn tiers_are_those_that_the_model_knows() {
        assert_eq!(TIERS, Tier::ALL.map(Tier::name));
        assert_eq!(ENVIRONMENT_TIERS, EnvironmentTier::ALL.map(EnvironmentTier::name));
        assert!(UNREAD_WORDS.iter().all(|word| word.parse::<crate::inventory::Fact>().is_ok()));
        assert_eq!(UNREAD_WORDS.len(), crate::inventory::Fact::ALL.len());
    }
}
