//! The table of every key that a release of GitLab reads, or read, in `.gitlab/agents/<name>/config.yaml`.
//!
//! Sources: `pkg/agentcfg/agentcfg.proto` and `agentcfg.pb.validate.go` of gitlab-agent in all revisions up to 16.6;
//! for what is newer, GitLab's documentation under `doc/user/clusters/agent/` and `doc/user/workspace/`, and the merge
//! requests named beside a key (`!n` is one of gitlab-org/cluster-integration/gitlab-agent, `gitlab!n` one of
//! gitlab-org/gitlab).

use crate::gitlab::{Tier, Version};
use crate::schema::{Check, Declared, Inert, Key, Kind, Message};

use Check::{
    AtLeast, Between, Cidr, Cron, DnsName, DocumentedValues, KnownNumber, NotEmpty, OneOf, Positive, Required,
    RequiredBefore, RuntimeClass, SomeItems,
};

/// A list of texts.
fn texts() -> Kind {
    Kind::list(Kind::Text)
}

/// A key that only carries empty braces.
fn member(name: &'static str, message: &'static Declared, doc: &'static str) -> Key {
    Key::new(name, Kind::message(message), doc)
}

/// The whole file.
pub static CONFIGURATION: Declared = Declared::new(|| {
    Message::new(
    "the agent configuration",
    vec![
        Key::new("ci_access", Kind::message(&CI_ACCESS), "Which CI/CD jobs may use the agent's cluster connection, and as whom.")
            .since(14, 3),
        Key::new("user_access", Kind::message(&USER_ACCESS), "Which GitLab users may use the cluster connection, and as whom.")
            .since_about((15, 10), (16, 1)),
        Key::new("observability", Kind::message(&OBSERVABILITY), "Logging and profiling of the agent itself."),
        Key::new("container_scanning", Kind::message(&CONTAINER_SCANNING), "Scans the images of the cluster's workloads for vulnerabilities.")
            .since(15, 4)
            .tier(Tier::Ultimate),
        Key::new("remote_development", Kind::message(&REMOTE_DEVELOPMENT), "Workspaces that run in the cluster.")
            .since_about((15, 11), (16, 0))
            .tier(Tier::Premium),
        Key::new("flux", Kind::message(&FLUX), "Immediate reconciliation of Flux sources after a push.").since(16, 1),
        Key::new("gitops", Kind::message(&GITOPS), "Deployment of manifests by the agent itself.")
            .until(18, 0, "remove the section; Flux, with the agent's `flux` settings, replaces it")
            .inert(Inert {
                from: Version::new(17, 0),
                until: Some(Version::new(18, 0)),
                why: "the agent only logs an error and deploys nothing",
            }),
        Key::new("starboard", Kind::message(&STARBOARD), "Vulnerability scanning by Starboard.")
            .since_about((14, 6), (14, 8))
            .until(16, 0, "`container_scanning` does its work since 15.4")
            .tier(Tier::Ultimate),
        Key::new("cilium", Kind::Any, "Alerts from the Cilium network plugin.")
            .since_about((13, 8), (13, 9))
            .until(15, 0, "nothing replaces it; remove the section")
            .tier(Tier::Ultimate),
        Key::new("custom_data", Kind::Any, "Data for other tools, which GitLab does not use.")
            .since_about((17, 0), (17, 1))
            .unverified(
                "a field for free data was merged for 17.1 (gitlab-agent issue 542), and public sources do not settle its name",
            ),
        Key::new("options", Kind::Any, "Data for other tools, which GitLab does not use.")
            .since_about((17, 0), (17, 1))
            .or_else("custom_data")
            .unverified(
                "a field for free data was merged for 17.1 (gitlab-agent issue 542), and public sources do not settle its name",
            ),
    ],
)
});

