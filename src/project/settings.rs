//! The settings file `.kaslint.yaml`: what a repository tells kaslint about GitLab's side and about the rules.

use std::str::FromStr as _;
use std::sync::Arc;

use crate::diagnostic::path_patterns::{PathPattern, PathPatterns};
use crate::diagnostic::suppression::AcceptedFinding;
use crate::diagnostic::{Finding, INVALID_SETTINGS, Level, PerPath, RuleTable};
use crate::gitlab::{NEWEST, Tier, Version};
use crate::policy::{self, POLICY, Policy};
use crate::schema::{self, Check, Data, Declared, Field, Key, Kind, Message, MessageValue, Value};
use crate::source::{Place, Source, Span};
use crate::words::{YamlFault, yaml_fault};
use crate::{words, yaml};

/// The name of the settings file.
pub const FILE_NAME: &str = ".kaslint.yaml";

/// A name that people take for it.
pub(super) const OTHER_NAME: &str = ".kaslint.yml";

/// The table of the settings file's keys.
pub static SETTINGS: Declared = Declared::new(|| {
    Message::new(
        "the settings",
        vec![
            Key::new("project", Kind::Text, "The full path of the configuration project.").checks(&[Check::NotEmpty]),
            Key::new("inventory", Kind::Text, "The inventory file, relative to the settings file.")
                .checks(&[Check::NotEmpty]),
            Key::new("schemas", Kind::list(Kind::Text), "An organisation's own JSON Schemas for agent files.")
                .checks(&[Check::NotEmpty]),
            Key::new("gitlab", Kind::message(&GITLAB), "What is known about the GitLab instance."),
            Key::new("rules", Kind::map(level()), "How severe the findings of a rule are."),
            Key::new(
                "exclude",
                Kind::list(Kind::Text),
                "Patterns of files and folders, relative to the settings file, of which nothing is said.",
            )
            .checks(&[Check::NotEmpty]),
            Key::new(
                "per-path",
                Kind::list(Kind::message(&PER_PATH)),
                "How severe the findings of a rule are in some files; the last item that matches counts.",
            ),
            Key::new("ignore", Kind::list(Kind::message(&IGNORE)), "Findings that were looked at and accepted."),
            Key::new("policy", Kind::list(Kind::message(&POLICY)), "What effective access must hold to."),
        ],
    )
});

static GITLAB: Declared = Declared::new(|| {
    Message::new(
        "`gitlab`",
        vec![
            Key::new("version", Kind::Text, "The release, as major.minor in quotes.").checks(&[Check::NotEmpty]),
            Key::new("tier", Kind::Text, "The licence of the CI projects.")
                .checks(&[Check::NotEmpty, Check::OneOfInAnyCase(&["free", "premium", "ultimate"])]),
            Key::new(
                "agent_schema",
                Kind::Text,
                "The JSON Schema that GitLab publishes with a release of the agent, relative to the settings file; it decides which keys there are.",
            )
            .checks(&[Check::NotEmpty]),
            Key::new(
                "instance_authorization",
                Kind::Bool,
                "The instance setting \"Enable instance level authorization\".",
            )
            .explicit(),
            Key::new(
                "max_configuration_file_size",
                Kind::Int64,
                "The agent server's limit on the size of a file, in bytes.",
            )
            .default("131072")
            .checks(&[Check::AtLeast(1)]),
        ],
    )
});

/// How severe findings are, or that there are none.
fn level() -> Kind {
    Kind::word(&["off", "note", "warning", "error"])
}

static PER_PATH: Declared = Declared::new(|| {
    Message::new(
        "an item of `per-path`",
        vec![
            Key::new("path", Kind::Text, "A pattern of files and folders, relative to the settings file.")
                .checks(&[Check::Required]),
            Key::new("rules", Kind::map(level()), "How severe the findings of a rule are there.")
                .checks(&[Check::Required]),
            Key::new("reason", Kind::Text, "Why these files are judged otherwise.").checks(&[Check::Required]),
        ],
    )
});

static IGNORE: Declared = Declared::new(|| {
    Message::new(
        "an item of `ignore`",
        vec![
            Key::new("rule", Kind::Text, "The rule.").checks(&[Check::Required]),
            Key::new("at", Kind::Text, "The route of the finding, with ids for positions.").checks(&[Check::NotEmpty]),
            Key::new("path", Kind::Text, "A pattern of file paths.").checks(&[Check::NotEmpty]),
            Key::new("reason", Kind::Text, "Why the finding is accepted.").checks(&[Check::Required]),
        ],
    )
});

/// The most items of `exclude`, and of `per-path`: each file is held against all of them.
const MAX_ITEMS: usize = 1_000;

/// What to do about lists that are too large.
const FEWER: &str = "write fewer patterns; `**` stands for any number of folders";

