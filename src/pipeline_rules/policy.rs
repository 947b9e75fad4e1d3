//! `only` and `except`.
//!
//! Sources: `lib/gitlab/ci/build/policy/*.rb`, `lib/gitlab/ci/config/entry/policy.rb`,
//! `doc/ci/yaml/deprecated_keywords.md`.

use super::evaluate::Value;
use super::expression::{Expression, ExpressionError};
use super::regexp::Regexp;
use super::runs::changes;
use super::scenario::{PipelineKind, Scenario};
use super::source::{PipelineSource, Sources};
use super::truth::Truth;

/// `only` or `except` of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OnlyInput {
    /// `refs`, or the list itself.
    pub refs: Vec<String>,
    /// `variables`
    pub variables: Vec<String>,
    /// `kubernetes: active`
    pub kubernetes: bool,
    /// Whether there is `changes`.
    pub changes: bool,
}

/// An item of `refs`.
struct RefPattern<'a> {
    kind: PatternKind<'a>,
    /// Whether the path of a project follows an `@`. Whether it is this project's is not known here.
    has_path: bool,
}

enum PatternKind<'a> {
    Branches,
    Tags,
    Sources(Sources),
    Name(&'a str),
    Regexp(Regexp),
}

/// `only` or `except`, read.
pub(super) struct Policy<'a> {
    refs: Vec<RefPattern<'a>>,
    pub(super) variables: Vec<Result<Expression, ExpressionError>>,
    kubernetes: bool,
    changes: bool,
}

impl<'a> Policy<'a> {
    /// `only`. Without `refs` it is about branches and tags, whatever else it has.
    ///
    /// Source: `DEFAULT_ONLY` in `lib/gitlab/ci/config/entry/policy.rb`.
    pub(super) fn only(input: Option<&'a OnlyInput>) -> Self {
        let mut policy = Self::except(input);
        if policy.refs.is_empty() {
            policy.refs = ["branches", "tags"].map(RefPattern::new).into();
        }
        policy
    }

    /// `except`.
    pub(super) fn except(input: Option<&'a OnlyInput>) -> Self {
        let read = |input: &'a OnlyInput| Self {
            refs: input.refs.iter().map(|pattern| RefPattern::new(pattern)).collect(),
            variables: input.variables.iter().map(|variable| Expression::parse(variable)).collect(),
            kubernetes: input.kubernetes,
            changes: input.changes,
        };
        input.map_or(Self { refs: vec![], variables: vec![], kubernetes: false, changes: false }, read)
    }

    /// Whether all parts hold: a job is added only then.
    pub(super) fn all_hold(&self, scenario: &Scenario, variables: &dyn Fn(&str) -> Value) -> Truth {
        self.parts(scenario, variables).into_iter().fold(Truth::Yes, Truth::and)
    }

    /// Whether any part holds: a job is left out then.
    pub(super) fn any_holds(&self, scenario: &Scenario, variables: &dyn Fn(&str) -> Value) -> Truth {
        self.parts(scenario, variables).into_iter().fold(Truth::No, Truth::or)
    }

    fn parts(&self, scenario: &Scenario, variables: &dyn Fn(&str) -> Value) -> Vec<Truth> {
        let any = |truths: &mut dyn Iterator<Item = Truth>| truths.fold(Truth::No, Truth::or);
        let mut parts = Vec::new();
        if !self.refs.is_empty() {
            parts.push(any(&mut self.refs.iter().map(|pattern| pattern.matches(scenario))));
        }
        if !self.variables.is_empty() {
            let holds = |expression: &Result<Expression, _>| {
                expression.as_ref().map_or(Truth::Maybe, |expression| expression.evaluate(variables))
            };
            parts.push(any(&mut self.variables.iter().map(holds)));
        }
        if self.kubernetes {
            parts.push(Truth::Maybe);
        }
        if self.changes {
            parts.push(changes(scenario));
        }
        parts
    }

    /// Whether it tells pipelines apart by what creates them.
    pub(super) fn hangs_on_source(&self) -> bool {
        self.changes || self.refs.iter().any(|pattern| matches!(pattern.kind, PatternKind::Sources(_)))
    }

    /// The names of branches or tags in it.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for pattern in &self.refs {
            match &pattern.kind {
                PatternKind::Name(name) => names.push((*name).to_owned()),
                PatternKind::Regexp(regexp) => names.extend(regexp.names().iter().map(ToString::to_string)),
                PatternKind::Branches | PatternKind::Tags | PatternKind::Sources(_) => {}
            }
        }
        names
    }
}

impl<'a> RefPattern<'a> {
    fn new(pattern: &'a str) -> Self {
        let (pattern, has_path) = pattern.split_once('@').map_or((pattern, false), |(pattern, _)| (pattern, true));
        let sources: Sources = PipelineSource::ALL.into_iter().filter(|source| source.is_meant_by(pattern)).collect();
        // That a branch has the name of a keyword is not looked at.
        let kind = match pattern {
            "branches" => PatternKind::Branches,
            "tags" => PatternKind::Tags,
            _ if !sources.is_empty() || matches!(pattern, "external" | "externals") => PatternKind::Sources(sources),
            _ => Regexp::of_text(pattern).map_or(PatternKind::Name(pattern), PatternKind::Regexp),
        };
        Self { kind, has_path }
    }

    /// Whether it matches the pipeline. Names and regular expressions are of branches and tags only.
    fn matches(&self, scenario: &Scenario) -> Truth {
        let name = scenario.ref_name();
        let matches = match &self.kind {
            PatternKind::Branches => matches!(scenario.kind, PipelineKind::Branch(_)).into(),
            PatternKind::Tags => matches!(scenario.kind, PipelineKind::Tag(_)).into(),
            PatternKind::Sources(sources) if scenario.sources.without(*sources).is_empty() => Truth::Yes,
            PatternKind::Sources(sources) if scenario.sources.without(*sources) == scenario.sources => Truth::No,
            PatternKind::Sources(_) => Truth::Maybe,
            PatternKind::Name(_) | PatternKind::Regexp(_) if name == Value::Unset => Truth::No,
            PatternKind::Regexp(regexp) => name.matches(regexp),
            PatternKind::Name(text) => name.equals(text),
        };
        if self.has_path { matches.and(Truth::Maybe) } else { matches }
    }
}
