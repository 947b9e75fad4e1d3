//! What has happened before each action, worked out in one pass.

use std::collections::BTreeMap;

use super::action::{Action, ActionKind, Arm, Section};
use crate::gitlab::PartialText;

/// What decides about the context at one place of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FlowState {
    /// The last thing in the same shell that selects a context or spoils it.
    pub decision: Option<Decision>,
    /// The last action, in whichever shell, that selects one.
    pub selection: Option<Use>,
    /// Whether something ran since that selection that is not seen from here.
    pub is_opaque: bool,
    /// Whether a kubeconfig of another origin may be in use.
    pub own_kubeconfig: bool,
    /// What has written `~/.kube/config` last.
    pub home: Option<HomeKubeconfig>,
    /// Whether something ran in the same shell that is not seen from here and may have unset `KUBECONFIG`.
    pub may_be_unset: bool,
    /// Whether `KUBECONFIG` may have been set in the same shell, on a condition.
    pub exported: bool,
}

/// What decides about the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The action of this number selects a context, in every run that gets here.
    Selected(usize),
    /// A context is selected on a condition.
    Conditional,
    /// A context of another kubeconfig is selected.
    OwnKubeconfig,
    /// Contexts are renamed, deleted or unset.
    Changed,
}

/// An action that writes `~/.kube/config`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HomeKubeconfig {
    /// Its number.
    pub at: usize,
    /// Whether it happens in every run that gets to the place at hand.
    pub is_certain: bool,
}

/// An action that selects a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Use {
    /// Its number.
    pub at: usize,
    /// Whether it does so in a kubeconfig that is not the job's own.
    pub is_elsewhere: bool,
}

impl FlowState {
    /// This and then that.
    fn then(&self, later: &Self) -> Self {
        Self {
            decision: later.decision.or(self.decision),
            selection: later.selection.or(self.selection),
            is_opaque: later.is_opaque || (self.is_opaque && later.selection.is_none()),
            own_kubeconfig: self.own_kubeconfig || later.own_kubeconfig,
            home: later.home.or(self.home),
            may_be_unset: self.may_be_unset || later.may_be_unset,
            exported: self.exported || later.exported,
        }
    }

    /// The same where it may not have happened.
    fn perhaps(mut self) -> Self {
        if let Some(Decision::Selected(_)) = self.decision {
            self.decision = Some(Decision::Conditional);
        }
        if let Some(home) = &mut self.home {
            home.is_certain = false;
        }
        self
    }

    /// What one action does.
    fn of(at: usize, action: &Action) -> Option<Self> {
        let nothing = Self::default();
        Some(match &action.kind {
            ActionKind::UseContext { kubeconfig, .. } => {
                let is_elsewhere = kubeconfig.is_some();
                let decision = if is_elsewhere { Decision::OwnKubeconfig } else { Decision::Selected(at) };
                Self { decision: Some(decision), selection: Some(Use { at, is_elsewhere }), ..nothing }
            }
            ActionKind::ChangeContexts { .. } => Self { decision: Some(Decision::Changed), ..nothing },
            ActionKind::Opaque { program } => {
                let may_be_unset = matches!(&**program, "source" | "." | "eval");
                Self { is_opaque: true, may_be_unset, ..nothing }
            }
            ActionKind::OwnKubeconfig { is_home: true, .. } => {
                Self { home: Some(HomeKubeconfig { at, is_certain: true }), ..nothing }
            }
            ActionKind::OwnKubeconfig { .. } => Self { own_kubeconfig: true, ..nothing },
            // In the same shell, the calls themselves know the value unless it hangs on a condition.
            ActionKind::Export { name, .. } if name == "KUBECONFIG" && !action.certain => {
                Self { exported: true, ..nothing }
            }
            _ => return None,
        })
    }

    /// What is left of it for another shell.
    fn for_another_shell(self) -> Self {
        Self { decision: None, exported: false, may_be_unset: false, ..self }
    }
}

/// A branch that the pass is in.
struct Branch {
    arm: Arm,
    /// What has happened up to the place where the script branches.
    before: FlowState,
    /// What happens in the arms that are behind.
    others: FlowState,
    /// What has happened in this arm.
    inside: FlowState,
}

/// The pass through the actions of a script.
#[derive(Default)]
struct Pass {
    top: FlowState,
    branches: Vec<Branch>,
}

