//! What hangs on `include:rules`: what a file gives that may be kept out is certain for the jobs that are there only together with it, and in
//! doubt for all others.

use std::sync::Arc;

use smallvec::SmallVec;

use super::value::{Map, Value, Work};

/// The conditions under which something is there, each by the number of its `rules`, in order; none for what is always there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conditions(SmallVec<[u32; 2]>);

impl Conditions {
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// These and one more; `None` where that is one of them.
    pub fn with(&self, number: u32) -> Option<Self> {
        let at = self.0.binary_search(&number).err()?;
        let mut all = self.clone();
        all.0.insert(at, number);
        Some(all)
    }

    /// Whether all of them hold where the others do.
    pub fn follow_from(&self, others: &Self) -> bool {
        self.0.iter().all(|number| others.0.binary_search(number).is_ok())
    }

    /// Those that hold in either case.
    pub fn common(&self, other: &Self) -> Self {
        Self(self.0.iter().copied().filter(|number| other.0.binary_search(number).is_ok()).collect())
    }
}

/// What an entry of a map hangs on. One without is there as surely as the map that it stands in.
#[derive(Debug)]
pub(super) struct Doubt {
    /// When the value is there, and counts.
    pub conditions: Conditions,
    /// The values that may count in its place.
    pub hidden: Vec<Hidden>,
}

/// A value that others may lie over, with what it hangs on itself.
#[derive(Clone, Debug)]
pub(super) struct Hidden {
    pub value: Value,
    pub doubt: Option<Arc<Doubt>>,
}

impl Doubt {
    pub fn of(conditions: Conditions) -> Option<Arc<Self>> {
        (!conditions.is_none()).then(|| Arc::new(Self { conditions, hidden: Vec::new() }))
    }
}

/// The maps in the values of a list of rules, those that others may lie over among them.
pub(super) fn rules_of<'v>(value: &'v Value, doubt: Option<&'v Arc<Doubt>>, work: &Work) -> Vec<&'v Arc<Map>> {
    let mut found = Vec::new();
    let mut open = vec![value];
    let mut doubts: Vec<&Doubt> = doubt.map(|doubt| &**doubt).into_iter().collect();
    loop {
        match open.pop() {
            Some(_) if !work.spend(1) => return found,
            Some(Value::List(list)) => open.extend(&list.items),
            Some(Value::Map(map)) => found.push(map),
            Some(Value::Scalar(_) | Value::Reference(_)) => {}
            None => {
                let Some(doubt) = doubts.pop() else { return found };
                open.extend(doubt.hidden.iter().map(|hidden| &hidden.value));
                doubts.extend(doubt.hidden.iter().filter_map(|hidden| hidden.doubt.as_deref()));
            }
        }
    }
}
