//! From the merged configuration to one job.

use std::sync::Arc;

use super::environment::environment;
use super::keys::{self, Of};
use super::keywords::{image, inherit, merge_variables, script, variables};
use super::matrix::matrix;
use super::model::{Inherit, Inherited, Job, ScriptLine, Section, Variable};
use super::problem::ProblemKind;
use super::resolver::Resolver;
use super::rules::{only_except, rules};
use super::text::Text;
use super::trigger::trigger;
use super::value::{Entry, Map, Scalar, Value};
use crate::source::{Place, Source};

/// What jobs take over.
pub(super) struct Surroundings<'a> {
    /// The top level, for keywords that stand there outside of `default`.
    pub root: &'a Map,
    pub default: Option<Arc<Map>>,
    pub variables: Vec<Variable>,
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
        let default = self.default.as_ref().and_then(|default| resolver.get(default, key));
        default.or_else(|| resolver.get(self.root, key))
    }
}

/// Reads a job; `None` where GitLab sees none.
pub(super) fn job(
    resolver: &mut Resolver<'_>,
    name: &Scalar,
    map: &Arc<Map>,
    own: &Map,
    is_partial: bool,
    surroundings: &Surroundings<'_>,
) -> Option<Job> {
    resolver.is_partial = is_partial;
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
    let inherit = inherit(resolver, map);
    let mut own_variables = variables(resolver, map);
    own_variables.extend(of_secrets(resolver, map));
    let inherited = inherited_variables(resolver, &inherit, &surroundings.variables);
    let image_value = surroundings.inherited(resolver, map, &inherit, "image");
    let text = |resolver: &mut Resolver<'_>, key: &str| {
        resolver.get(map, key).and_then(|value| value.as_text().map(Text::shared))
    };
    Some(Job {
        name: name.text.shared(),
        name_place: name.text.place.clone(),
        parents: parents(map),
        stage: text(resolver, "stage"),
        stage_place: resolver.get(map, "stage").and_then(|value| value.as_text().map(|text| text.place.clone())),
        script: lines(resolver, map, &inherit, is_trigger, surroundings),
        variables: merge_variables(inherited, &own_variables),
        own_variables,
        environment: environment(resolver, map, !is_known),
        rules: rules(resolver, Of::Job, map),
        only: only_except(resolver, map, "only"),
        except: only_except(resolver, map, "except"),
        when: text(resolver, "when"),
        needs: needs(resolver, map),
        matrix: matrix(resolver, map),
        image: image_value.and_then(|value| image(resolver, &value)),
        is_trigger,
        trigger: if is_trigger { trigger(resolver, map, &name.text.shared()) } else { None },
        is_conditional: is_conditional(map, &name.text.place, surroundings.conditional),
        inherit,
        is_partial: resolver.is_partial,
    })
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
