//! The lines of the table, one function for each thing that is looked at.

use super::kubeconfig::{Kubeconfig, TokenForm};
use super::{Cache, Code, Denied, HangsOn, Observed, Seen};
use crate::schema::nearest;

/// The context of a cluster that is connected by certificate, which GitLab chooses where there is one.
const BY_CERTIFICATE: &str = "gitlab-deploy";

/// What is made of something that was looked at, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It keeps the job from the cluster, or lets in whom nothing should.
    Wrong,
    /// It may.
    Doubtful,
    /// It could not be looked at.
    Unknown,
    /// It is as it should be.
    Fine,
}

impl Verdict {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Doubtful => "doubtful",
            Self::Unknown => "unknown",
            Self::Fine => "fine",
        }
    }
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it says, in one word.
    pub code: Code,
    /// What was seen.
    pub seen: String,
    /// What to do; empty where nothing is to be done.
    pub todo: String,
}

pub(super) fn line(code: Code, seen: impl Into<String>, todo: impl Into<String>) -> Line {
    Line { code, seen: seen.into(), todo: todo.into() }
}

/// What was seen, worst first.
#[must_use]
pub fn examine(observed: &Observed) -> Vec<Line> {
    let mut lines: Vec<Line> = [
        job(observed).into_iter().collect(),
        kubeconfig(observed),
        contexts(observed),
        chosen(observed),
        servers(observed),
        licence(observed).into_iter().collect(),
        release(observed).into_iter().collect(),
        merge_request(observed).into_iter().collect(),
        trace(observed).into_iter().collect(),
        mode(observed).into_iter().collect(),
        cache(observed).into_iter().collect(),
        kubectl(observed).into_iter().collect(),
        helm(observed).into_iter().collect(),
    ]
    .concat();
    if let Some(live) = &observed.live {
        lines.extend(super::allowed::lines(observed, live));
        lines.extend(super::proxy::lines(observed, live));
    }
    lines.sort_by_key(|line| line.code.verdict());
    lines
}

fn job(observed: &Observed) -> Option<Line> {
    if !observed.is_job() {
        return Some(line(
            Code::NoJob,
            "this is no CI job, so its project, environment and ref are not known",
            "run it in the job that is to reach the cluster",
        ));
    }
    let project = observed.variable("CI_PROJECT_PATH").unwrap_or_default();
    let environment = observed
        .variable("CI_ENVIRONMENT_NAME")
        .map_or_else(|| "without an environment".to_owned(), |name| format!("in environment {name}"));
    let protected =
        if observed.variable("CI_COMMIT_REF_PROTECTED") == Some("true") { "a protected" } else { "an unprotected" };
    Some(line(Code::Job, format!("a job of {project}, {environment}, on {protected} ref"), ""))
}

fn kubeconfig(observed: &Observed) -> Vec<Line> {
    let mut lines: Vec<Line> = file(observed).into_iter().collect();
    if !observed.is_job() || matches!(observed.kubeconfig, Seen::Unset) {
        return lines;
    }
    if let Seen::Read(kubeconfig) = &observed.kubeconfig
        && !kubeconfig.contexts.is_empty()
        && kubeconfig.contexts.iter().all(|context| !context.token.is_of_agent())
    {
        let todo = match kubeconfig.contexts.iter().any(|context| context.name == BY_CERTIFICATE) {
            true => "if an agent is meant: let the project in, in its configuration",
            false => "take the variable KUBECONFIG away where you set it; it hides GitLab's",
        };
        lines.push(line(Code::KubeconfigOfOthers, "no context of KUBECONFIG is an agent's", todo));
    }
    if observed.has_home_kubeconfig {
        lines.push(line(
            Code::HomeKubeconfig,
            "~/.kube/config is there, and kubectl and helm do not read it: KUBECONFIG is set",
            "if it is meant: --kubeconfig ~/.kube/config",
        ));
    }
    lines
}

