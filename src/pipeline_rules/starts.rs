//! What starts a child pipeline, so that its jobs run only where that does.
//!
//! A child runs on its parent's ref and commit, and for its merge request; `CI_PIPELINE_SOURCE` is `parent_pipeline` there.
//!
//! Sources: `app/services/ci/create_downstream_pipeline_service.rb`, `doc/ci/pipelines/downstream_pipelines.md`.

use std::fmt;

use crate::gitlab::{PartialText, TextPart};

use super::conditions::{JobConditions, Read};
use super::enumerate::Mentioned;
use super::evaluate::Value;
use super::runs::outcome_below;
use super::scenario::Scenario;
use super::truth::Truth;

/// The variables of a job.
pub type Variables<'a> = Box<dyn Fn(&str) -> Value + 'a>;

/// A job that starts a child pipeline.
pub struct Start<'a> {
    /// What decides about it.
    pub conditions: JobConditions<'a>,
    /// Its variables.
    pub variables: Variables<'a>,
    /// By which items of its `rules` it starts this child; `None` for any.
    pub rules: Option<Vec<Option<usize>>>,
    /// Whether it hands down what creates its pipeline, as with `FROM: $CI_PIPELINE_SOURCE`.
    pub forwards_source: bool,
    /// What starts the pipeline that it is in, if that is a child itself.
    pub above: Option<&'a Starts<'a>>,
}

/// What starts a child pipeline: any of some jobs.
pub struct Starts<'a> {
    starts: Vec<(Start<'a>, Read<'a>)>,
    /// Whether others may start it as well.
    has_more: bool,
}

impl fmt::Debug for Starts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conditions: Vec<_> = self.starts.iter().map(|(start, _)| &start.conditions).collect();
        f.debug_struct("Starts").field("conditions", &conditions).field("has_more", &self.has_more).finish()
    }
}

impl<'a> Starts<'a> {
    /// Jobs any of which starts the child; `has_more` if others may as well, of which nothing is told.
    #[must_use]
    pub fn new(starts: Vec<Start<'a>>, has_more: bool) -> Self {
        let read = |start: Start<'a>| {
            let read = Read::new(&start.conditions);
            (start, read)
        };
        Self { starts: starts.into_iter().map(read).collect(), has_more }
    }

    /// Whether a pipeline of this kind starts the child.
    pub(super) fn start_a_child(&self, scenario: &Scenario) -> Truth {
        let others = if self.has_more { Truth::Maybe } else { Truth::No };
        self.starts.iter().fold(others, |truth, (start, read)| {
            if truth == Truth::Yes { truth } else { truth.or(start.starts_a_child(read, scenario)) }
        })
    }

    /// Adds the names of refs that the conditions mention.
    pub(super) fn mention(&self, mentioned: &mut Mentioned) {
        for (start, read) in &self.starts {
            let Mentioned { branches, tags, either, of_merge_requests } = read.mentioned();
            mentioned.branches.extend(branches);
            mentioned.tags.extend(tags);
            mentioned.either.extend(either);
            mentioned.of_merge_requests.extend(of_merge_requests);
            start.above.into_iter().for_each(|above| above.mention(mentioned));
        }
    }

    /// Whether any condition can tell protected refs from others.
    pub(super) fn hangs_on_protection(&self) -> bool {
        self.starts
            .iter()
            .any(|(start, read)| read.hangs_on_protection() || start.above.is_some_and(Starts::hangs_on_protection))
    }

    /// Whether it matters what creates the pipeline at the top.
    pub(super) fn hangs_on_source(&self) -> bool {
        self.starts.iter().any(|(start, read)| {
            // In a child the source is always the same.
            start.forwards_source || start.above.map_or_else(|| read.hangs_on_source(), Starts::hangs_on_source)
        })
    }
}

impl Start<'_> {
    fn starts_a_child(&self, read: &Read<'_>, scenario: &Scenario) -> Truth {
        let outcome = outcome_below(read, self.above, scenario, &*self.variables);
        let Some(rules) = &self.rules else { return outcome.in_pipeline };
        let mut entries = outcome.entries.iter();
        if outcome.entries.iter().all(|entry| rules.contains(&entry.rule)) {
            return outcome.in_pipeline;
        }
        // Where another rule may be the one, it is open.
        if entries.any(|entry| rules.contains(&entry.rule)) { Truth::Maybe } else { Truth::No }
    }
}

impl Scenario {
    /// A value that was put together from variables of the pipeline, with those that this kind of pipeline knows put in.
    pub(super) fn known_in(&self, value: Value) -> Value {
        let Value::Text(text) = &value else { return value };
        if text.as_known().is_some() {
            return value;
        }
        if let [TextPart::Unknown { name, .. }] = text.parts()
            && let Some(known @ Value::Other(..)) = self.variable(name)
        {
            return known;
        }
        Value::Text(self.put_into(text))
    }

    /// A text with what this kind of pipeline says of the variables in it.
    #[must_use]
    pub fn put_into(&self, text: &PartialText) -> PartialText {
        let mut refined = PartialText::default();
        for part in text.parts() {
            match part {
                TextPart::Known(known) => refined.push_known(known),
                TextPart::Unknown { name, shape } => match self.variable(name) {
                    Some(Value::Text(value)) => refined.push(&value),
                    Some(Value::Unset) if !is_persisted(name) => {}
                    _ => refined.push(&PartialText::unknown(name, *shape)),
                },
            }
        }
        refined
    }
}

/// Whether a variable that is not set while a pipeline is made is set when its jobs start others.
fn is_persisted(name: &str) -> bool {
    name.starts_with("CI_JOB_") || matches!(name, "CI_PIPELINE_ID" | "CI_PIPELINE_URL")
}