static CI_ACCESS: Declared = Declared::new(|| {
    Message::new(
    "`ci_access`",
    vec![
        Key::new("projects", Kind::list(Kind::message(&PROJECT_ENTRY)), "Projects whose jobs may use the connection; at most 500, and 100 before 17.0.")
            .since_about((14, 3), (14, 4)),
        Key::new("groups", Kind::list(Kind::message(&GROUP_ENTRY)), "Groups whose projects' jobs may use the connection, subgroups included; at most 500, and 100 before 17.0."),
        Key::new("instance", Kind::message(&INSTANCE_ENTRY), "Lets in the jobs of every project of the instance, or of the organization of the agent's project where there are several, where the instance setting allows it; not on GitLab.com.")
            .since(17, 11),
    ],
)
});

macro_rules! entry {
    ($name:literal, $($id:expr)?) => {
        Message::new($name, vec![
            $($id,)?
            Key::new("default_namespace", Kind::Text, "The namespace of the kubeconfig context; a default, not a boundary.")
                .default("none")
                .inert(Inert {
                    from: Version::new(14, 3),
                    until: Some(Version::new(15, 3)),
                    why: "it is written to the kubeconfig from 15.3 on only",
                }),
            Key::new("access_as", Kind::message(&CI_ACCESS_AS), "The Kubernetes identity of the jobs; exactly one member.")
                .since(14, 5)
                .default("the agent's service account"),
            Key::new("environments", texts(), "Lets in only jobs of these environments; `*` stands for any characters.")
                .since(15, 7)
                .default("no restriction")
                .checks(&[NotEmpty]),
            // gitlab!156626: behind the flag until it was removed with 17.10.
            Key::new("protected_branches_only", Kind::Bool, "Lets in only jobs on protected branches and tags.")
                .since(17, 3)
                .default("false")
                .inert(Inert {
                    from: Version::new(17, 3),
                    until: Some(Version::new(17, 10)),
                    why: "until 17.10 it waits for the feature flag `kubernetes_agent_protected_branches`, which is off by default",
                }),
            Key::new("resource_management", Kind::message(&RESOURCE_MANAGEMENT), "GitLab-managed Kubernetes resources for environments; `environments` and `protected_branches_only` do not bind them.")
                .since(17, 9)
                .tier(Tier::Premium),
        ])
    };
}

/// An entry of `ci_access.projects`.
static PROJECT_ENTRY: Declared = Declared::new(|| {
    entry!(
        "an entry of `ci_access.projects`",
        Key::new("id", Kind::Text, "The project's full path.").checks(&[Required])
    )
});
/// An entry of `ci_access.groups`.
static GROUP_ENTRY: Declared = Declared::new(|| {
    entry!("an entry of `ci_access.groups`", Key::new("id", Kind::Text, "The group's full path.").checks(&[Required]))
});
/// `ci_access.instance`.
static INSTANCE_ENTRY: Declared = Declared::new(|| entry!("`ci_access.instance`",));

static RESOURCE_MANAGEMENT: Declared = Declared::new(|| {
    Message::new(
        "`resource_management`",
        vec![
            Key::new("enabled", Kind::Bool, "Turns GitLab-managed resources on.").default("false").tier(Tier::Premium),
        ],
    )
});

static CI_ACCESS_AS: Declared = Declared::new(|| {
    Message::one_of(
        "`access_as`",
        vec![
            member("agent", &EMPTY, "The agent's own service account; what applies without `access_as`."),
            member(
                "ci_job",
                &EMPTY,
                "The job, as user `gitlab:ci_job:<id>` with groups for its project, groups and environment.",
            )
            .tier(Tier::Premium),
            member("impersonate", &IMPERSONATE, "A fixed user.").tier(Tier::Premium),
        ],
    )
});

static IMPERSONATE: Declared = Declared::new(|| {
    Message::new(
        "`impersonate`",
        vec![
            Key::new("username", Kind::Text, "The user's name in Kubernetes.").checks(&[Required]),
            Key::new("groups", texts(), "The user's groups in Kubernetes.").checks(&[NotEmpty]),
            Key::new("uid", Kind::Text, "The user's id in Kubernetes."),
            Key::new(
                "extra",
                Kind::list(Kind::message(&EXTRA)),
                "More about the user, for the cluster's audit and authorization.",
            ),
        ],
    )
});

