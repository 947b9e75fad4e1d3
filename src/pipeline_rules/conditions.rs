//! What a configuration says about when a job runs.

use std::fmt;

use super::enumerate::Mentioned;
use super::evaluate::Value;
use super::expression::{Expression, ExpressionError};
use super::policy::{OnlyInput, Policy};
use super::runs::changes;
use super::scenario::Scenario;
use super::truth::Truth;
use super::variables::{MERGE_REQUEST_BRANCHES, hangs_on_protection, hangs_on_source};

/// What decides about a job.
#[derive(Clone, Copy, Debug, Default)]
pub struct JobConditions<'a> {
    /// `workflow:rules`
    pub workflow: Option<&'a [RuleInput]>,
    /// `rules`, those of `!reference` put in place. `only` and `except` do not count beside them.
    pub rules: Option<&'a [RuleInput]>,
    /// `only`
    pub only: Option<&'a OnlyInput>,
    /// `except`
    pub except: Option<&'a OnlyInput>,
    /// `when`
    pub when: Option<&'a str>,
}

/// An item of `rules` or `workflow:rules`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RuleInput {
    /// `if`
    pub condition: Option<String>,
    /// Whether there is `changes`.
    pub has_changes: bool,
    /// Whether `changes` has `compare_to`, so that it is known in every pipeline what has changed.
    pub has_compare_to: bool,
    /// Whether there is `exists`.
    pub has_exists: bool,
    /// `when`
    pub when: Option<String>,
}

/// Where an expression stands; the number counts from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionRoute {
    /// `if` of an item of `workflow:rules`.
    Workflow(usize),
    /// `if` of an item of `rules`.
    Rules(usize),
    /// An item of `only:variables`.
    Only(usize),
    /// An item of `except:variables`.
    Except(usize),
}

impl fmt::Display for ConditionRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workflow(at) => write!(f, "workflow:rules[{at}]:if"),
            Self::Rules(at) => write!(f, "rules[{at}]:if"),
            Self::Only(at) => write!(f, "only:variables[{at}]"),
            Self::Except(at) => write!(f, "except:variables[{at}]"),
        }
    }
}

impl JobConditions<'_> {
    /// The expressions that cannot be read. What hangs on them is a maybe.
    #[must_use]
    pub fn errors(&self) -> Vec<(ConditionRoute, ExpressionError)> {
        let read = Read::new(self);
        let expressions = read.expressions();
        expressions.filter_map(|(place, expression)| Some((place, expression.as_ref().err()?.clone()))).collect()
    }
}

/// Conditions, read.
pub(super) struct Read<'a> {
    pub(super) workflow: Option<Vec<Rule<'a>>>,
    pub(super) rules: Option<Vec<Rule<'a>>>,
    pub(super) only: Option<Policy<'a>>,
    pub(super) except: Option<Policy<'a>>,
    pub(super) when: Option<&'a str>,
}

/// An item of `rules`, read.
pub(super) struct Rule<'a> {
    condition: Option<Result<Expression, ExpressionError>>,
    input: &'a RuleInput,
    pub(super) when: Option<&'a str>,
}

type Placed<'r> = (ConditionRoute, &'r Result<Expression, ExpressionError>);

impl<'a> Read<'a> {
    pub(super) fn new(conditions: &JobConditions<'a>) -> Self {
        let rules = |rules: &'a [RuleInput]| rules.iter().map(Rule::new).collect();
        // A job without rules is about branches and tags, unless `workflow:rules` are there to decide
        // (`compose!` in `processable.rb`).
        let has_only = conditions.only.is_some() || conditions.workflow.is_none();
        let has_rules = conditions.rules.is_some();
        Self {
            workflow: conditions.workflow.map(rules),
            rules: conditions.rules.map(rules),
            only: (!has_rules && has_only).then(|| Policy::only(conditions.only)),
            except: conditions.except.filter(|_| !has_rules).map(|except| Policy::except(Some(except))),
            when: conditions.when,
        }
    }

