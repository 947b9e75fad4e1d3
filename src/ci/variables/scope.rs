//! The variables that a job sees, in layers.

use std::sync::Arc;

use smallvec::SmallVec;

use super::expand::{Expansion, Whose};
use super::predefined;
use crate::ci::keywords::merge_variables;
use crate::ci::matrix::name_of;
use crate::ci::model::{Environment, Job, Rule, Variable};
use crate::ci::{ProjectFacts, Text};
use crate::gitlab::{PartialText, Shape, environment_slug};

#[derive(Clone, Debug)]
pub(super) enum Binding {
    Written {
        value: Arc<str>,
        expand: bool,
    },
    /// What a job hands down to the pipeline that it starts: the value is put together from what that job sees.
    Forwarded {
        value: Arc<str>,
        expand: bool,
        within: Arc<Scope>,
    },
    Known(PartialText),
    Unset,
}

impl Binding {
    fn in_doubt(variable: &Variable) -> Self {
        Self::Known(PartialText::unknown(&variable.name, Shape::Any))
    }
}

/// The name of a variable; those that GitLab gives a job are there anyway.
#[derive(Clone, Debug)]
pub enum VariableName {
    /// Of GitLab's own.
    Predefined(&'static str),
    /// Of a file's.
    Written(Arc<str>),
}

impl VariableName {
    fn as_str(&self) -> &str {
        match self {
            Self::Predefined(name) => name,
            Self::Written(name) => name,
        }
    }
}

impl From<&'static str> for VariableName {
    fn from(name: &'static str) -> Self {
        Self::Predefined(name)
    }
}

impl From<Arc<str>> for VariableName {
    fn from(name: Arc<str>) -> Self {
        Self::Written(name)
    }
}

impl From<String> for VariableName {
    fn from(name: String) -> Self {
        Self::Written(name.into())
    }
}

/// Variables in the order of their names, each once. A job has several layers, each of a few.
#[derive(Debug)]
struct Layer(SmallVec<[(VariableName, Binding); 4]>);

impl Layer {
    fn get(&self, name: &str) -> Option<&Binding> {
        let at = self.0.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        self.0.get(at).map(|(_, binding)| binding)
    }
}

impl FromIterator<(VariableName, Binding)> for Layer {
    /// Of variables with the same name the last counts.
    fn from_iter<I: IntoIterator<Item = (VariableName, Binding)>>(variables: I) -> Self {
        let mut layer: SmallVec<[(VariableName, Binding); 4]> = variables.into_iter().collect();
        layer.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        layer.dedup_by(|later, kept| {
            let is_same = later.0.as_str() == kept.0.as_str();
            if is_same {
                std::mem::swap(later, kept);
            }
            is_same
        });
        Self(layer)
    }
}

/// Variables with their values, as far as they are known. A layer goes before those below it. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    layers: SmallVec<[Arc<Layer>; 8]>,
}

impl Scope {
    /// The predefined variables that follow from what is known of the project.
    #[must_use]
    pub fn predefined(facts: &ProjectFacts) -> Self {
        Self::default().with_values(predefined::values(facts))
    }

    fn with(&self, layer: Layer) -> Self {
        let mut scope = self.clone();
        if !layer.0.is_empty() {
            scope.layers.push(Arc::new(layer));
        }
        scope
    }

    /// This scope with variables of the file on top.
    #[must_use]
    pub fn with_variables(&self, variables: &[Variable]) -> Self {
        let bind = |variable: &Variable| {
            let binding = match variable.in_doubt {
                true => Binding::in_doubt(variable),
                false => Binding::Written { value: Arc::clone(&variable.value), expand: variable.expand },
            };
            (VariableName::Written(Arc::clone(&variable.name)), binding)
        };
        self.with(variables.iter().map(bind).collect())
    }

    /// This scope with what a job hands down to the pipeline that it starts; their values come from what that job sees.
    ///
    /// Source: `lib/gitlab/ci/variables/downstream/generator.rb`.
    #[must_use]
    pub fn with_forwarded(&self, within: &Self, variables: &[Variable]) -> Self {
        let within = Arc::new(within.clone());
        let bind = |variable: &Variable| {
            let (value, expand) = (Arc::clone(&variable.value), variable.expand);
            let binding = match variable.in_doubt {
                true => Binding::in_doubt(variable),
                false => Binding::Forwarded { value, expand, within: Arc::clone(&within) },
            };
            (VariableName::Written(Arc::clone(&variable.name)), binding)
        };
        self.with(variables.iter().map(bind).collect())
    }