fn file(observed: &Observed) -> Option<Line> {
    match &observed.kubeconfig {
        Seen::Read(kubeconfig) if kubeconfig.contexts.is_empty() => Some(line(
            Code::NoContext,
            "the file of KUBECONFIG has no context",
            "find out who wrote it: GitLab's own has one for each agent",
        )),
        Seen::Read(kubeconfig) => {
            let count = match kubeconfig.contexts.len() {
                1 => "one context".to_owned(),
                count => format!("{count} contexts"),
            };
            Some(line(Code::Kubeconfig, format!("the file of KUBECONFIG has {count}"), ""))
        }
        Seen::Unreadable(why) => Some(line(
            Code::KubeconfigUnreadable,
            format!("the file of KUBECONFIG: {why}"),
            "take the variable KUBECONFIG away where you set it; it hides GitLab's",
        )),
        Seen::Unset if !observed.is_job() => None,
        // GitLab sets it only where the job sees an agent.
        Seen::Unset => {
            let todo = match &observed.prediction {
                Some(prediction) if !prediction.allowed.is_empty() => {
                    "see the missing contexts; GitLab sets it when the job starts, for the agents that let it in then"
                }
                Some(prediction) if !prediction.denied.is_empty() => "see what each agent says of this job",
                Some(prediction) if !prediction.unknown.is_empty() => "see what is not known of the agents",
                Some(_) => "let the project in, in the configuration of an agent",
                None => {
                    "look whether an agent's configuration lets the project in, with this environment and on this ref"
                }
            };
            Some(line(Code::KubeconfigNotSet, "KUBECONFIG is not set: no agent lets this job in", todo))
        }
    }
}

/// The contexts of agents that are there.
fn of_agents(kubeconfig: &Kubeconfig) -> impl Iterator<Item = &str> {
    kubeconfig
        .contexts
        .iter()
        .filter(|context| matches!(context.token, TokenForm::Job(_)))
        .map(|context| &*context.name)
}

/// What is there against what is predicted.
fn contexts(observed: &Observed) -> Vec<Line> {
    let Some(prediction) = &observed.prediction else {
        return vec![line(
            Code::NothingPredicted,
            "no configuration of an agent is at hand, so nothing is predicted",
            "check out the configuration project, or name an inventory with --inventory",
        )];
    };
    if !observed.is_job() {
        return Vec::new();
    }
    let there: Vec<&str> = match &observed.kubeconfig {
        Seen::Read(kubeconfig) => of_agents(kubeconfig).collect(),
        Seen::Unset => Vec::new(),
        Seen::Unreadable(_) => return Vec::new(),
    };
    let mut lines = Vec::new();
    for (context, conditions) in &prediction.allowed {
        match (there.contains(&&**context), conditions.is_empty()) {
            (true, _) => lines.push(line(Code::ContextPredicted, format!("{context} is there, as predicted"), "")),
            (false, true) => lines.push(missing(context)),
            (false, false) => lines.push(line(
                Code::ContextOnCondition,
                format!("{context} is not there; it is predicted if {}", conditions.join(" and ")),
                "find out whether that holds",
            )),
        }
    }
    for Denied { context, reason, hangs_on } in &prediction.denied {
        if prediction.allowed.iter().any(|(allowed, _)| allowed == context) {
            continue;
        }
        lines.push(match there.contains(&&**context) {
            true => unexpected(context, reason),
            // Where others let the job in, one that does not may well be right.
            false => line(
                if prediction.allowed.is_empty() { Code::ContextDenied } else { Code::ContextOfOthers },
                format!("{context} is not for this job: {reason}"),
                denied(*hangs_on),
            ),
        });
    }
    for (context, reason) in &prediction.unknown {
        lines.push(line(
            Code::ContextNotKnown,
            format!("whether {context} is for this job is not known: {reason}"),
            "",
        ));
    }
    // Of an agent whose project is not known, the name alone is.
    let name = |context: &str| context.rsplit(':').next().map(str::to_owned);
    let is_known =
        |context: &str| prediction.contexts().any(|known| known == context || Some(known) == name(context).as_deref());
    for context in there.iter().filter(|context| !is_known(context)) {
        lines.push(line(
            Code::ContextNotAtHand,
            format!("{context} is there, and nothing at hand lets this job in"),
            "its configuration may lie in a project that is not at hand",
        ));
    }
    lines
}

fn missing(context: &str) -> Line {
    line(
        Code::ContextMissing,
        format!("{context} is not there, and the configuration at hand lets this job in"),
        "look whether the file is on the default branch of its project, whether `kaslint check` says that GitLab refuses it, and whether the agent is connected: it takes effect minutes after that, and for jobs that start later",
    )
}