    fn expressions(&self) -> impl Iterator<Item = Placed<'_>> {
        fn of_rules<'r>(
            rules: Option<&'r Vec<Rule<'_>>>,
            place: fn(usize) -> ConditionRoute,
        ) -> impl Iterator<Item = Placed<'r>> {
            let rules = rules.into_iter().flatten().enumerate();
            rules.filter_map(move |(at, rule)| Some((place(at), rule.condition.as_ref()?)))
        }
        fn of_policy<'r>(
            policy: Option<&'r Policy<'_>>,
            place: fn(usize) -> ConditionRoute,
        ) -> impl Iterator<Item = Placed<'r>> {
            let variables = policy.into_iter().flat_map(|policy| &policy.variables).enumerate();
            variables.map(move |(at, expression)| (place(at), expression))
        }
        of_rules(self.workflow.as_ref(), ConditionRoute::Workflow)
            .chain(of_rules(self.rules.as_ref(), ConditionRoute::Rules))
            .chain(of_policy(self.only.as_ref(), ConditionRoute::Only))
            .chain(of_policy(self.except.as_ref(), ConditionRoute::Except))
    }

    fn valid_expressions(&self) -> impl Iterator<Item = &Expression> {
        self.expressions().filter_map(|(_, expression)| expression.as_ref().ok())
    }

    fn reads(&self, is_meant: fn(&str) -> bool) -> bool {
        self.valid_expressions().any(|expression| expression.variables().into_iter().any(is_meant))
    }

    fn policies(&self) -> impl Iterator<Item = &Policy<'a>> {
        self.only.iter().chain(&self.except)
    }

    /// Whether the conditions can tell pipelines apart by what creates them.
    pub(super) fn hangs_on_source(&self) -> bool {
        let rules = [&self.workflow, &self.rules].into_iter().flatten().flatten();
        self.reads(hangs_on_source)
            || rules.into_iter().any(|rule| rule.input.has_changes)
            || self.policies().any(Policy::hangs_on_source)
    }

    /// Whether the conditions can tell protected refs from others.
    pub(super) fn hangs_on_protection(&self) -> bool {
        self.reads(hangs_on_protection)
    }

    /// The names of refs in the conditions.
    pub(super) fn mentioned(&self) -> Mentioned {
        let mut mentioned = Mentioned::default();
        for expression in self.valid_expressions() {
            mentioned.branches.extend(expression.literals_compared_with("CI_COMMIT_BRANCH"));
            mentioned.tags.extend(expression.literals_compared_with("CI_COMMIT_TAG"));
            mentioned.either.extend(expression.literals_compared_with("CI_COMMIT_REF_NAME"));
            for name in MERGE_REQUEST_BRANCHES {
                mentioned.of_merge_requests.extend(expression.literals_compared_with(name));
            }
        }
        for policy in self.policies() {
            mentioned.either.extend(policy.names());
        }
        mentioned
    }
}

impl<'a> Rule<'a> {
    fn new(input: &'a RuleInput) -> Self {
        let condition = input.condition.as_deref().map(Expression::parse);
        Self { condition, input, when: input.when.as_deref() }
    }

    /// Whether all of its clauses hold; a rule without any matches.
    pub(super) fn matches(&self, scenario: &Scenario, variables: &dyn Fn(&str) -> Value) -> Truth {
        let condition = match &self.condition {
            None => Truth::Yes,
            Some(Ok(expression)) => expression.evaluate(variables),
            Some(Err(_)) => Truth::Maybe,
        };
        let changed = match (self.input.has_changes, self.input.has_compare_to) {
            (false, _) => Truth::Yes,
            (true, false) => changes(scenario),
            (true, true) => Truth::Maybe,
        };
        let exists = if self.input.has_exists { Truth::Maybe } else { Truth::Yes };
        condition.and(changed).and(exists)
    }
}