static EXTRA: Declared = Declared::new(|| {
    Message::new(
        "an item of `extra`",
        vec![
            Key::new("key", Kind::Text, "The name of the extra field.").checks(&[Required]),
            Key::new("val", texts(), "Its values; at least one.").checks(&[Required, SomeItems, NotEmpty]),
        ],
    )
});

static USER_ACCESS: Declared = Declared::new(|| {
    Message::new(
        "`user_access`",
        vec![
            Key::new(
                "projects",
                Kind::list(Kind::message(&USER_PROJECT)),
                "Projects whose developers may use the connection; at most 500, and 100 before 17.0.",
            ),
            Key::new(
                "groups",
                Kind::list(Kind::message(&USER_GROUP)),
                "Groups whose developers may use the connection; at most 500, and 100 before 17.0.",
            ),
            Key::new(
                "access_as",
                Kind::message(&USER_ACCESS_AS),
                "The Kubernetes identity of the users; exactly one member.",
            )
            .default("the agent's service account, from 18.3"),
            Key::new("instance", Kind::message(&EMPTY), "Read, and not used.").since_about((18, 4), (18, 5)).inert(
                Inert { from: Version::new(18, 4), until: None, why: "GitLab's Rails side ignores it (gitlab#570346)" },
            ),
        ],
    )
});

static USER_PROJECT: Declared = Declared::new(|| {
    Message::new(
        "an entry of `user_access.projects`",
        vec![Key::new("id", Kind::Text, "The project's full path.").checks(&[Required])],
    )
});

static USER_GROUP: Declared = Declared::new(|| {
    Message::new(
        "an entry of `user_access.groups`",
        vec![Key::new("id", Kind::Text, "The group's full path.").checks(&[Required])],
    )
});

static USER_ACCESS_AS: Declared = Declared::new(|| {
    Message::one_of(
        "`access_as`",
        vec![
            member("agent", &EMPTY, "The agent's own service account."),
            member(
                "user",
                &EMPTY,
                "The user, as `gitlab:user:<username>` with groups for roles in projects and groups.",
            )
            .tier(Tier::Premium),
        ],
    )
});

/// A message without keys.
static EMPTY: Declared = Declared::new(|| Message::new("the empty mapping", vec![]));

static OBSERVABILITY: Declared = Declared::new(|| {
    Message::new(
        "`observability`",
        vec![
            Key::new("logging", Kind::message(&LOGGING), "How much the agent logs."),
            Key::new("google_profiler", Kind::message(&GOOGLE_PROFILER), "Google's continuous profiler.")
                .since_about((16, 5), (16, 6)),
        ],
    )
});

fn levels() -> Kind {
    Kind::names(&["info", "debug", "warn", "error"])
}

static LOGGING: Declared = Declared::new(|| {
    Message::new(
        "`logging`",
        vec![
            Key::new("level", levels(), "The agent's log level.").default("info").checks(&[KnownNumber]),
            Key::new("grpc_level", levels(), "The log level of gRPC.")
                .since(15, 1)
                .default("error")
                .explicit()
                .checks(&[KnownNumber]),
        ],
    )
});

static GOOGLE_PROFILER: Declared = Declared::new(|| {
    Message::new(
        "`google_profiler`",
        vec![
            Key::new("enabled", Kind::Bool, "Turns the profiler on.").default("false"),
            Key::new("project_id", Kind::Text, "The Google Cloud project."),
            Key::new("credentials_file", Kind::Text, "The file with the credentials, in the agent's pod."),
            Key::new("debug_logging", Kind::Bool, "Logs more about the profiler.").default("false"),
        ],
    )
});

const RESOURCE_TYPES: &[&str] =
    &["Pod", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "CronJob", "Job", "Deployment"];

