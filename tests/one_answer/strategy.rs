//! Random small repositories.

use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::repository::{
    Agent, Below, Entry, FOLDERS_BELOW, Flaw, Form, Git, Id, Inventory, Job, Listed, Padding, Project, Repository,
    Runs, Selects, Settings, Spelling, Start,
};

/// Limits below the shortest padding, and over the longest text.
const LIMITS: [u64; 2] = [400, 262_144];

pub fn repository() -> impl Strategy<Value = Repository> {
    let anything = (weighted(0.5, git()), weighted(0.85, top()), below(), weighted(0.45, inventory()));
    let lies = prop_oneof![
        9 => anything.prop_map(|(git, top, below, inventory)| (git, top, below, inventory, false)),
        1 => checkouts().prop_map(|(git, top, below)| (Some(git), Some(top), vec![below], None, true)),
        1 => examples().prop_map(|below| (None, None, below, None, true)),
    ];
    let said = (
        weighted(0.6, settings()),
        weighted(0.2, select(vec!["acme/agents", "acme/named"])),
        weighted(0.6, select(vec!["acme/agents", "acme/web/shop", "ghost/none"])),
        weighted(0.15, select(vec!["18.3"])),
    );
    let start = prop_oneof![
        4 => Just(Start::Top),
        1 => Just(Start::Dot),
        1 => Just(Start::Beside),
        1 => Just(Start::Above),
    ];
    let twice = weighted(0.25, select(vec![Spelling::Dotted, Spelling::Absolute]));
    (lies, said, start, twice, 0..70usize).prop_map(
        |((git, top, below, inventory, is_bare), (settings, project, pipeline, version), start, twice, question)| {
            // Settings around a repository may tell it apart from the one in it, and then nothing is compared.
            let settings = settings.filter(|_| !is_bare);
            // From above, the working directory would be the root.
            let start = if git.is_none() && start == Start::Above { Start::Top } else { start };
            let mut inventory = inventory;
            // Who is registered is a matter of the path, which other files may have as well.
            let below_git = below.iter().filter_map(|below: &Below| below.git.as_ref());
            let mut of_others: Vec<&str> = git.iter().chain(below_git).filter_map(|git: &Git| git.remote).collect();
            of_others.extend(project.into_iter().chain(pipeline));
            of_others.extend(settings.as_ref().and_then(|settings: &Settings| settings.project));
            for listed in inventory.iter_mut().flat_map(|inventory: &mut Inventory| &mut inventory.listed) {
                listed.registered = listed.registered.filter(|_| !of_others.contains(&listed.path));
            }
            let is_option = inventory.as_ref().is_some_and(|inventory| inventory.is_option);
            // The editor looks into the whole folder all the same, and there may meet an agent, unless it is clear that this is none.
            let lies_at_top = top.as_ref().is_some_and(|top: &Project| top.jobs.is_some() || !top.agents.is_empty());
            let has_top = git.is_some() || lies_at_top;
            let is_met = |below: &Below| (below.git.is_none() && has_top) || !is_option || start != Start::Top;
            let below: Vec<Below> = below.into_iter().filter(is_met).collect();
            // Of several projects and none at the top, one cannot be meant.
            let may_be_meant = below.iter().filter(|below| below.git.is_some() || git.is_none()).count();
            let project = project.filter(|_| lies_at_top || may_be_meant < 2);
            // A file that is named from beside it would be the root.
            let twice = twice.filter(|_| git.is_some() || start != Start::Beside);
            Repository { git, top, below, inventory, settings, project, pipeline, version, start, twice, question }
        },
    )
}

/// Two repositories whose paths are known without an inventory, the inner one with an agent that jobs of the outer one select.
fn checkouts() -> impl Strategy<Value = (Git, Project, Below)> {
    let entry = prop_oneof![1 => Just(Id::WithJobs(0)), 2 => Just(Id::Path("other/tool"))].prop_map(|id| Entry {
        is_group: false,
        id,
        environments: None,
        is_protected_only: false,
        access_as: "",
    });
    let jobs = prop::collection::vec(job().prop_map(|job| Job { selects: Selects::Agent(0), ..job }), 1..3);
    (git(), entry, jobs).prop_map(|(git, entry, jobs)| {
        let agent = Agent { entries: vec![entry], ..Agent::default() };
        let below = Below {
            folder: FOLDERS_BELOW[0],
            git: Some(Git { remote: Some("acme/cloned") }),
            project: Project { agents: vec![agent], jobs: None },
        };
        (git, Project { agents: Vec::new(), jobs: Some(jobs) }, below)
    })
}

