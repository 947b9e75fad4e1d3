//! From the merged configuration to one job.

use std::collections::HashMap;
use std::sync::Arc;

use super::doubt::{Conditions, rules_of};
use super::environment::environment;
use super::keys::{self, Of};
use super::keywords::{image, inherit, merge_variables, script, variables};
use super::matrix::{Matrix, matrix};
use super::model::{Environment, InDoubt, Inherit, Inherited, Job, Rule, ScriptLine, Section, Variable};
use super::named;
use super::problem::ProblemKind;
use super::resolver::Resolver;
use super::rules::{only_except, rules};
use super::text::Text;
use super::trigger::trigger;
use super::value::{Entry, Map, Scalar, Value, Work};
use crate::source::{Place, Source};

/// What jobs take over.
pub(super) struct Surroundings<'a> {
    /// The top level, for keywords that stand there outside of `default`.
    pub root: &'a Map,
    pub default: Option<Arc<Map>>,
    pub variables: Vec<Variable>,
    /// Whether `workflow:rules` hang on a file that may be kept out.
    pub is_workflow_in_doubt: bool,
    /// How much may be read to find out which variables jobs name.
    pub naming: Work,
    /// Whether files that were not read may add to what is known.
    pub is_incomplete: bool,
    pub conditional: &'a [Arc<Source>],
    /// The main file.
    pub main: Option<&'a Arc<Source>>,
}

impl Surroundings<'_> {
    /// A keyword of a job, or else of `default`, or else of the top level.
    ///
    /// Source: `overwrite_entry` in `lib/gitlab/ci/config/entry/processable.rb` and `default.rb`; null counts as not written.
    fn inherited(&self, resolver: &mut Resolver<'_>, job: &Map, inherit: &Inherit, key: &str) -> Option<Value> {
        if let Some(value) = resolver.get(job, key) {
            return Some(value);
        }
        if !inherit.default.has(key) {
            return None;
        }
        if let Some(default) = self.default.as_ref().filter(|default| default.entry(key).is_some()) {
            resolver.weigh(self.root.entry("default").and_then(|entry| entry.doubt.as_deref()));
            if let Some(value) = resolver.get(default, key) {
                return Some(value);
            }
        }
        resolver.get(self.root, key)
    }

    /// The top level's variables as a job sees them that is there under these conditions.
    fn variables_within(&self, resolver: &mut Resolver<'_>) -> Vec<Variable> {
        match resolver.within.is_none() || self.variables.iter().all(|variable| !variable.in_doubt) {
            true => self.variables.clone(),
            // What is certain for it may be in doubt for others.
            false => variables(resolver, self.root),
        }
    }
}

/// What is there of a job before it is read.
pub(super) struct Found<'a> {
    /// With its parents.
    pub map: &'a Arc<Map>,
    /// Without them.
    pub own: &'a Map,
    /// When there is the job at all.
    pub conditions: Conditions,
    /// Whether a parent is missing.
    pub is_partial: bool,
    /// Whether it hangs on conditions which parents it has.
    pub is_in_doubt: bool,
}