static CONTAINER_SCANNING: Declared = Declared::new(|| {
    Message::new(
        "`container_scanning`",
        vec![
            // The validation rule is seen up to 16.6; later documentation leaves the key out of its examples.
            Key::new("cadence", Kind::Text, "When to scan, as a cron schedule with five fields.")
                .checks(&const { [RequiredBefore(Version::new(17, 0)), Cron] }),
            Key::new("vulnerability_report", Kind::message(&VULNERABILITY_REPORT), "What is scanned."),
            Key::new("resource_requirements", Kind::message(&SCANNER_RESOURCES), "Resources of the scanner's pods.")
                .since_about((16, 1), (16, 2)),
            Key::new("trivy_k8s_wrapper_image", Kind::message(&IMAGE), "The scanner's image.")
                .since_about((17, 3), (17, 4)),
            Key::new("scanner_timeout", Kind::Duration, "When a scan is given up.").since(17, 7).default("300s"),
            Key::new("report_max_size", Kind::Int64, "The largest report, in bytes.").since(17, 7).default("100 MB"),
            Key::new("delete_report_artifact", Kind::Bool, "Deletes the scanner's report after it was read.")
                .since(17, 9)
                .default("true")
                .explicit(),
            Key::new("severity_threshold", Kind::Text, "The lowest severity that is reported.")
                .since(18, 4)
                .default("all severities")
                .checks(&[DocumentedValues(&["UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"])]),
        ],
    )
});

static VULNERABILITY_REPORT: Declared = Declared::new(|| {
    Message::new(
        "`vulnerability_report`",
        vec![
            Key::new("namespaces", texts(), "The namespaces that are scanned; nothing is scanned without."),
            Key::new("resource_types", texts(), "The kinds of workloads that are scanned.")
                .since(17, 9)
                .default("all eight")
                .checks(&[DocumentedValues(RESOURCE_TYPES)]),
            Key::new(
                "filters",
                Kind::list(Kind::message(&REPORT_FILTER)),
                "Filters from Starboard's time; no longer documented.",
            ),
        ],
    )
});

static REPORT_FILTER: Declared = Declared::new(|| {
    Message::new(
        "an item of `filters`",
        vec![
            Key::new("namespaces", texts(), "Namespaces."),
            Key::new("resources", texts(), "Names of workloads."),
            Key::new("containers", texts(), "Names of containers."),
            Key::new("kinds", texts(), "Kinds of workloads."),
        ],
    )
});

static SCANNER_RESOURCES: Declared = Declared::new(|| {
    Message::new(
        "`resource_requirements`",
        vec![
            Key::new("limits", Kind::message(&SCANNER_AMOUNTS), "The most that a scanner pod gets.")
                .default("500m CPU, 500Mi memory, 3Gi ephemeral storage"),
            Key::new("requests", Kind::message(&SCANNER_AMOUNTS), "What a scanner pod asks for.")
                .default("100m CPU, 100Mi memory, 1Gi ephemeral storage"),
        ],
    )
});

static SCANNER_AMOUNTS: Declared = Declared::new(|| {
    Message::new(
        "the amounts",
        vec![
            Key::new("cpu", Kind::Text, "CPU as a Kubernetes quantity, in quotes where it is a bare number."),
            Key::new("memory", Kind::Text, "Memory as a Kubernetes quantity."),
            Key::new("ephemeral_storage", Kind::Text, "Ephemeral storage as a Kubernetes quantity.")
                .since_about((17, 5), (17, 6)),
        ],
    )
});

static IMAGE: Declared = Declared::new(|| {
    Message::new(
        "`trivy_k8s_wrapper_image`",
        vec![
            Key::new("repository", Kind::Text, "The image's repository.").default("GitLab's own registry"),
            Key::new("tag", Kind::Text, "The image's tag; not documented for users."),
        ],
    )
});