/// Several folders that look like projects, and nothing around them that is one.
fn examples() -> impl Strategy<Value = Vec<Below>> {
    let one = |folder: &'static str| {
        agent().prop_map(move |agent| Below { folder, git: None, project: Project { agents: vec![agent], jobs: None } })
    };
    FOLDERS_BELOW.map(one).prop_map(Vec::from)
}

fn git() -> impl Strategy<Value = Git> {
    weighted(0.6, select(vec!["acme/agents", "acme/cloned"])).prop_map(|remote| Git { remote })
}

fn top() -> impl Strategy<Value = Project> {
    prop_oneof![4 => project(2), 2 => rivals(), 2 => restricted()]
}

/// Two agents that name the same project, of which one has a pattern that fails the request for both where it is compared.
fn rivals() -> impl Strategy<Value = Project> {
    let patterns = prop_oneof![Just(vec!["(*"]), Just(vec!["production", "(*"])];
    let job = (select(vec!["production", "preprod"]), job()).prop_map(|(environment, job)| Job {
        environment: Some(environment),
        selects: Selects::Agent(0),
        ..job
    });
    (0..2usize, patterns, of(Just(vec!["production"])), prop::collection::vec(job, 1..3)).prop_map(
        |(number, patterns, of_other, jobs)| {
            let agent = |environments| Agent {
                entries: vec![Entry {
                    is_group: false,
                    id: Id::WithJobs(number),
                    environments,
                    is_protected_only: false,
                    access_as: "",
                }],
                ..Agent::default()
            };
            Project { agents: vec![agent(of_other), agent(Some(patterns))], jobs: Some(jobs) }
        },
    )
}

/// An agent that names a project and asks for more than its name, with jobs that select the agent.
fn restricted() -> impl Strategy<Value = Project> {
    let environments = select(vec![vec!["staging"], vec!["production"], vec!["review/*", "staging"], vec!["review/*"]]);
    let by_environment = (environments, any::<bool>()).prop_map(|(names, is_protected)| (Some(names), is_protected));
    let restriction = prop_oneof![2 => by_environment, 1 => Just((None, true))];
    let jobs = prop::collection::vec(job(), 1..3);
    (0..2usize, restriction, jobs).prop_map(|(number, (environments, is_protected_only), mut jobs)| {
        // A name that hangs on variables matches all the same.
        if let (Some(["review/*", ..]), Some(first)) = (environments.as_deref(), jobs.first_mut()) {
            first.environment = Some("review/$CI_COMMIT_REF_SLUG");
        }
        for job in &mut jobs {
            job.selects = Selects::Agent(0);
            // Of other pipelines it hangs on the refs whether they are protected.
            if environments.is_none() {
                job.runs = Runs::MergeRequests;
            }
        }
        let entry = Entry { is_group: false, id: Id::WithJobs(number), environments, is_protected_only, access_as: "" };
        Project { agents: vec![Agent { entries: vec![entry], ..Agent::default() }], jobs: Some(jobs) }
    })
}

fn project(most: usize) -> impl Strategy<Value = Project> {
    (prop::collection::vec(agent(), 0..=most), weighted(0.7, prop::collection::vec(job(), 1..4)))
        .prop_map(|(agents, jobs)| Project { agents, jobs })
}

fn below() -> impl Strategy<Value = Vec<Below>> {
    let folders = prop_oneof![
        5 => Just(Vec::new()),
        3 => Just(vec![FOLDERS_BELOW[0]]),
        1 => Just(FOLDERS_BELOW.to_vec()),
    ];
    let one = |folder: &'static str| {
        (weighted(0.4, git()), agent(), weighted(0.4, prop::collection::vec(job(), 1..2)))
            .prop_map(move |(git, agent, jobs)| Below { folder, git, project: Project { agents: vec![agent], jobs } })
    };
    folders.prop_flat_map(move |folders| folders.into_iter().map(one).collect::<Vec<_>>())
}

