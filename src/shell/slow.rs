//! The context that is in force, looked for backwards from each command: slow, plain, and what the one pass is held against.

use super::Script;
use super::action::{Action, ActionKind, Arm, Section};
use super::state::{InForce, Why};

/// How what happened on one path bears on another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bearing {
    /// It has happened.
    Surely,
    /// It may have happened.
    Perhaps,
    /// It has not: the other arm of a branch.
    Never,
}

fn bearing(earlier: &[Arm], later: &[Arm]) -> Bearing {
    for (index, arm) in earlier.iter().enumerate() {
        match later.get(index) {
            Some(other) if other == arm => {}
            Some(other) if other.fork == arm.fork => return Bearing::Never,
            _ => return Bearing::Perhaps,
        }
    }
    Bearing::Surely
}

impl Script {
    /// Whether a kubeconfig of another origin may be in use before an action: its contexts are then no agents'.
    pub(super) fn slow_own_kubeconfig_before(&self, index: usize) -> bool {
        let Some(action) = self.actions.get(index) else { return false };
        self.before(index, action).any(|(_, earlier, _)| match &earlier.kind {
            ActionKind::OwnKubeconfig { is_home, .. } => !is_home,
            // In the same shell, the calls themselves know the value unless it hangs on a condition.
            ActionKind::Export { name, .. } => {
                name == "KUBECONFIG" && slow_shell(self, earlier) == slow_shell(self, action) && !earlier.certain
            }
            _ => false,
        })
    }

    /// Whether `~/.kube/config` may have been written before an action.
    pub(super) fn slow_home_before(&self, index: usize) -> bool {
        let Some(action) = self.actions.get(index) else { return false };
        let is_home = |kind: &ActionKind| matches!(kind, ActionKind::OwnKubeconfig { is_home: true, .. });
        self.before(index, action).any(|(_, earlier, _)| is_home(&earlier.kind))
    }

    /// The actions that have happened or may have, the last one first.
    fn before<'s>(&'s self, index: usize, action: &'s Action) -> impl Iterator<Item = (usize, &'s Action, Bearing)> {
        self.actions.iter().enumerate().take(index).rev().filter_map(move |(at, earlier)| {
            let bearing = bearing(&earlier.path, &action.path);
            (bearing != Bearing::Never).then_some((at, earlier, bearing))
        })
    }

    pub(super) fn slow_selected_before(&self, index: usize) -> InForce {
        let Some(action) = self.actions.get(index) else { return InForce::Nothing };
        let mut nothing = self.nothing_before(action);
        for (at, earlier, bearing) in self.before(index, action) {
            // A file variable is written anew for each shell (gitlab-runner's shells/abstract.go, `writeExports` in
            // `writeAfterScript`, and shells/bash.go, `Variable`).
            let is_forgotten = slow_shell(self, earlier) != slow_shell(self, action);
            match &earlier.kind {
                ActionKind::UseContext { kubeconfig: Some(_), .. } => {
                    return InForce::Unknown(Why::OwnKubeconfig);
                }
                ActionKind::UseContext { .. } if is_forgotten => {
                    return if nothing == InForce::Nothing { InForce::Forgotten { selection: at } } else { nothing };
                }
                ActionKind::UseContext { context, .. } if bearing == Bearing::Surely => {
                    return InForce::Selected { context: context.clone(), selection: Some(at) };
                }
                ActionKind::UseContext { .. } => return InForce::Unknown(Why::Conditional),
                ActionKind::ChangeContexts { .. } if !is_forgotten => return InForce::Unknown(Why::Changed),
                ActionKind::Opaque { .. } => nothing = InForce::Unknown(Why::Opaque),
                _ => {}
            }
        }
        nothing
    }

    /// What to say where nothing selects a context before an action.
    fn nothing_before(&self, action: &Action) -> InForce {
        let hides = |item: &usize| *item <= action.item;
        match self.not_understood.iter().any(hides) {
            true => InForce::Unknown(Why::NotUnderstood),
            false => InForce::Nothing,
        }
    }
}

fn slow_shell(script: &Script, action: &Action) -> bool {
    script.sections.get(action.item) == Some(&Section::AfterScript)
}