static STARBOARD: Declared = Declared::new(|| {
    Message::new(
        "`starboard`",
        vec![
            Key::new("vulnerability_report", Kind::message(&VULNERABILITY_REPORT), "What is scanned."),
            Key::new("cadence", Kind::Text, "When to scan, as a cron schedule with five fields.")
                .since(15, 0)
                .checks(&[Required, Cron]),
        ],
    )
});

static FLUX: Declared = Declared::new(|| {
    Message::new(
        "`flux`",
        vec![
            Key::new("webhook_receiver_url", Kind::Text, "Where Flux's notification controller receives webhooks.")
                .default("http://webhook-receiver.flux-system.svc.cluster.local"),
            // A switch was proposed with !1348 (2024-02); a later reading of the source and public files have it as `enabled`.
            Key::new("enabled", Kind::Bool, "Turns the Flux module on.")
                .since_about((16, 10), (18, 0))
                .default("true")
                .explicit(),
        ],
    )
});

static GITOPS: Declared = Declared::new(|| {
    Message::new(
        "`gitops`",
        vec![
            Key::new(
                "manifest_projects",
                Kind::list(Kind::message(&MANIFEST_PROJECT)),
                "Projects whose manifests are deployed.",
            ),
            Key::new("charts", Kind::Any, "Helm charts, as an experiment.").since_about((15, 4), (15, 5)).until(
                16,
                4,
                "Flux deploys Helm charts; remove the section",
            ),
        ],
    )
});

static MANIFEST_PROJECT: Declared = Declared::new(|| {
    Message::new(
        "an entry of `gitops.manifest_projects`",
        vec![
            Key::new("id", Kind::Text, "The project's full path.")
                .default("the configuration project, from 15.7")
                .explicit()
                .checks(&const { [RequiredBefore(Version::new(15, 7)), NotEmpty] }),
            Key::new("default_namespace", Kind::Text, "The namespace of manifests that name none.").default("default"),
            Key::new("paths", Kind::list(Kind::message(&MANIFEST_PATH)), "The files to deploy.")
                .default("**/*.{yaml,yml,json}"),
            Key::new("reconcile_timeout", Kind::Duration, "How long to wait for deployed objects.")
                .since_about((13, 12), (14, 0))
                .default("3600s"),
            Key::new("dry_run_strategy", Kind::Text, "Whether and where to only pretend.")
                .since_about((13, 12), (14, 0))
                .default("none")
                .checks(&[OneOf(&["none", "client", "server"])]),
            Key::new("prune", Kind::Bool, "Deletes objects that left the manifests.")
                .since_about((13, 12), (14, 0))
                .default("true")
                .explicit(),
            Key::new("prune_timeout", Kind::Duration, "How long to wait for deleted objects.")
                .since_about((13, 12), (14, 0))
                .default("3600s"),
            Key::new("prune_propagation_policy", Kind::Text, "How dependent objects are deleted.")
                .since_about((13, 12), (14, 0))
                .default("foreground")
                .checks(&[OneOf(&["orphan", "background", "foreground"])]),
            Key::new("inventory_policy", Kind::Text, "Whether objects of others are taken over.")
                .since_about((13, 12), (14, 0))
                .default("must_match")
                .checks(&[OneOf(&["must_match", "adopt_if_no_inventory", "adopt_all"])]),
            Key::new("ref", Kind::message(&MANIFEST_REF), "The revision to deploy from; exactly one member.")
                .since(15, 7)
                .default("the default branch"),
            Key::new("resource_inclusions", Kind::Any, "Kinds of objects to deploy.").until(
                14,
                0,
                "nothing replaces it; remove the key",
            ),
            Key::new("resource_exclusions", Kind::Any, "Kinds of objects not to deploy.").until(
                14,
                0,
                "nothing replaces it; remove the key",
            ),
        ],
    )
});

static MANIFEST_PATH: Declared = Declared::new(|| {
    Message::new(
        "an item of `paths`",
        vec![Key::new("glob", Kind::Text, "A pattern of file paths.").checks(&[Required])],
    )
});