fn agent() -> impl Strategy<Value = Agent> {
    let padding = prop_oneof![6 => Just(Padding::None), 1 => Just(Padding::Little), 1 => Just(Padding::Much)];
    let flaw = weighted(0.15, select(vec![Flaw::NoYaml, Flaw::UnknownKey, Flaw::WrongType, Flaw::NotValid]));
    let form = prop_oneof![
        12 => Just(Form::File),
        1 => Just(Form::Link),
        1 => Just(Form::Directory),
        1 => Just(Form::Misnamed),
    ];
    (prop::collection::vec(entry(), 0..4), padding, flaw, form).prop_map(|(entries, padding, flaw, form)| Agent {
        entries,
        padding,
        flaw,
        form,
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    let id = prop_oneof![
        4 => (0..3usize).prop_map(|number| (false, Id::WithJobs(number))),
        2 => select(vec!["acme/agents", "acme/web/shop", "other/tool", "acme/named"]).prop_map(|id| (false, Id::Path(id))),
        1 => select(vec!["acme", "acme/web", "other"]).prop_map(|id| (true, Id::Path(id))),
    ];
    let pattern = prop_oneof![
        3 => select(vec!["production", "staging"]),
        3 => select(vec!["prod*", "review/*", "*"]),
        2 => Just("(*"),
    ];
    let access_as = prop_oneof![
        4 => Just(""),
        1 => Just("agent: {}"),
        1 => Just("ci_job: {}"),
        1 => Just("impersonate: {username: deployer}"),
    ];
    (id, of(prop::collection::vec(pattern, 0..3)), weighted(0.3, Just(())), access_as).prop_map(
        |((is_group, id), environments, protected, access_as)| Entry {
            is_group,
            id,
            environments,
            is_protected_only: protected.is_some(),
            access_as,
        },
    )
}

fn job() -> impl Strategy<Value = Job> {
    let environment = select(vec!["production", "preprod", "review/1", "nowhere", "review/$CI_COMMIT_REF_SLUG"]);
    let runs = select(vec![Runs::Anywhere, Runs::MergeRequests, Runs::DefaultBranch, Runs::Tags]);
    let selects = prop_oneof![
        6 => (0..6usize).prop_map(Selects::Agent),
        1 => (0..6usize).prop_map(Selects::Own),
        1 => Just(Selects::Nobody),
    ];
    (of(environment), runs, selects).prop_map(|(environment, runs, selects)| Job { environment, runs, selects })
}

fn inventory() -> impl Strategy<Value = Inventory> {
    let paths = subsequence(vec!["acme/web/shop", "other/tool", "acme/agents"], 0..=2);
    let others = subsequence(vec!["acme/named", "acme/settled", "acme/cloned", "acme/web/cart"], 0..=4);
    let said = (weighted(0.3, Just("18.2")), weighted(0.4, select(vec!["free", "premium"])), weighted(0.08, Just(())));
    (any::<bool>(), weighted(0.3, Just("acme/top")), paths.prop_flat_map(listed), others, said).prop_map(
        |(is_option, top, listed, others, (version, tier, flaw))| Inventory {
            is_option,
            top,
            listed,
            others,
            version,
            tier,
            is_flawed: flaw.is_some(),
        },
    )
}

fn listed(paths: Vec<&'static str>) -> impl Strategy<Value = Vec<Listed>> {
    const FOLDERS: [[&str; 2]; 2] = [["checkouts/one", "./checkouts/one"], ["checkouts/two", "./checkouts/two"]];
    let one = |(number, path): (usize, &'static str)| {
        let folder = weighted(0.4, select(FOLDERS[number].to_vec()));
        (folder, project(1), weighted(0.3, any::<bool>()), any::<bool>()).prop_map(
            move |(repository, project, registered, has_refs)| Listed {
                path,
                repository,
                project,
                registered,
                has_refs,
            },
        )
    };
    paths.into_iter().enumerate().map(one).collect::<Vec<_>>()
}

fn settings() -> impl Strategy<Value = Settings> {
    let place = weighted(0.15, Just(()));
    let project = of(select(vec!["acme/agents", "acme/settled"]));
    let limit = weighted(0.5, select(LIMITS.to_vec()));
    let said = (
        weighted(0.5, select(vec!["18.4", "18.0", "18.0"])),
        weighted(0.4, select(vec!["free", "premium"])),
        of(any::<bool>()),
    );
    (place, project, limit, said, weighted(0.08, Just(()))).prop_map(
        |(place, project, limit, (version, tier, instance_authorization), flaw)| Settings {
            is_option: place.is_some(),
            project,
            limit,
            version,
            tier,
            instance_authorization,
            is_flawed: flaw.is_some(),
        },
    )
}