/// Reads a job; `None` where GitLab sees none.
pub(super) fn job(
    resolver: &mut Resolver<'_>,
    name: &Scalar,
    found: Found<'_>,
    surroundings: &Surroundings<'_>,
) -> Option<Job> {
    let Found { map, own, conditions, is_partial, is_in_doubt } = found;
    resolver.is_partial = is_partial;
    resolver.within = conditions;
    resolver.is_in_doubt = false;
    let is_known = !is_partial && !surroundings.is_incomplete;
    // A script may stand in a file that was not read; `trigger` beside it would be refused.
    let is_trigger = is_trigger(map) && (is_known || map.get("trigger").is_some());
    keys::job(resolver, map, own, is_trigger, is_known, surroundings.main);
    if is_trigger && is_known && waits_for_nothing(resolver, map) {
        let kind = ProblemKind::JobWithoutScript(name.text.to_string());
        resolver.problem(kind, &name.text.place);
        return None;
    }
    if !is_trigger && !has_script(map) {
        if is_known && keys::misspells_script(map) {
            return None;
        }
        if is_known {
            let kind = ProblemKind::JobWithoutScript(name.text.to_string());
            resolver.problem(kind, &name.text.place);
            return None;
        }
        resolver.is_partial = true;
    }
    let mut in_doubt = InDoubt { workflow: surroundings.is_workflow_in_doubt, ..InDoubt::default() };
    let (inherit, is_inherit_in_doubt) = resolver.doubting(|resolver| inherit(resolver, map));
    let mut own_variables = variables(resolver, map);
    own_variables.extend(of_secrets(resolver, map));
    let all = surroundings.variables_within(resolver);
    let mut inherited = inherited_variables(resolver, &inherit, &all);
    if is_in_doubt || is_inherit_in_doubt {
        let own = own_variables.iter_mut().filter(|_| is_in_doubt);
        own.chain(&mut inherited).for_each(|variable| variable.in_doubt = true);
    }
    let ((rules, only, except, when), are_runs_in_doubt) = resolver.doubting(|resolver| {
        let when = resolver.get(map, "when").and_then(|value| value.as_text().map(Text::shared));
        let (only, except) = (only_except(resolver, map, "only"), only_except(resolver, map, "except"));
        (rules(resolver, Of::Job, map), only, except, when)
    });
    in_doubt.runs = is_in_doubt || are_runs_in_doubt;
    if in_doubt.runs {
        let of_rules = of_rules(map.entry("rules"), resolver);
        let read = rules.iter().flatten().flat_map(|rule: &Rule| &rule.variables);
        own_variables = in_doubt_among(own_variables, of_rules.iter().chain(read));
    }
    let (matrix, is_matrix_in_doubt) = resolver.doubting(|resolver| matrix(resolver, map));
    let matrix = match is_matrix_in_doubt {
        true => {
            own_variables = in_doubt_among(own_variables, matrix.variables());
            Matrix::default()
        }
        false => matrix,
    };
    let (script, is_script_in_doubt) =
        resolver.doubting(|resolver| lines(resolver, map, &inherit, is_trigger, surroundings));
    in_doubt.script = is_in_doubt || is_inherit_in_doubt || is_matrix_in_doubt || is_script_in_doubt;
    let (environment, is_environment_in_doubt) = resolver.doubting(|resolver| environment(resolver, map, !is_known));
    in_doubt.environment = is_in_doubt || is_matrix_in_doubt || is_environment_in_doubt;
    let is_name_in_doubt = is_in_doubt || is_matrix_in_doubt;
    let environment = environment
        .map(|environment| Environment { in_doubt: environment.in_doubt || is_name_in_doubt, ..environment });
    let (trigger, is_trigger_in_doubt) =
        resolver.doubting(|resolver| if is_trigger { trigger(resolver, map, &name.text.shared()) } else { None });
    in_doubt.trigger = is_trigger && (is_in_doubt || is_trigger_in_doubt);
    let image_value = surroundings.inherited(resolver, map, &inherit, "image");
    let text = |resolver: &mut Resolver<'_>, key: &str| {
        resolver.get(map, key).and_then(|value| value.as_text().map(Text::shared))
    };
    let mut job = Job {
        name: name.text.shared(),
        name_place: name.text.place.clone(),
        parents: parents(map),
        stage: text(resolver, "stage"),
        stage_place: resolver.get(map, "stage").and_then(|value| value.as_text().map(|text| text.place.clone())),
        script,
        variables: merge_variables(inherited, &own_variables),
        own_variables,
        environment,
        rules,
        only,
        except,
        when,
        needs: needs(resolver, map),
        matrix,
        image: image_value.and_then(|value| image(resolver, &value)),
        is_trigger,
        trigger,
        is_conditional: is_conditional(map, &name.text.place, surroundings.conditional),
        inherit,
        is_partial: resolver.is_partial,
        in_doubt,
    };
    job.in_doubt.variables = named::names_one_in_doubt(&job, &surroundings.naming);
    job.is_conditional |= job.in_doubt.has_any();
    Some(job)
}

/// A job's own variables with others that may go before them, so that their values are not known.
pub(super) fn in_doubt_among<'v>(
    mut own: Vec<Variable>,
    others: impl IntoIterator<Item = &'v Variable>,
) -> Vec<Variable> {
    let mut names: HashMap<Arc<str>, &Variable> =
        others.into_iter().map(|other| (Arc::clone(&other.name), other)).collect();
    for variable in &mut own {
        variable.in_doubt |= names.remove(&variable.name).is_some();
    }
    let mut others: Vec<&Variable> = names.into_values().collect();
    others.sort_by(|one, other| one.name.cmp(&other.name));
    own.extend(others.into_iter().map(|other| Variable { in_doubt: true, ..other.clone() }));
    own
}

/// The variables that rules set of which it is not known whether they count; so their values are not known either.
pub(super) fn of_rules(rules: Option<&Entry>, resolver: &mut Resolver<'_>) -> Vec<Variable> {
    let Some(Entry { value, doubt, .. }) = rules else { return Vec::new() };
    let rules = rules_of(value, doubt.as_ref(), resolver.work);
    let variables = rules.into_iter().filter_map(|rule| rule.get("variables")?.as_map());
    let entries = variables.flat_map(|variables| variables.entries());
    let entries = entries.take_while(|_| resolver.work.spend(1));
    let in_doubt = |entry: &Entry| Variable {
        name: entry.key.text.shared(),
        value: "".into(),
        expand: true,
        in_doubt: true,
        place: entry.key.text.place.clone(),
    };
    entries.map(in_doubt).collect()
}

