//! As whom jobs act, and what the kubeconfig says.

use kaslint::access::Query;
use kaslint::access_report::json::rows as json;
use kaslint::gitlab::Version;
use serde_json::json;

use crate::setting::{PREMIUM, Setting};

const FILE: &str = "ci_access:
  projects:
    - id: acme/shop
      default_namespace: shop
      access_as:
        impersonate:
          username: deployer
          uid: '7'
          groups: [deployers]
          extra: [{key: team, val: [web, shop]}]
  groups:
    - id: acme
      access_as: {ci_job: {}}
";

#[test]
fn a_row_says_everything_about_itself() {
    let setting = Setting::new(PREMIUM).projects(&[], &["Acme/Shop", "acme/agents"]).agent("ACME/agents", "prod", FILE);
    setting.with(|index| {
        let answer = index.query(&Query::new("acme/shop", None, Some(true)));
        assert_eq!(
            json::answer(index, &answer),
            json!({
                "query": {"project": "acme/shop", "environment": null, "protected": true},
                "allowed": [{
                    "context": "acme/agents:prod",
                    "agent": {"project": "acme/agents", "name": "prod"},
                    "entry": {
                        "kind": "project", "id": "Acme/Shop", "path": "prod.yaml", "route": "ci_access.projects[0]",
                        "line": 3,
                    },
                    "overridden": [{
                        "kind": "group", "id": "Acme", "path": "prod.yaml", "route": "ci_access.groups[0]", "line": 12,
                    }],
                    "identity": {
                        "mode": "impersonate", "username": "deployer", "groups": ["deployers"], "uid": "7",
                        "extra": {"team": ["web", "shop"]},
                    },
                    "namespace": "shop",
                    "reason": "the entry for the project itself, ci_access.projects[0], lets the job in; it overrides \
                               ci_access.groups[0]",
                }],
                "denied": [],
            })
        );
    });
}

#[test]
fn what_only_the_job_or_gitlab_knows_is_not_made_up() {
    let setting = Setting::new(PREMIUM)
        .inventory("users: [jdoe]\nprojects: [{path: acme/web/site}, {path: acme/agents}]")
        .agent("acme/agents", "prod", FILE);
    setting.with(|index| {
        let answer = index.query(&Query::new("acme/web/site", Some("EU/prod"), None));
        let row = &json::answer(index, &answer)["allowed"][0];
        assert_eq!(
            row["identity"]["groups"],
            json!([
                "gitlab:ci_job",
                "gitlab:group:<id of acme>",
                "gitlab:group_env_tier:<id of acme>:production",
                "gitlab:group:<id of acme/web>",
                "gitlab:group_env_tier:<id of acme/web>:production",
                "gitlab:project:<id of acme/web/site>",
                "gitlab:project_env:<id of acme/web/site>:eu-prod-fp042i",
                "gitlab:project_env_tier:<id of acme/web/site>:production",
            ])
        );
        assert_eq!(row["identity"]["environment_tier_guessed"], json!(true), "`deployment_tier` may say another");
        assert_eq!(row["identity"]["extra"]["agent.gitlab.com/id"], json!(["<id of acme/agents:prod>"]));
    });
}

#[test]
fn tiers_and_namespaces_came_later() {
    let groups = |version: Version| {
        let setting = Setting::new(kaslint::access::Settings { version, ..PREMIUM })
            .projects(&[], &["acme/web/site", "acme/shop", "acme/agents"])
            .agent("acme/agents", "prod", FILE);
        setting.with(|index| {
            let site = Query::new("acme/web/site", Some("prod"), None);
            let shop = Query::new("acme/shop", None, None);
            let site = json::answer(index, &index.query(&site))["allowed"][0]["identity"]["groups"].clone();
            let namespace = json::answer(index, &index.query(&shop))["allowed"][0]["namespace"].clone();
            (site.as_array().map(Vec::len), namespace)
        })
    };
    // Before 15.6 ids count only below the group of the configuration project, which all of these are.
    assert_eq!(groups(Version::new(15, 2)), (Some(5), json!(null)));
    assert_eq!(groups(Version::new(15, 3)), (Some(5), json!("shop")));
    assert_eq!(groups(Version::new(15, 5)), (Some(8), json!("shop")));
}
