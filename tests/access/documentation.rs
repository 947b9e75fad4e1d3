//! The examples of GitLab's documentation, "Using GitLab CI/CD with a Kubernetes cluster".

use kaslint::access::{Identity, Query};

use crate::setting::{PREMIUM, Setting};

#[test]
fn the_groups_of_a_ci_job_are_those_documented() {
    let setting = Setting::new(PREMIUM)
        .inventory(
            "groups: [{path: group1, id: 23}, {path: group1/group1-1, id: 25}]\n\
             projects:\n\
             - {path: group1/group1-1/project1, id: 150, environments: [{name: prod, tier: production}]}\n\
             - {path: group1/agents, id: 9, agents: [{name: my-agent, id: 7}]}\n",
        )
        .agent(
            "group1/agents",
            "my-agent",
            "ci_access: {projects: [{id: group1/group1-1/project1, access_as: {ci_job: {}}}]}",
        );
    setting.with(|index| {
        let query = Query::new("group1/group1-1/project1", Some("prod"), Some(true));
        let answer = index.query(&query);
        let Identity::CiJob(job) = answer.identity(&answer.allowed[0], index.agent(answer.allowed[0].agent)) else {
            panic!("a CI job")
        };
        assert_eq!(job.username, "gitlab:ci_job:<job id>");
        assert_eq!(
            job.groups,
            [
                "gitlab:ci_job",
                "gitlab:group:23",
                "gitlab:group_env_tier:23:production",
                "gitlab:group:25",
                "gitlab:group_env_tier:25:production",
                "gitlab:project:150",
                "gitlab:project_env:150:prod",
                "gitlab:project_env_tier:150:production",
            ]
        );
        let extra: Vec<(&str, &str)> = job.extra.iter().map(|(key, value)| (*key, &**value)).collect();
        assert_eq!(
            extra,
            [
                ("agent.gitlab.com/id", "7"),
                ("agent.gitlab.com/config_project_id", "9"),
                ("agent.gitlab.com/project_id", "150"),
                ("agent.gitlab.com/ci_pipeline_id", "<pipeline id>"),
                ("agent.gitlab.com/ci_job_id", "<job id>"),
                ("agent.gitlab.com/username", "<user name>"),
                ("agent.gitlab.com/environment_slug", "prod"),
                ("agent.gitlab.com/environment_tier", "production"),
            ]
        );
        assert!(!job.tier_is_guessed);
    });
}

#[test]
fn environments_restrict_as_documented() {
    let setting = Setting::new(PREMIUM)
        .projects(&[], &["path/to/project-1", "path/to/project-2", "path/to/group-1/project-3", "path/to/agents"])
        .agent(
            "path/to/agents",
            "agent",
            "ci_access:\n  projects:\n  - id: path/to/project-1\n  - id: path/to/project-2\n    environments: [staging, review/*]\n  \
             groups:\n  - id: path/to/group-1\n    environments: [production]\n",
        );
    let lets_in = |project: &str, environment| {
        let rows = setting.ask(project, environment, Some(false));
        rows.iter().any(|row| row.starts_with('+'))
    };
    for environment in [None, Some("staging"), Some("anything")] {
        assert!(lets_in("path/to/project-1", environment));
    }
    assert!(lets_in("path/to/project-2", Some("staging")) && lets_in("path/to/project-2", Some("review/x")));
    assert!(!lets_in("path/to/project-2", Some("production")) && !lets_in("path/to/project-2", None));
    assert!(lets_in("path/to/group-1/project-3", Some("production")));
    assert!(!lets_in("path/to/group-1/project-3", Some("staging")));
}

#[test]
fn the_most_specific_entry_alone_counts_as_documented() {
    // The documentation writes `project:` here, which GitLab refuses.
    let setting = Setting::new(PREMIUM).projects(&[], &["example/my-project", "example/other", "example/agents"]).agent(
        "example/agents",
        "my-agent",
        "ci_access:\n  projects:\n  - id: example/my-project\n    protected_branches_only: false\n    environments: [dev]\n  \
         groups:\n  - id: example\n    protected_branches_only: true\n    environments: [dev]\n",
    );
    assert_eq!(setting.ask("example/my-project", Some("dev"), Some(false)), ["+ my-agent by projects[0] as agent"]);
    assert_eq!(setting.ask("example/other", Some("dev"), Some(false)), ["- my-agent by groups[0]"]);
    assert_eq!(setting.ask("example/other", Some("dev"), Some(true)), ["+ my-agent by groups[0] as agent"]);
}