static MANIFEST_REF: Declared = Declared::new(|| {
    Message::one_of(
        "`ref`",
        vec![
            Key::new("tag", Kind::Text, "A tag.").explicit().checks(&[NotEmpty]),
            Key::new("branch", Kind::Text, "A branch.").explicit().checks(&[NotEmpty]),
            Key::new("commit", Kind::Text, "A commit.").explicit().checks(&[NotEmpty]),
        ],
    )
});

/// Source: `workspaces_agent_config.rb` of GitLab 18.9, which reads neither key; the columns are ignored from about 17.9 on.
const TERMINATION_HOURS: Inert = Inert {
    from: Version::new(17, 10),
    until: None,
    why: "`max_active_hours_before_stop` and `max_stopped_hours_before_termination` took its place",
};

static REMOTE_DEVELOPMENT: Declared = Declared::new(|| {
    Message::new(
        "`remote_development`",
        vec![
            Key::new("enabled", Kind::Bool, "Turns workspaces on for the agent.").default("false"),
            Key::new("dns_zone", Kind::Text, "The domain under which workspaces are reached.").checks(&[DnsName]),
            Key::new("gitlab_workspaces_proxy", Kind::message(&WORKSPACES_PROXY), "The proxy in front of workspaces.")
                .since_about((16, 2), (16, 3)),
            Key::new("network_policy", Kind::message(&NETWORK_POLICY), "What workspaces may reach.")
                .since_about((16, 2), (16, 3)),
            Key::new(
                "default_resources_per_workspace_container",
                Kind::message(&WORKSPACE_RESOURCES),
                "Resources of containers that name none.",
            )
            .since(16, 8),
            Key::new(
                "max_resources_per_workspace",
                Kind::message(&WORKSPACE_RESOURCES),
                "The most that one workspace gets.",
            )
            .since(16, 8),
            Key::new("workspaces_quota", Kind::Int64, "How many workspaces the agent runs.")
                .since(16, 9)
                .default("-1, no limit")
                .explicit()
                .checks(&[AtLeast(-1)]),
            Key::new("workspaces_per_user_quota", Kind::Int64, "How many workspaces a user has.")
                .since(16, 9)
                .default("-1, no limit")
                .explicit()
                .checks(&[AtLeast(-1)]),
            Key::new(
                "default_max_hours_before_termination",
                Kind::Int32,
                "How long a workspace lives unless it says otherwise.",
            )
            .since_about((17, 2), (17, 3))
            .unverified("it left the documentation, and whether GitLab still reads it is not settled")
            .inert(TERMINATION_HOURS),
            Key::new("max_hours_before_termination_limit", Kind::Int32, "How long a workspace may live at most.")
                .since_about((17, 2), (17, 3))
                .unverified("it left the documentation, and whether GitLab still reads it is not settled")
                .inert(TERMINATION_HOURS),
            Key::new("use_kubernetes_user_namespaces", Kind::Bool, "Runs workspaces in user namespaces.")
                .since(17, 4)
                .default("false"),
            Key::new("default_runtime_class", Kind::Text, "The runtime class of workspaces.")
                .since(17, 4)
                .checks(&[RuntimeClass]),
            Key::new("allow_privilege_escalation", Kind::Bool, "Allows privilege escalation in workspaces.")
                .since(17, 4)
                .default("false"),
            Key::new("annotations", Kind::map(Kind::Text), "Annotations of workspace objects.").since(17, 4),
            Key::new("labels", Kind::map(Kind::Text), "Labels of workspace objects.").since(17, 4),
            Key::new(
                "image_pull_secrets",
                Kind::list(Kind::message(&IMAGE_PULL_SECRET)),
                "Secrets for private images.",
            )
            .since(17, 6),
            Key::new("max_active_hours_before_stop", Kind::Int32, "After how many hours a workspace is stopped.")
                .since(17, 6)
                .default("36")
                .checks(&[Between(1, 8760)]),
            Key::new(
                "max_stopped_hours_before_termination",
                Kind::Int32,
                "After how many further hours it is deleted.",
            )
            .since(17, 6)
            .default("744")
            .checks(&[Between(1, 8760)]),
            Key::new("shared_namespace", Kind::Text, "One namespace for all workspaces.").since(18, 0),
            Key::new("partial_sync_interval", Kind::Duration, "How often changes are synchronized.")
                .until(17, 0, "GitLab sets the interval itself; remove the key")
                .checks(&[Positive]),
            Key::new("full_sync_interval", Kind::Duration, "How often everything is synchronized.")
                .until(17, 0, "GitLab sets the interval itself; remove the key")
                .checks(&[Positive]),
        ],
    )
});