fn unexpected(context: &str, reason: &str) -> Line {
    line(
        Code::ContextUnexpected,
        format!("{context} is there, and by the configuration at hand it should not be: {reason}"),
        "GitLab goes by the file that it accepted last: compare the default branch, and run `kaslint check` on it; or by `kaslint access --live`",
    )
}

/// What to do about an agent that is not for the job; that may be just as it is meant.
fn denied(hangs_on: HangsOn) -> &'static str {
    match hangs_on {
        HangsOn::Environment => "if it is meant to reach it: give the job an `environment` that the entry lets in",
        HangsOn::Ref => "if it is meant to reach it: run it on a protected ref",
        HangsOn::Nothing => "nothing, unless it is meant to reach it",
    }
}

/// The context that is selected. GitLab's kubeconfig chooses none for agents (`generate_kubeconfig_service.rb`).
fn chosen(observed: &Observed) -> Vec<Line> {
    let Seen::Read(kubeconfig) = &observed.kubeconfig else { return Vec::new() };
    let names: Vec<&str> = kubeconfig.contexts.iter().map(|context| &*context.name).collect();
    let mut lines = Vec::new();
    match observed.variable("KUBE_CONTEXT") {
        Some(context) if names.contains(&context) => {
            lines.push(line(Code::KubeContext, format!("KUBE_CONTEXT is {context}, which is there"), ""))
        }
        Some(context) => {
            let todo = match nearest(context, names.iter().copied()) {
                Some(near) => format!("did you mean {near}? Letter case counts"),
                None => "write <path of the configuration project>:<name of the agent>".to_owned(),
            };
            lines.push(line(
                Code::KubeContextGone,
                format!("KUBE_CONTEXT is {context}, and no context has this name"),
                todo,
            ));
        }
        None => {}
    }
    match &kubeconfig.current {
        None if observed.variable("KUBE_CONTEXT").is_none() => lines.push(line(
            Code::NoneChosen,
            "no context is chosen, which is how GitLab leaves it: kubectl reaches no agent until one is",
            "kubectl config use-context <path of the configuration project>:<name of the agent>",
        )),
        Some(current) if !names.contains(&&**current) => lines.push(line(
            Code::ChosenGone,
            format!("the context {current} is chosen, and it is not there"),
            "kubectl config use-context with one that is",
        )),
        // Beside a cluster that is connected by certificate.
        Some(current)
            if observed.variable("KUBE_CONTEXT").is_none()
                && kubeconfig
                    .contexts
                    .iter()
                    .any(|context| context.name == *current && !context.token.is_of_agent())
                && kubeconfig.contexts.iter().any(|context| context.token.is_of_agent()) =>
        {
            lines.push(line(
                Code::ChosenOfNoAgent,
                format!("the context {current} is chosen, which is no agent's: kubectl reaches no agent until one is"),
                "kubectl config use-context <path of the configuration project>:<name of the agent>",
            ));
        }
        Some(_) | None => {}
    }
    lines
}

/// Where requests go, and who vouches for it.
fn servers(observed: &Observed) -> Vec<Line> {
    let Seen::Read(kubeconfig) = &observed.kubeconfig else { return Vec::new() };
    let mut servers: Vec<(&str, bool)> = Vec::new();
    for context in kubeconfig.contexts.iter().filter(|context| matches!(context.token, TokenForm::Job(_))) {
        if let Some(server) =
            context.server.as_deref().filter(|server| servers.iter().all(|(known, _)| known != server))
        {
            servers.push((server, context.authority.is_some()));
        }
    }
    let mut lines = Vec::new();
    for (server, has_authority) in servers {
        if server.starts_with("http://") {
            lines.push(line(
                Code::ServerWithoutTls,
                format!("{server} is not https, and kubectl and helm send tokens over https alone: \"You must be logged in to the server\""),
                "set up TLS for GitLab and its agent server",
            ));
        } else if !has_authority {
            lines.push(line(
                Code::SystemAuthorities,
                format!("{server} is vouched for by the authorities of the image"),
                "if kubectl says `certificate signed by unknown authority`: set SSL_CERT_FILE to a file with your authority",
            ));
        }
    }
    lines
}