/// What a settings file says.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The full path of the configuration project.
    pub project: Option<String>,
    /// The inventory file, relative to the settings file.
    pub inventory: Option<String>,
    /// JSON Schemas for agent files, relative to the settings file.
    pub schemas: Vec<String>,
    /// The release.
    pub version: Option<Version>,
    /// The licence of the CI projects.
    pub tier: Option<Tier>,
    /// The agent's published schema, relative to the settings file.
    pub agent_schema: Option<String>,
    /// The instance setting.
    pub instance_authorization: Option<bool>,
    /// The limit on the size of a file, in bytes.
    pub max_file_size: Option<u64>,
    /// Levels by rule name.
    pub levels: Vec<(String, Level)>,
    /// Files that are not looked at.
    pub exclude: PathPatterns,
    /// Other levels for some files.
    pub per_path: PerPath,
    /// Findings that were accepted.
    pub ignore: Vec<AcceptedFinding>,
    /// What effective access must hold to.
    pub policies: Arc<[Policy]>,
}

/// The policies of a settings file; `None` where it cannot be used.
#[must_use]
pub fn policies_of(source: &Arc<Source>, rules: RuleTable) -> Option<Arc<[Policy]>> {
    Settings::read(source, rules).ok().map(|settings| settings.policies)
}

impl Settings {
    /// Reads a settings file.
    ///
    /// # Errors
    /// All mistakes of the file at once, with their places.
    pub fn read(source: &Arc<Source>, rules: RuleTable) -> Result<Self, Vec<Finding>> {
        let mut reader = Reader { source, rules, mistakes: Vec::new() };
        let document = yaml::read(source);
        for problem in document.problems() {
            let YamlFault { what, help, related } = yaml_fault(problem, source, Some(&document));
            let finding = Finding::new(&INVALID_SETTINGS, source, problem.span, what).help(help);
            reader.mistakes.push(match related {
                Some((span, label)) => finding.related(span, label),
                None => finding,
            });
        }
        let decoded = schema::decode(&document, &SETTINGS, NEWEST, &|_, _| None);
        for problem in &decoded.problems {
            if let Some((message, help)) = schema::describe(problem) {
                reader.mistake(problem.span, message, help);
            }
        }
        let settings = decoded.value.as_ref().map(|value| reader.settings(value)).unwrap_or_default();
        if reader.mistakes.is_empty() { Ok(settings) } else { Err(reader.mistakes) }
    }
}

struct Reader<'s> {
    source: &'s Arc<Source>,
    rules: RuleTable,
    mistakes: Vec<Finding>,
}