    /// This scope with all that another says on top.
    #[must_use]
    pub fn below(&self, above: &Self) -> Self {
        let mut scope = self.clone();
        scope.layers.extend(above.layers.iter().cloned());
        scope
    }

    /// This scope with values on top that need no expansion.
    #[must_use]
    pub fn with_values<N: Into<VariableName>>(&self, values: impl IntoIterator<Item = (N, PartialText)>) -> Self {
        self.with(values.into_iter().map(|(name, value)| (name.into(), Binding::Known(value))).collect())
    }

    /// This scope with variables on top that are known not to be set, as `CI_COMMIT_TAG` in a branch's pipeline.
    #[must_use]
    pub fn without(&self, names: &[&'static str]) -> Self {
        self.with(names.iter().map(|&name| (name.into(), Binding::Unset)).collect())
    }

    /// This scope with what an environment adds for the job's script: `CI_ENVIRONMENT_NAME` and its like.
    ///
    /// Source: `predefined_variables` in `lib/gitlab/ci/variables/builder.rb`.
    #[must_use]
    pub fn in_environment(&self, environment: &Environment) -> Self {
        let name = self.environment_name(environment);
        let slug = match name.as_known() {
            Some(name) => PartialText::known(&environment_slug(name)),
            None => PartialText::unknown("CI_ENVIRONMENT_SLUG", Shape::Slug),
        };
        let mut values = vec![("CI_ENVIRONMENT_NAME", name), ("CI_ENVIRONMENT_SLUG", slug)];
        values.push(("CI_ENVIRONMENT_ACTION", PartialText::known(environment.action.as_deref().unwrap_or("start"))));
        if let Some(tier) = environment.deployment_tier.as_ref().filter(|_| !environment.in_doubt) {
            values.push(("CI_ENVIRONMENT_TIER", self.expand_environment(tier)));
        }
        self.with_values(values)
    }

    pub(super) fn binding(&self, name: &str) -> Option<&Binding> {
        self.layers.iter().rev().find_map(|layer| layer.get(name))
    }

    /// How many variables its layers have together.
    #[must_use]
    pub fn size(&self) -> usize {
        self.layers.iter().map(|layer| layer.0.len()).sum()
    }

    /// The names of those; some more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().flat_map(|layer| layer.0.iter().map(|(name, _)| name.as_str()))
    }

    /// Whether the file, or whoever made this scope, says something of the variable.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.binding(name).is_some()
    }

    /// The value of a variable, other variables in it expanded.
    #[must_use]
    pub fn value(&self, name: &str) -> PartialText {
        Expansion::new(self, false).variable(name)
    }

    /// The value of a variable as a condition sees it; `None` where that is not known. Other variables in it are not expanded there, or are in
    /// releases that are not known.
    ///
    /// Source: `rules:if` in `doc/ci/yaml/_index.md`: nested variables are not supported; gitlab#327780.
    #[must_use]
    pub fn in_condition(&self, name: &str) -> Option<PartialText> {
        let value = self.value(name);
        let is_as_written = match self.binding(name)? {
            Binding::Written { value: written, .. } => value.as_known() == Some(&**written),
            // What was handed down is there as it is.
            Binding::Forwarded { .. } | Binding::Known(_) | Binding::Unset => true,
        };
        is_as_written.then_some(value)
    }

    /// A text with the values of variables put in, as GitLab does it in keywords: `$NAME`, `${NAME}` and `%NAME%`.
    ///
    /// Source: `lib/expand_variables.rb`. Variables in circles, and values that become too long, are not known.
    #[must_use]
    pub fn expand(&self, text: &str) -> PartialText {
        Expansion::new(self, false).text(text, Whose::Keyword)
    }

    /// The name of an environment.
    #[must_use]
    pub fn environment_name(&self, environment: &Environment) -> PartialText {
        match environment.in_doubt {
            true => PartialText::unknown("CI_ENVIRONMENT_NAME", Shape::Any),
            false => self.expand_environment(&environment.name),
        }
    }

    /// The same for a name of an environment, a deployment tier or an agent, which GitLab expands before there is a job:
    /// persisted variables ([`is_persisted`](super::is_persisted)) are empty.
    ///
    /// Source: `doc/ci/variables/where_variables_can_be_used.md`.
    #[must_use]
    pub fn expand_environment(&self, text: &Text) -> PartialText {
        Expansion::new(self, true).text(text, Whose::Keyword)
    }
}