fn licence(observed: &Observed) -> Option<Line> {
    let has_licence = observed.has_licence()?;
    let tier = observed.prediction.as_ref().and_then(|prediction| prediction.tier);
    match (has_licence, tier) {
        (false, Some(tier @ ("premium" | "ultimate"))) => Some(line(
            Code::LicenceMissing,
            format!(
                "the prediction goes by {tier}, and this project has no licence for `ci_job` and `impersonate`: entries with these are dropped"
            ),
            "name the tier that the project has",
        )),
        (true, Some("free")) => Some(line(
            Code::LicenceNotPredicted,
            "the prediction goes by free, and this project has the licence for `ci_job` and `impersonate`",
            "name the tier that the project has",
        )),
        (false, _) => Some(line(
            Code::NoLicence,
            "entries with `ci_job` or `impersonate` are dropped for this project: it has no licence for them",
            "",
        )),
        (true, _) => Some(line(Code::Licence, "the project has the licence for `ci_job` and `impersonate`", "")),
    }
}

fn release(observed: &Observed) -> Option<Line> {
    let (told, named) = (observed.release()?, observed.prediction.as_ref()?.release?.line());
    (told != named).then(|| {
        line(
            Code::OtherRelease,
            format!("this is GitLab {told}, and the prediction goes by {named}"),
            format!("--gitlab-version {told}"),
        )
    })
}

fn merge_request(observed: &Observed) -> Option<Line> {
    let source = observed.variable("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")?;
    let target = observed.variable("CI_MERGE_REQUEST_PROJECT_ID")?;
    (source != target && observed.variable("CI_PROJECT_ID") == Some(source)).then(|| {
        let project = observed.variable("CI_PROJECT_PATH").unwrap_or("the fork");
        line(
            Code::Fork,
            format!("the merge request comes from a fork, so the job is one of {project}, and entries count for that"),
            "run the pipeline in the target project, if it is meant to reach the cluster",
        )
    })
}

fn trace(observed: &Observed) -> Option<Line> {
    (observed.variable("CI_DEBUG_TRACE") == Some("true")).then(|| {
        line(
            Code::DebugTrace,
            "CI_DEBUG_TRACE is on: the log shows all variables, tokens included",
            "take it away, and renew what was shown",
        )
    })
}

fn mode(observed: &Observed) -> Option<Line> {
    let mode = observed.mode.filter(|mode| mode & 0o077 != 0)?;
    matches!(observed.kubeconfig, Seen::Read(_)).then(|| {
        line(
            Code::KubeconfigMode,
            format!("others may read the file of KUBECONFIG (mode {:o}), and helm warns of it", mode & 0o777),
            "chmod 600 \"$KUBECONFIG\"",
        )
    })
}

fn cache(observed: &Observed) -> Option<Line> {
    match observed.cache {
        Cache::Writable => None,
        Cache::NotWritable => Some(line(
            Code::CacheNotWritable,
            "~/.kube/cache cannot be written, so kubectl and helm ask the cluster for everything each time",
            "make it writable in the image, or set KUBECACHEDIR",
        )),
        Cache::NoHome => {
            Some(line(Code::NoHome, "there is no home folder, and so no ~/.kube/cache", "set HOME, or KUBECACHEDIR"))
        }
    }
}

fn kubectl(observed: &Observed) -> Option<Line> {
    match observed.kubectl.as_deref().map(|version| version.trim_start_matches('v')) {
        None => Some(line(Code::NoKubectl, "kubectl is not there, or does not tell its version", "")),
        // kubernetes/kubernetes#117463.
        Some(version @ ("1.27.0" | "1.27.1")) => Some(line(
            Code::BrokenKubectl,
            format!(
                "kubectl {version} cannot validate by way of an agent: \"the server responded with the status code 426\""
            ),
            "take another kubectl",
        )),
        Some(version) => Some(line(Code::Kubectl, format!("kubectl {version}"), "")),
    }
}

fn helm(observed: &Observed) -> Option<Line> {
    observed.helm.as_deref().map(|version| line(Code::Helm, format!("helm {}", version.trim_start_matches('v')), ""))
}
