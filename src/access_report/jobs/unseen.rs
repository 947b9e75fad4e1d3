//! Whether a job that is told of no context runs a program that talks to clusters all the same, or names one where that was not understood.

use crate::access::jobs::{JobCase, JobView};
use crate::shell::{Action, ActionKind, Contact, Script};

/// The programs, as words of a text.
const PROGRAMS: [&str; 4] = ["kubectl", "helm", "helmfile", "oc"];

/// Commands that are about the program as a file, a package or a text.
const QUIET: [&str; 34] = [
    "#", "echo", "printf", "apk", "apt", "apt-get", "yum", "dnf", "microdnf", "brew", "choco", "pip", "pip3", "curl",
    "wget", "mv", "cp", "rm", "ln", "ls", "cat", "tar", "unzip", "chmod", "chown", "install", "mkdir", "which",
    "command", "type", "hash", "git", "sed", "grep",
];

/// Whether a command talks to a cluster, or a text of the job's names such a program where no command was understood.
pub(super) fn names_client(job: &JobView<'_>) -> bool {
    job.cases.iter().take(MOST_CASES).any(|case| {
        let contacts = |action: &Action| matches!(&action.kind, ActionKind::Cluster(command) if command.contacts_cluster == Contact::Yes);
        if case.script.actions.iter().any(contacts) {
            return true;
        }
        let items = job
            .job
            .script
            .iter()
            .enumerate()
            .any(|(item, line)| is_named(line.text.as_str(), |at| is_understood(&case.script, (item, None), at)));
        items || is_named_in_file(case)
    })
}

/// How many cases of a job are looked at: they have the same texts.
const MOST_CASES: usize = 4;

/// How many calls of a program are looked up in one text: a text of which the first were understood is one that is.
const MOST_CALLS: usize = 50;

fn is_named_in_file(case: &JobCase) -> bool {
    let mut files = case.script.files.iter().enumerate();
    files.any(|(number, file)| is_named(file.source.text(), |at| is_understood(&case.script, (0, Some(number)), at)))
}

/// Whether a command that was understood stands at a place.
fn is_understood(script: &Script, (item, file): (usize, Option<usize>), at: usize) -> bool {
    let mut understood = script.actions.iter().filter(|action| !matches!(action.kind, ActionKind::Opaque { .. }));
    understood
        .any(|action| action.file == file && (file.is_some() || action.item == item) && action.command.contains(&at))
}

fn is_named(text: &str, is_understood: impl Fn(usize) -> bool) -> bool {
    PROGRAMS.iter().any(|program| {
        let calls = text.match_indices(program).map(|(at, _)| at).filter(|at| is_call(text, *at, program.len()));
        calls.take(MOST_CALLS).any(|at| !is_understood(at))
    })
}

/// Whether a word that is named stands like a command with arguments, and not as a part of a name, a package or a sentence.
fn is_call(text: &str, at: usize, length: usize) -> bool {
    let (before, behind) = (text.get(..at).unwrap_or_default(), text.get(at + length..).unwrap_or_default());
    let starts = before.chars().next_back().is_none_or(|last| last.is_whitespace() || "\"'`(|;&/{=".contains(last));
    // `${KUBECTL:-kubectl} get`, `$(which kubectl) get`
    let is_put_in = behind.starts_with(['}', ')']);
    let behind = if is_put_in { behind.get(1..).unwrap_or_default() } else { behind };
    let starts_argument = |next: char| next.is_ascii_alphabetic() || "-$\"'".contains(next);
    let has_arguments = behind.starts_with(' ') && behind.trim_start().starts_with(starts_argument);
    let starts = starts || is_put_in && before.ends_with('-');
    if !(starts && has_arguments) {
        return false;
    }
    if is_put_in {
        return true;
    }
    let command = before.rsplit(['\n', ';', '|', '&', '`', '(']).next().unwrap_or_default().trim_start();
    let first = command.split_whitespace().next().unwrap_or_default();
    !(command.starts_with('#') || QUIET.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_from_names() {
        let calls = [
            "kubectl get pods",
            "x; kubectl -n a get b",
            "trap 'kubectl delete ns x' EXIT",
            "${K:-kubectl} x",
            "$(which helm) list",
            "a=(helm upgrade b)",
        ];
        for text in calls {
            assert!(is_named(text, |_| false), "{text}");
        }
        let names = [
            "apk add kubectl helm",
            "curl -LO x/kubectl && mv kubectl /bin",
            "echo kubectl get",
            "image: bitnami/kubectl",
            "# kubectl get",
            "kubectl",
            "docker build -t my-kubectl .",
        ];
        for text in names {
            assert!(!is_named(text, |_| false), "{text}");
        }
        assert!(!is_named("kubectl get pods", |_| true));
    }
}
