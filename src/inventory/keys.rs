//! The table of the inventory's keys.

use crate::schema::{Check, Key, Kind, Message};

/// `inventory.yaml`.
pub static INVENTORY: Message = Message::new(
    "the inventory",
    &[
        Key::new("gitlab", Kind::Message(&GITLAB), "The GitLab instance."),
        Key::new(
            "groups",
            Kind::List(&Kind::Message(&GROUP)),
            "Groups. One that only appears as a parent may be left out.",
        ),
        Key::new("users", Kind::List(&Kind::Text), "Users whose personal namespace holds projects, by user name.")
            .checks(&[Check::NotEmpty]),
        Key::new("projects", Kind::List(&Kind::Message(&PROJECT)), "All projects that matter, with what is known."),
    ],
);

/// The texts of [`crate::gitlab::Tier`].
const TIERS: &[&str] = &["free", "premium", "ultimate"];

/// The texts of [`crate::gitlab::EnvironmentTier`].
const ENVIRONMENT_TIERS: &[&str] = &["production", "staging", "testing", "development", "other"];

static GITLAB: Message = Message::new(
    "`gitlab`",
    &[
        Key::new("url", Kind::Text, "Where the instance is, e.g. `https://gitlab.example.com`."),
        Key::new("version", Kind::Text, "Its release, in quotes: `\"18.4\"`."),
        Key::new("tier", Kind::Text, "The licence of the CI projects.").checks(&[Check::OneOf(TIERS)]),
        Key::new(
            "instance_authorization",
            Kind::Bool,
            "The instance setting \"Enable instance level authorization\"; always off on GitLab.com.",
        ),
    ],
);

static GROUP: Message = Message::new(
    "a group",
    &[
        Key::new("path", Kind::Text, "Its full path.").checks(&[Check::Required]),
        Key::new("id", Kind::Int64, "Its number."),
    ],
);

static PROJECT: Message = Message::new(
    "a project",
    &[
        Key::new("path", Kind::Text, "Its full path.").checks(&[Check::Required]),
        Key::new("id", Kind::Int64, "Its number."),
        Key::new("default_branch", Kind::Text, "Its default branch."),
        Key::new(
            "protected_branches",
            Kind::List(&Kind::Text),
            "Protected branches, with `*` for any characters. Left out: not known.",
        )
        .checks(&[Check::NotEmpty]),
        Key::new(
            "protected_tags",
            Kind::List(&Kind::Text),
            "Protected tags, with `*` for any characters. Left out: not known.",
        )
        .checks(&[Check::NotEmpty]),
        Key::new(
            "protect_merge_request_pipelines",
            Kind::Bool,
            "Whether pipelines of merge requests between protected branches are protected, from 18.1. Left out: not known.",
        ),
        Key::new("environments", Kind::List(&Kind::TextOr(&ENVIRONMENT)), "Its environments, by name.")
            .checks(&[Check::NotEmpty]),
        Key::new(
            "agents",
            Kind::List(&Kind::TextOr(&AGENT)),
            "The agents registered in it. Left out: every agent folder counts as registered.",
        )
        .checks(&[Check::NotEmpty]),
        Key::new("archived", Kind::Bool, "Whether it is archived. Left out: not known."),
        Key::new(
            "repository",
            Kind::Text,
            "The folder of its files, relative to this file. Default: `projects/` and its full path.",
        ),
    ],
);

static ENVIRONMENT: Message = Message::new(
    "an environment",
    &[
        Key::new("name", Kind::Text, "Its name.").checks(&[Check::Required]),
        Key::new("tier", Kind::Text, "Its tier.").checks(&[Check::OneOf(ENVIRONMENT_TIERS)]),
    ],
);

static AGENT: Message = Message::new(
    "an agent",
    &[Key::new("name", Kind::Text, "Its name.").checks(&[Check::Required]), Key::new("id", Kind::Int64, "Its number.")],
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitlab::{EnvironmentTier, Tier};

    #[test]
    fn tiers_are_those_that_the_model_knows() {
        assert_eq!(TIERS, Tier::ALL.map(Tier::name));
        assert_eq!(ENVIRONMENT_TIERS, EnvironmentTier::ALL.map(EnvironmentTier::name));
    }
}