impl Reader<'_> {
    fn mistake(&mut self, span: Span, message: String, help: String) {
        self.mistakes.push(Finding::new(&INVALID_SETTINGS, self.source, span, message).help(help));
    }

    fn settings(&mut self, root: &MessageValue) -> Settings {
        let text = |message: &MessageValue, key: &str| {
            message.set(key).and_then(|field| field.value.as_text()).map(str::to_owned)
        };
        let mut settings =
            Settings { project: text(root, "project"), inventory: text(root, "inventory"), ..Settings::default() };
        if let Some(gitlab) = root.set("gitlab").and_then(|field| field.value.as_message()) {
            settings.version = gitlab.set("version").and_then(|field| self.version(&field.value));
            settings.tier = text(gitlab, "tier").and_then(|tier| Tier::from_str(&tier).ok());
            settings.agent_schema = text(gitlab, "agent_schema");
            settings.instance_authorization =
                gitlab.set("instance_authorization").and_then(|field| field.value.as_bool());
            let size = gitlab.set("max_configuration_file_size").and_then(|field| field.value.as_int());
            settings.max_file_size = size.and_then(|size| u64::try_from(size).ok());
        }
        settings.levels = self.levels(root).into_iter().map(|(name, level)| (name.to_owned(), level)).collect();
        settings.exclude = self.exclude(root);
        settings.per_path = self.per_path(root);
        let ignore = root.set("ignore").map(|field| field.value.items()).unwrap_or_default();
        settings.ignore = ignore.iter().filter_map(|item| self.accepted(item)).collect();
        let schemas = root.set("schemas").map(|field| field.value.items()).unwrap_or_default();
        settings.schemas = schemas.iter().filter_map(|schema| schema.as_text().map(str::to_owned)).collect();
        if let Some(field) = root.set("policy") {
            let (policies, mistakes) = policy::read(field, self.source);
            settings.policies = policies.into();
            for mistake in mistakes {
                self.mistake(mistake.span, mistake.message, mistake.help);
            }
        }
        settings
    }

    /// The levels below `rules`.
    fn levels(&mut self, message: &MessageValue) -> Vec<(&'static str, Level)> {
        let Some(Data::Map(rules)) = message.set("rules").map(|field| &field.value.data) else { return Vec::new() };
        let mut levels = Vec::new();
        for (name, span, level) in rules {
            match self.rules.find(name) {
                None => self.mistake(*span, format!("there is no rule `{name}`"), self.rules.nearest(name)),
                Some(rule) => {
                    let level = level.as_text().and_then(|text| Level::from_str(text).ok());
                    levels.extend(level.map(|level| (rule.name, level)));
                }
            }
        }
        levels
    }

    fn exclude(&mut self, root: &MessageValue) -> PathPatterns {
        let Some(field) = root.set("exclude") else { return PathPatterns::default() };
        let items = field.value.items();
        self.count(field, items.len());
        let patterns: Vec<PathPattern> = items.iter().take(MAX_ITEMS).filter_map(|item| self.pattern(item)).collect();
        PathPatterns::of(patterns).unwrap_or_else(|error| {
            self.mistake(field.value.span, format!("`exclude` cannot be used: {error}"), FEWER.to_owned());
            PathPatterns::default()
        })
    }

    fn per_path(&mut self, root: &MessageValue) -> PerPath {
        let Some(field) = root.set("per-path") else { return PerPath::default() };
        let items = field.value.items();
        self.count(field, items.len());
        let mut read = Vec::new();
        for message in items.iter().take(MAX_ITEMS).filter_map(Value::as_message) {
            let levels = self.levels(message);
            let path = message.set("path").and_then(|path| self.pattern(&path.value));
            read.extend(path.map(|path| (path, levels)));
        }
        PerPath::of(read).unwrap_or_else(|error| {
            self.mistake(field.value.span, format!("`per-path` cannot be used: {error}"), FEWER.to_owned());
            PerPath::default()
        })
    }

    /// A mistake if a list has more items than anybody means.
    fn count(&mut self, field: &Field, count: usize) {
        if count > MAX_ITEMS {
            let message = format!("`{}` has {count} items, and {MAX_ITEMS} are allowed", field.key.name);
            self.mistake(field.key_span, message, FEWER.to_owned());
        }
    }

    /// A pattern of files.
    fn pattern(&mut self, value: &Value) -> Option<PathPattern> {
        let text = value.as_text()?;
        match PathPattern::read(text) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let message = format!("{} is no pattern of files: {error}", words::excerpt(text));
                let help = "write e.g. `examples/**`; patterns start from the folder of the settings file";
                self.mistake(value.span, message, help.to_owned());
                None
            }
        }
    }

    fn accepted(&mut self, item: &Value) -> Option<AcceptedFinding> {
        let message = item.as_message()?;
        let rule = &message.set("rule")?.value;
        let text = |key: &str| message.set(key).and_then(|field| field.value.as_text()).map(str::to_owned);
        let name = rule.as_text()?;
        let Some(info) = self.rules.find(name) else {
            self.mistake(rule.span, format!("there is no rule `{name}`"), self.rules.nearest(name));
            return None;
        };
        let path = match message.set("path").map(|field| &field.value) {
            Some(written) => match AcceptedFinding::pattern(written.as_text()?) {
                Ok(pattern) => Some(pattern),
                Err(error) => {
                    self.mistake(
                        written.span,
                        format!("`path` is no pattern: {error}"),
                        "write e.g. `.gitlab/agents/*/config.yaml`".to_owned(),
                    );
                    return None;
                }
            },
            None => None,
        };
        let place = Place { source: Arc::clone(self.source), span: rule.span };
        let file = text("path").and_then(|path| AcceptedFinding::only_path(&path));
        Some(AcceptedFinding { rule: info.name, at: text("at"), path, file, place })
    }

    fn version(&mut self, value: &Value) -> Option<Version> {
        match Version::from_str(value.as_text()?) {
            Ok(version) => Some(version),
            Err(error) => {
                self.mistake(value.span, error.to_string(), format!("write e.g. \"{NEWEST}\""));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{RuleInfo, Severity};

    static NULL_VALUE: RuleInfo = RuleInfo { name: "null-value", ..crate::diagnostic::INTERNAL_ERROR };
    static UNKNOWN_KEY: RuleInfo = RuleInfo { name: "unknown-key", ..crate::diagnostic::INTERNAL_ERROR };
    const RULES: RuleTable = RuleTable(&[&NULL_VALUE, &UNKNOWN_KEY]);

    fn read(text: &str) -> Result<Settings, Vec<String>> {
        let source = Arc::new(Source::new(FILE_NAME, text));
        Settings::read(&source, RULES).map_err(|mistakes| mistakes.into_iter().map(|mistake| mistake.message).collect())
    }

    #[test]
    fn settings_are_read_with_words_that_yaml_would_take_for_booleans() {
        let text = "project: acme/agents\ngitlab: {version: '18.4', tier: premium, instance_authorization: false}\nrules: {null-value: off, unknown-key: warning}";
        let settings = read(text).expect("valid settings");
        assert_eq!(settings.project.as_deref(), Some("acme/agents"));
        assert_eq!((settings.version, settings.tier), (Some(Version::new(18, 4)), Some(Tier::Premium)));
        assert_eq!(settings.instance_authorization, Some(false));
        let levels = [("null-value".to_owned(), Level::Off), ("unknown-key".to_owned(), Level::On(Severity::Warning))];
        assert_eq!(settings.levels, levels);
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let text = "projct: a\ngitlab: {version: 18.4, tier: gold}\nrules: {null-valu: off, unknown-key: fatal}\nignore: [{rule: x}]";
        let mistakes = read(text).expect_err("mistakes");
        assert_eq!(
            mistakes,
            [
                "there is no key `projct` in the settings",
                "`version` must be text",
                "`tier` must be `free`, `premium` or `ultimate`, and this is `gold`",
                "`fatal` is none of `off`, `note`, `warning` and `error`",
                "`reason` is missing",
                "there is no rule `null-valu`",
                "there is no rule `x`",
            ]
        );
    }

    #[test]
    fn a_policy_that_is_not_understood_in_full_is_a_mistake() {
        let mistakes = |item: &str| read(&format!("policy: [{{name: p, {item}}}]")).err().unwrap_or_default();
        for (item, mistake) in [
            ("agents: [a]", "the policy has neither `require` nor `forbid`, so that nothing breaks it"),
            ("require: {}", "`require` has no keys, so that nothing breaks it"),
            ("forbid: ", "`forbid` has no value"),
            ("agents: , forbid: {}", "`agents` has no value"),
            ("agents: [], forbid: {}", "`agents` has no items"),
            ("agents: [''], forbid: {}", "`agents` is empty"),
            ("agents: a, forbid: {}", "`agents` must be a list of text"),
            ("agents: ['[a'], forbid: {}", "`[a` is no pattern: unclosed character class; missing ']'"),
            ("people: [], forbid: {}", "`people` has no items"),
            ("agent: [a], forbid: {}", "there is no key `agent` in an item of `policy`"),
            ("forbid: {identities: [agent]}", "there is no key `identities` in `forbid`"),
            ("forbid: {identity: []}", "`identity` has no items"),
            ("forbid: {identity: [agnt]}", "`agnt` is none of `agent`, `ci_job`, `impersonate` and `user`"),
            ("forbid: {identity: [user]}", "`user` is no identity of jobs"),
            ("forbid: {people: [a]}", "`people` cannot be asked of jobs"),
            ("people: [a], forbid: {identity: [ci_job]}", "`ci_job` is no identity of people"),
            ("people: [a], require: {tier: [other]}", "`tier` cannot be asked of people"),
            (
                "people: [a], projects: [b], forbid: {}",
                "`projects` is about jobs, and `people` makes this a policy about people",
            ),
            (
                "people: [a], environments: [b], forbid: {}",
                "`environments` is about jobs, and `people` makes this a policy about people",
            ),
            (
                "people: [a], examples: [{project: a/b, holds: true}], forbid: {}",
                "`examples` is about jobs, and `people` makes this a policy about people",
            ),
            (
                "forbid: {tier: [prod]}",
                "`prod` is none of `production`, `staging`, `testing`, `development` and `other`",
            ),
            ("forbid: {protected_branches_only: 'yes'}", "`protected_branches_only` must be `true` or `false`"),
            ("forbid: {}, examples: []", "`examples` has no items"),
            ("forbid: {}, examples: [{holds: true}]", "`project` is missing"),
            ("forbid: {}, examples: [{project: a/b}]", "`holds` is missing"),
            ("forbid: {}, examples: [{project: a, holds: true}]", "no project has this path: "),
            (
                "forbid: {}, examples: [{project: a/b, environment: /x, holds: true}]",
                "no environment's name has `/` at an end",
            ),
            ("forbid: {}}, {name: p, forbid: {}", "there is a policy `p` already, on line 1"),
            ("forbid: {}}, {forbid: {}", "`name` is missing"),
        ] {
            let found = mistakes(item);
            assert!(found.len() == 1 && found[0].starts_with(mistake), "{item}: {found:?}");
        }
        let good = "agents: [a], projects: ['**'], environments: ['p*'], require: {identity: [agent], protected_branches_only: false}, forbid: {}, examples: [{project: a/b, environment: , protected: true, holds: false}]";
        assert_eq!(mistakes(good), [""; 0]);
        assert_eq!(mistakes("people: [administrators, a], require: {identity: [user], people: [a]}"), [""; 0]);
    }
}