/// The variables that `secrets` sets, of whose values nothing is known.
///
/// Source: `doc/ci/yaml/_index.md`, `secrets`.
fn of_secrets(resolver: &mut Resolver<'_>, map: &Map) -> Vec<Variable> {
    let Some(Value::Map(secrets)) = resolver.get(map, "secrets") else { return Vec::new() };
    let variable = |entry: &Entry| Variable {
        name: entry.key.text.shared(),
        value: format!("$secret_{}", entry.key.text).into(),
        expand: true,
        in_doubt: false,
        place: entry.key.text.place.clone(),
    };
    secrets.entries().iter().map(variable).collect()
}

/// What stands in `extends`: of very many names, as aliases may make them, the first.
fn parents(map: &Map) -> Vec<Arc<str>> {
    const MOST: usize = 10;
    let parents = map.get("extends").map(Value::as_items).unwrap_or_default();
    parents.iter().take(MOST).filter_map(|parent| parent.as_text().map(Text::shared)).collect()
}

fn inherited_variables(resolver: &mut Resolver<'_>, inherit: &Inherit, variables: &[Variable]) -> Vec<Variable> {
    let names = match &inherit.variables {
        Inherited::Only(names) => names.len(),
        Inherited::All | Inherited::None => 0,
    };
    if !resolver.work.spend(variables.len().saturating_mul(1 + names / 16)) {
        resolver.is_partial = true;
        return Vec::new();
    }
    variables.iter().filter(|variable| inherit.variables.has(&variable.name)).cloned().collect()
}

fn lines(
    resolver: &mut Resolver<'_>,
    map: &Map,
    inherit: &Inherit,
    is_trigger: bool,
    surroundings: &Surroundings<'_>,
) -> Vec<ScriptLine> {
    let mut lines = Vec::new();
    if is_trigger {
        return lines;
    }
    for section in [Section::BeforeScript, Section::Script, Section::AfterScript] {
        let value = match section {
            Section::Script => resolver.get(map, "script"),
            _ => surroundings.inherited(resolver, map, inherit, section.keyword()),
        };
        if let Some(value) = value {
            script(resolver, &value, section, &mut lines);
        }
    }
    lines
}

/// Source: `lib/gitlab/ci/config/entry/need.rb`: a name, or a map with `job`; with `project` or `pipeline` it is a job of another pipeline.
fn needs(resolver: &mut Resolver<'_>, map: &Map) -> Vec<Text> {
    let Some(value) = resolver.get(map, "needs") else { return Vec::new() };
    let items = resolver.flatten(&value);
    let needs = items.iter().filter_map(|item| match item {
        Value::Map(need) => {
            let is_other = need.get("project").is_some() || need.get("pipeline").is_some();
            let is_optional = need.get("optional").is_some_and(|optional| optional.as_bool() != Some(false));
            let job = need.get("job").and_then(Value::as_text).filter(|_| !is_other && !is_optional)?;
            Some(job.clone())
        }
        other => other.as_string().cloned(),
    });
    needs.collect()
}

/// Whether a job without script and `trigger` waits for no other pipeline (`needs:pipeline`), so that GitLab refuses it.
///
/// Source: `lib/gitlab/ci/config/entry/bridge.rb`.
fn waits_for_nothing(resolver: &mut Resolver<'_>, map: &Map) -> bool {
    if map.get("trigger").is_some() {
        return false;
    }
    let needs = resolver.get(map, "needs");
    let items = needs.map(|needs| resolver.flatten(&needs)).unwrap_or_default();
    !items.iter().any(|item| item.as_map().is_some_and(|need| need.get("pipeline").is_some()))
}

/// Whether GitLab takes a map for a job with a script.
///
/// Source: `matching?` in `lib/gitlab/ci/config/entry/job.rb`.
pub(super) fn has_script(map: &Map) -> bool {
    map.get("script").is_some() || map.get("run").is_some()
}

/// Whether GitLab takes a map for a job that starts another pipeline.
///
/// Source: `matching?` in `lib/gitlab/ci/config/entry/bridge.rb`: `needs` alone is enough, for a pipeline that is waited for.
pub(super) fn is_trigger(map: &Map) -> bool {
    !has_script(map) && (map.get("trigger").is_some() || map.get("needs").is_some())
}

fn is_conditional(map: &Map, name: &Place, conditional: &[Arc<Source>]) -> bool {
    let is_in = |place: &Place| conditional.iter().any(|source| place.is_in(source));
    !conditional.is_empty() && (is_in(name) || map.entries().iter().any(|entry| is_in(&entry.key.text.place)))
}