impl Job {
    /// The variables that the job sees, for each combination of its matrix. `base` holds the predefined variables and whatever is known of the
    /// pipeline; `workflow` and `rule` are the rules that apply, if any sets variables.
    ///
    /// Source: `workflow:rules:variables` and `rules:variables` in `doc/ci/yaml/_index.md`, and `seed/build.rb` in
    /// `lib/gitlab/ci/pipeline/`: variables of `workflow:rules` go before the top level's, those of `rules` before the job's.
    #[must_use]
    pub fn scopes(&self, base: &Scope, workflow: Option<&Rule>, rule: Option<&Rule>) -> JobScopes<'_> {
        let written = Scope::default().with_variables(&self.variables);
        let of_workflow = workflow.map(|rule| rule.variables.clone()).unwrap_or_default();
        let of_workflow: Vec<Variable> =
            of_workflow.into_iter().filter(|variable| self.inherit.variables.has(&variable.name)).collect();
        let written = match &of_workflow[..] {
            [] => written,
            of_workflow => written.with_variables(of_workflow).with_variables(&self.own_variables),
        };
        let of_rule = rule.map(|rule| &rule.variables[..]).unwrap_or_default();
        JobScopes { job: self, base: base.clone(), written, above: Scope::default().with_variables(of_rule) }
    }

    /// The variables that are written for the job in a combination of its matrix, if it runs by this rule: those that it hands down to a
    /// pipeline that it starts. Those of `workflow:rules` are not among them.
    #[must_use]
    pub fn variables_in(&self, combination: usize, rule: Option<&Rule>) -> Vec<Variable> {
        let of_matrix = self.matrix.combination(combination).unwrap_or_default();
        let of_rule = rule.map(|rule| &rule.variables[..]).unwrap_or_default();
        merge_variables(merge_variables(self.variables.clone(), &of_matrix), of_rule)
    }
}

/// What a job sees for each combination of its matrix, with what these have in common made once.
#[derive(Clone, Debug)]
pub struct JobScopes<'j> {
    job: &'j Job,
    base: Scope,
    /// The variables of the file, below those of the matrix.
    written: Scope,
    /// What goes before those.
    above: Scope,
}

impl JobScopes<'_> {
    /// How many there are: one for a job without a matrix.
    #[must_use]
    pub fn count(&self) -> usize {
        self.job.matrix.len().max(1)
    }

    /// The same with values that go before all others.
    #[must_use]
    pub fn with_values<N: Into<VariableName>>(self, values: impl IntoIterator<Item = (N, PartialText)>) -> Self {
        Self { above: self.above.with_values(values), ..self }
    }

    /// The same with all that another scope says before all others.
    #[must_use]
    pub fn below(self, above: &Scope) -> Self {
        Self { above: self.above.below(above), ..self }
    }

    /// What the job sees in the combination of this number.
    #[must_use]
    pub fn of(&self, combination: usize) -> Scope {
        let combination = self.job.matrix.combination(combination).unwrap_or_default();
        let name = match &combination[..] {
            [] => Arc::clone(&self.job.name),
            combination => name_of(&self.job.name, combination),
        };
        let stage = self.job.stage.as_deref().unwrap_or("test");
        let mut scope = self.base.with_values(predefined::of_job(&name, stage));
        scope.layers.extend(self.written.layers.iter().cloned());
        scope = scope.with_variables(&combination);
        scope.layers.extend(self.above.layers.iter().cloned());
        scope
    }

    /// What the job sees in each combination.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        (0..self.count()).map(|combination| self.of(combination))
    }
}