impl Pass {
    fn now(&self) -> FlowState {
        match self.branches.last() {
            Some(branch) => branch.before.then(&branch.inside),
            None => self.top.clone(),
        }
    }

    fn add(&mut self, happened: &FlowState) {
        let here = self.branches.last_mut().map_or(&mut self.top, |branch| &mut branch.inside);
        *here = here.then(happened);
    }

    /// Leaves the innermost branch: one of its arms may have run.
    fn leave(&mut self) {
        if let Some(branch) = self.branches.pop() {
            self.add(&branch.others.then(&branch.inside).perhaps());
        }
    }

    /// Goes to where an action is.
    fn go(&mut self, path: &[Arm]) {
        let shared = self.branches.iter().zip(path).take_while(|(branch, arm)| branch.arm == **arm).count();
        while self.branches.len() > shared + 1 {
            self.leave();
        }
        let mut rest = path.get(shared..).unwrap_or_default();
        match (self.branches.get_mut(shared), rest) {
            // The next arm starts from where the script branches.
            (Some(branch), [arm, deeper @ ..]) if branch.arm.fork == arm.fork => {
                branch.others = branch.others.then(&std::mem::take(&mut branch.inside));
                branch.arm = *arm;
                rest = deeper;
            }
            (Some(_), _) => self.leave(),
            (None, _) => {}
        }
        for arm in rest {
            let before = self.now();
            self.branches.push(Branch {
                arm: *arm,
                before,
                others: FlowState::default(),
                inside: FlowState::default(),
            });
        }
    }
}

/// What has happened before each action.
pub(super) fn standings(actions: &[Action], sections: &[Section]) -> Vec<FlowState> {
    let mut pass = Pass::default();
    let mut in_after = false;
    let mut standings = Vec::with_capacity(actions.len());
    for (at, action) in actions.iter().enumerate() {
        let is_after = sections.get(action.item) == Some(&Section::AfterScript);
        if is_after != in_after {
            pass.go(&[]);
            pass.top = std::mem::take(&mut pass.top).for_another_shell();
            in_after = is_after;
        }
        pass.go(&action.path);
        standings.push(pass.now());
        if let Some(happened) = FlowState::of(at, action) {
            pass.add(&happened);
        }
    }
    standings
}

/// The last action that makes each context, user and cluster, by shell and name.
#[derive(Clone, Debug, Default)]
pub(super) struct Made {
    contexts: BTreeMap<(bool, PartialText), usize>,
    credentials: BTreeMap<(bool, PartialText), usize>,
    clusters: BTreeMap<(bool, PartialText), usize>,
    /// Contexts that are put together from a user or a cluster, or get their name, in whichever shell.
    whole: Vec<PartialText>,
}

impl Made {
    pub fn of(actions: &[Action], sections: &[Section]) -> Self {
        let mut made = Self::default();
        for (at, action) in actions.iter().enumerate() {
            let is_after = sections.get(action.item) == Some(&Section::AfterScript);
            match &action.kind {
                ActionKind::SetContext { name: Some(name), user, cluster, .. } => {
                    made.contexts.insert((is_after, name.text.clone()), at);
                    if user.is_some() || cluster.is_some() {
                        made.whole.push(name.text.clone());
                    }
                }
                ActionKind::ChangeContexts { new_name: Some(name) } => made.whole.push(name.text.clone()),
                ActionKind::SetCredentials { name, .. } => {
                    made.credentials.insert((is_after, name.text.clone()), at);
                }
                ActionKind::SetCluster { name, .. } => drop(made.clusters.insert((is_after, name.text.clone()), at)),
                _ => {}
            }
        }
        made.whole.sort();
        made.whole.dedup();
        made
    }

    pub fn context(&self, is_after: bool, name: &PartialText) -> Option<usize> {
        self.contexts.get(&(is_after, name.clone())).copied()
    }

    pub fn credentials(&self, is_after: bool, name: &PartialText) -> Option<usize> {
        self.credentials.get(&(is_after, name.clone())).copied()
    }

    pub fn cluster(&self, is_after: bool, name: &PartialText) -> Option<usize> {
        self.clusters.get(&(is_after, name.clone())).copied()
    }

    pub fn is_whole(&self, name: &PartialText) -> bool {
        self.whole.binary_search(name).is_ok()
    }
}
