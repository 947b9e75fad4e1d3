//! Which variables a job names.

use std::collections::{HashMap, HashSet};

use super::model::{Job, Rule, Variable};
use super::text::Text;
use super::value::Work;

/// Whether a job names a variable whose value hangs on a file that may be kept out; of tools the variables that choose a context count as named.
///
/// Costs in proportion to the job's texts, each of its variables read once. Jobs may share a text of any length: where there is no work left to
/// read it, it may name one.
pub(super) fn names_one_in_doubt(job: &Job, work: &Work) -> bool {
    if job.variables.iter().all(|variable| !variable.in_doubt) {
        return false;
    }
    let by_name: HashMap<&str, &Variable> = job.variables.iter().map(|variable| (&*variable.name, variable)).collect();
    let is_of_tools = |variable: &Variable| variable.in_doubt && variable.name.contains("KUBE");
    if job.variables.iter().any(is_of_tools) {
        return true;
    }
    let mut read: HashSet<&str> = HashSet::new();
    let mut open: Vec<&str> = texts(job);
    while let Some(text) = open.pop() {
        if !work.spend(1 + text.len() / 64) {
            return true;
        }
        for variable in names(text).filter(|name| read.insert(name)).filter_map(|name| by_name.get(name)) {
            if variable.in_doubt {
                return true;
            }
            open.push(&variable.value);
        }
    }
    false
}

/// The texts of a job that decide which cluster it reaches.
fn texts(job: &Job) -> Vec<&str> {
    let environment = job.environment.iter().flat_map(|environment| {
        let kubernetes =
            environment.kubernetes.iter().flat_map(|kubernetes| [&kubernetes.agent, &kubernetes.namespace]);
        let of_kubernetes = kubernetes.flatten();
        std::iter::once(&environment.name).chain(&environment.deployment_tier).chain(of_kubernetes).map(Text::as_str)
    });
    let of_rules = job.rules.iter().flatten().flat_map(|rule: &Rule| {
        let values = rule.variables.iter().map(|variable| &*variable.value);
        values.chain(rule.condition.as_deref())
    });
    let policies = job.only.iter().chain(&job.except).flat_map(|policy| &policy.variables).map(|text| &**text);
    let matrix = job.matrix.variables().map(|variable| &*variable.value);
    let script = job.script.iter().map(|line| line.text.as_str());
    environment.chain(of_rules).chain(policies).chain(matrix).chain(script).chain(job.image.as_deref()).collect()
}

/// The names behind `$`, `${` and `%` in a text.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(['$', '%']).skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let end = rest.find(|other: char| !other.is_ascii_alphanumeric() && other != '_').unwrap_or(rest.len());
        rest.get(..end).filter(|name| !name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_behind_marks() {
        let found: Vec<&str> = names("a $B ${C:-x}/%D% $$E $ 100% ${{ $1").collect();
        assert_eq!(found, ["B", "C", "D", "E", "1"]);
    }
}
