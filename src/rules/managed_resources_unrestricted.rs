//! `managed-resources-unrestricted`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::access::{MANAGED_RESOURCES_FLAG, Target, restrictions_that_do_not_bind};
use crate::agent_config::{CiEntry, EntryKind};
use crate::diagnostic::Finding;
use crate::gitlab::releases::{MANAGED_RESOURCES, MANAGED_RESOURCES_WITHOUT_FLAG};
use crate::gitlab::{Tier, lower_path};
use crate::schema;
use crate::words::excerpt;

rule! {
    /// `environments` and `protected_branches_only` do not bind managed resources.
    ///
    /// With `resource_management: {enabled: true}`, GitLab makes a namespace and a role binding, or what a template of the agent's says, in the cluster before a
    /// job's deployment. For that it takes the most specific entry for the job's project as it stands, and does not compare `environments` or look at the ref. So any
    /// job of these projects, of any branch and environment, has resources made by naming the agent in `environment:kubernetes`. It need not ask:
    /// only `managed_resources: {enabled: false}` keeps GitLab from it. Later deployments to the environment have them made without the key, too.
    ///
    /// The scripts of the job are bound: without a context they do not reach the cluster.
    ///
    /// Source: `lib/gitlab/ci/build/prerequisite/managed_resource.rb` and `app/services/environments/create_for_job_service.rb` of GitLab 18.9.
    ///
    /// Releases: from 17.9.
    ///
    /// ## Bad
    ///
    /// ```yaml tier=premium
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [production]
    ///       access_as:
    ///         ci_job: {}
    ///       resource_management:
    ///         enabled: true
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml tier=premium
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [production]
    ///       access_as:
    ///         ci_job: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Take `resource_management` out where that goes too far, or have little made: `.gitlab/agents/<agent name>/environment_templates/default.yaml` replaces
    /// what GitLab makes by itself. Who may write a job of the project may have it made.
    ///
    /// ## When it stays silent
    ///
    /// On Free, where GitLab makes none. Where `*` is among the `environments`, which all jobs with an environment match, and nothing else is asked for. Where more specific
    /// entries count for all projects of a group that are known; for the configuration project its own access does, which has no managed resources.
    ManagedResourcesUnrestricted = "managed-resources-unrestricted", Warning in Access
}

impl Rule for ManagedResourcesUnrestricted {
    fn check_entry(&self, entry: &CiEntry, cx: &FileContext<'_>, findings: &mut Findings) {
        let Some(enabled) = entry.resource_management.as_ref().filter(|enabled| enabled.value) else { return };
        let (version, tier) = (cx.gitlab().version, cx.gitlab().tier);
        if tier == Some(Tier::Free) || version < MANAGED_RESOURCES {
            return;
        }
        let keys = restrictions_that_do_not_bind(entry);
        let wider = match &keys[..] {
            [] => return,
            ["environments"] => "for any environment",
            ["protected_branches_only"] => "on any ref",
            _ => "on any ref and for any environment",
        };
        if !decides(entry, cx) {
            return;
        }
        let whose = match (entry.kind, &entry.id) {
            (EntryKind::Project, Some(id)) => excerpt(&id.value),
            (EntryKind::Group, Some(id)) => format!("projects of {}", excerpt(&id.value)),
            _ => "all projects of the organization".to_owned(),
        };
        let mut needs: Vec<String> = Vec::new();
        needs.extend(tier.is_none().then(|| "with Premium or Ultimate".to_owned()));
        if version < MANAGED_RESOURCES_WITHOUT_FLAG {
            needs.push(format!("while the feature flag `{}` is on", MANAGED_RESOURCES_FLAG));
        }
        let needs = if needs.is_empty() { String::new() } else { format!(" ({})", needs.join(", ")) };
        let message = format!(
            "{} {} not bind managed resources: jobs of {whose} have them made {wider}, by naming the agent in `environment:kubernetes`{needs}",
            schema::listed_and(&keys),
            if keys.len() == 1 { "does" } else { "do" },
        );
        let mut finding = Finding::new(&INFO, &cx.file.source, enabled.span, message)
            .label("unrestricted")
            .route(format!("{}.resource_management.enabled", entry.route()))
            .key(entry.id.as_ref().map_or_else(String::new, |id| lower_path(&id.value).into_owned()));
        let environments = entry.environments_key.filter(|_| keys.contains(&"environments"));
        let protected = entry.protected_branches_only.as_ref().filter(|_| entry.is_protected_only());
        for span in environments.into_iter().chain(protected.map(|protected| protected.span)) {
            finding = finding.related(span, "binds scripts only");
        }
        findings.report(finding.help(
            "take `resource_management` out where that goes too far, or have less made by environment_templates/default.yaml beside this file",
        ));
    }
}

/// Whether the entry is the one that counts for some project, as far as is known.
fn decides(entry: &CiEntry, cx: &FileContext<'_>) -> bool {
    let Some(inventory) = &cx.gitlab().inventory else { return true };
    let places = match (entry.kind, &entry.id) {
        // What another entry of the same id replaces does not come here.
        (EntryKind::Project, _) => return true,
        (_, Some(id)) => inventory.find_group(&id.value).map(|group| inventory.places(group)),
        (_, None) => Some(0..inventory.project_count()),
    };
    // Whatever comes into a group that has no project yet is the entry's.
    let Some(places) = places.filter(|places| !places.is_empty()) else { return true };
    inventory.ordered(places).any(|project| {
        let path = lower_path(&project.path);
        let mut candidates = cx.entries.candidates(Target::Project(&path), cx.gitlab().tier);
        candidates.next().is_some_and(|first| first.is_entry(entry))
    })
}