static WORKSPACES_PROXY: Declared = Declared::new(|| {
    Message::new(
        "`gitlab_workspaces_proxy`",
        vec![
            Key::new("namespace", Kind::Text, "The namespace of the proxy.").default("gitlab-workspaces"),
            Key::new("http_enabled", Kind::Bool, "Reaches workspaces by HTTP.")
                .since_about((18, 4), (18, 5))
                .default("true")
                .explicit(),
            Key::new("ssh_enabled", Kind::Bool, "Reaches workspaces by SSH.")
                .since_about((18, 4), (18, 5))
                .default("true")
                .explicit(),
        ],
    )
});

static NETWORK_POLICY: Declared = Declared::new(|| {
    Message::new(
        "`network_policy`",
        vec![
            Key::new("enabled", Kind::Bool, "Turns the policy on.").default("true").explicit(),
            Key::new("egress", Kind::list(Kind::message(&EGRESS)), "Addresses that workspaces may reach.").since(16, 7),
        ],
    )
});

static EGRESS: Declared = Declared::new(|| {
    Message::new(
        "an item of `egress`",
        vec![
            Key::new("allow", Kind::Text, "An address range that may be reached.").default("0.0.0.0/0").checks(&[Cidr]),
            Key::new("except", texts(), "Address ranges within it that may not.").checks(&[Cidr]),
        ],
    )
});

static WORKSPACE_RESOURCES: Declared = Declared::new(|| {
    Message::new(
        "the resources",
        vec![
            Key::new("requests", Kind::message(&WORKSPACE_AMOUNTS), "What is asked for."),
            Key::new("limits", Kind::message(&WORKSPACE_AMOUNTS), "The most that is given."),
        ],
    )
});

static WORKSPACE_AMOUNTS: Declared = Declared::new(|| {
    Message::new(
        "the amounts",
        vec![
            Key::new("cpu", Kind::Text, "CPU as a Kubernetes quantity, in quotes where it is a bare number."),
            Key::new("memory", Kind::Text, "Memory as a Kubernetes quantity."),
        ],
    )
});

static IMAGE_PULL_SECRET: Declared = Declared::new(|| {
    Message::new(
        "an item of `image_pull_secrets`",
        vec![
            Key::new("name", Kind::Text, "The secret's name."),
            Key::new("namespace", Kind::Text, "The secret's namespace."),
        ],
    )
});

/// An environment template, `environment_templates/default.yaml` beside the agent's configuration. Whether GitLab refuses other keys is not
/// known. Source: `doc/user/clusters/agent/managed_kubernetes_resources.md` of GitLab; gitlab!188024 for `delete_resources`.
pub static ENVIRONMENT_TEMPLATE: Declared = Declared::new(|| {
    Message::new(
        "the environment template",
        vec![
            Key::new("objects", Kind::list(Kind::map(Kind::Any)), "The Kubernetes objects to make for an environment.")
                .since(17, 9)
                .tier(Tier::Premium),
            Key::new("apply_resources", Kind::names(&["on_start"]), "When the objects are made.")
                .since(17, 9)
                .tier(Tier::Premium),
            Key::new("delete_resources", Kind::names(&["on_stop", "never"]), "When the objects are deleted.")
                .since(18, 0)
                .tier(Tier::Premium)
                .default("on_stop"),
        ],
    )
});
