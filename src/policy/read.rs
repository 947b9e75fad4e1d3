//! Policies as the settings have them. What is not understood in full is a mistake.

use std::collections::HashMap;
use std::sync::Arc;

use super::globs::{Compared, Globs};
use super::statement::{Example, People, Policy, Required};
use crate::agent_config::Mode;
use crate::gitlab::{EnvironmentTier, environment_name_fault, path_fault};
use crate::schema::{Data, Field, MessageValue, Value};
use crate::source::{Place, Source, Span};
use crate::words;

/// The word for administrators of the instance among people.
const ADMINISTRATORS: &str = "administrators";

/// The most items of a list of a policy, and of `policy` itself.
const MAX_ITEMS: usize = 1_000;

/// Something in a policy that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub help: String,
}

/// Reads the items of `policy`, and tells all mistakes at once beyond those of the table of keys.
#[must_use]
pub fn read(field: &Field, source: &Arc<Source>) -> (Vec<Policy>, Vec<Mistake>) {
    let mut reader = Reader { source, mistakes: Vec::new() };
    let items = field.value.items();
    reader.count(field);
    let policies: Vec<Policy> =
        items.iter().take(MAX_ITEMS).filter_map(Value::as_message).filter_map(|item| reader.policy(item)).collect();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for policy in &policies {
        let line = source.position(policy.place.span.start).line;
        if let Some(first) = known.get(&*policy.name) {
            reader.mistakes.push(Mistake {
                span: policy.place.span,
                message: format!("there is a policy {} already, on line {first}", words::excerpt(&policy.name)),
                help: "give each policy a name of its own".to_owned(),
            });
        }
        known.entry(&policy.name).or_insert(line);
    }
    (policies, reader.mistakes)
}

struct Reader<'s> {
    source: &'s Arc<Source>,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    fn mistake(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.mistakes.push(Mistake { span, message: message.into(), help: help.into() });
    }

    fn policy(&mut self, item: &MessageValue) -> Option<Policy> {
        self.no_nulls(item, &[]);
        let name = &item.set("name")?.value;
        let place = Place { source: Arc::clone(self.source), span: name.span };
        let people = item.set("people").map(|field| self.people(field));
        let is_about_people = people.is_some();
        if is_about_people {
            for key in ["projects", "environments", "examples"] {
                if let Some(field) = item.set(key) {
                    self.mistake(
                        field.key_span,
                        format!("`{key}` is about jobs, and `people` makes this a policy about people"),
                        format!("take `{key}` out, or write a policy of its own for jobs"),
                    );
                }
            }
        }
        let (require, forbid) = (item.field("require"), item.field("forbid"));
        if require.is_none() && forbid.is_none() {
            let help =
                "add `require` with what has to hold, or `forbid` with what may not; `forbid: {}` lets nobody in";
            self.mistake(name.span, "the policy has neither `require` nor `forbid`, so that nothing breaks it", help);
        }
        let require = require.and_then(|field| Some((field, field.value.as_message()?)));
        let require = require.map(|(field, message)| {
            if message.fields.is_empty() {
                let help = "write what has to hold, such as `protected_branches_only: true`";
                self.mistake(field.key_span, "`require` has no keys, so that nothing breaks it", help);
            }
            self.required(message, is_about_people)
        });
        let forbid = forbid.and_then(|field| field.value.as_message());
        let forbid = forbid.map(|message| self.required(message, is_about_people));
        let examples = item.set("examples").map(|field| {
            self.count(field);
            let items = field.value.items().iter().take(MAX_ITEMS);
            items.filter_map(|item| self.example(item)).collect()
        });
        Some(Policy {
            name: name.as_text()?.to_owned(),
            place,
            agents: self.globs(item, "agents", Compared::AsWritten),
            projects: self.globs(item, "projects", Compared::InAnyCase),
            environments: self.globs(item, "environments", Compared::AsWritten),
            people: people.flatten(),
            require,
            forbid,
            examples: examples.unwrap_or_default(),
        })
    }

    fn required(&mut self, message: &MessageValue, is_about_people: bool) -> Required {
        self.no_nulls(message, &[]);
        let (others, about): (&[&str], &str) = match is_about_people {
            true => (&["protected_branches_only", "environments", "tier", "projects"], "people"),
            false => (&["people"], "jobs"),
        };
        for field in message.fields.iter().filter(|field| others.contains(&&*field.key.name)) {
            let help = match (is_about_people, &*field.key.name) {
                (true, "projects") => "write `people`, which takes groups and projects".to_owned(),
                (false, _) => "write `projects`; a policy about people has the key `people` beside its name".to_owned(),
                _ => "a policy about people knows `identity` and `people` here".to_owned(),
            };
            self.mistake(field.key_span, format!("`{}` cannot be asked of {about}", field.key.name), help);
        }
        let modes: &[Mode] =
            if is_about_people { &[Mode::Agent, Mode::User] } else { &[Mode::Agent, Mode::CiJob, Mode::Impersonate] };
        let identity = message.set("identity").map(|field| {
            let mut known = Vec::new();
            for item in field.value.items() {
                let Some(word) = item.as_text() else { continue };
                match modes.iter().find(|mode| mode.key() == word) {
                    Some(mode) => known.push(*mode),
                    // The table of keys knows no other words.
                    None => {
                        let words: Vec<&str> = modes.iter().map(|mode| mode.key()).collect();
                        let help = format!("write {}", crate::schema::listed(&words));
                        self.mistake(item.span, format!("`{word}` is no identity of {about}"), help);
                    }
                }
            }
            known.sort_by_key(|mode| mode.key());
            known.dedup();
            known
        });
        let tiers = |field: &Field| {
            let items = field.value.items().iter().filter_map(Value::as_text);
            let mut tiers: Vec<EnvironmentTier> = items.filter_map(|word| word.parse().ok()).collect();
            tiers.sort();
            tiers.dedup();
            tiers
        };
        Required {
            protected: message.set("protected_branches_only").and_then(|field| field.value.as_bool()),
            environments: self.globs(message, "environments", Compared::AsWritten),
            identity,
            tier: message.set("tier").map(tiers),
            projects: self.globs(message, "projects", Compared::InAnyCase),
            people: message.set("people").and_then(|field| self.people(field)),
        }
    }

    /// Null is no value: what somebody meant to write there would be passed over.
    fn no_nulls(&mut self, message: &MessageValue, allowed: &[&str]) {
        for field in &message.fields {
            if matches!(field.value.data, Data::Null) && !allowed.contains(&&*field.key.name) {
                let message = format!("`{}` has no value", field.key.name);
                self.mistake(field.key_span, message, "write the value, or take the key out");
            }
        }
    }

    fn count(&mut self, field: &Field) {
        let count = field.value.items().len();
        if count > MAX_ITEMS {
            let message = format!("`{}` has {count} items, and {MAX_ITEMS} are allowed", field.key.name);
            self.mistake(field.key_span, message, "write fewer");
        }
    }

    fn globs(&mut self, message: &MessageValue, key: &str, compared: Compared) -> Option<Globs> {
        let field = message.set(key)?;
        self.count(field);
        let items: Vec<&Value> = field.value.items().iter().take(MAX_ITEMS).collect();
        self.patterns(field, &items, compared)
    }

    fn patterns(&mut self, field: &Field, items: &[&Value], compared: Compared) -> Option<Globs> {
        let texts: Vec<(&str, Span)> = items.iter().filter_map(|item| Some((item.as_text()?, item.span))).collect();
        match Globs::read(texts.iter().map(|(text, _)| *text), compared) {
            Ok(globs) => Some(globs),
            Err((at, why)) => {
                let (text, span) =
                    at.and_then(|at| texts.get(at)).copied().unwrap_or((&*field.key.name, field.key_span));
                let help = "write e.g. `acme/*`, where `*` stops at `/`, or `acme/**`, where it does not";
                self.mistake(span, format!("{} is no pattern: {why}", words::excerpt(text)), help);
                None
            }
        }
    }

    fn people(&mut self, field: &Field) -> Option<People> {
        self.count(field);
        let items: Vec<&Value> = field.value.items().iter().take(MAX_ITEMS).collect();
        let (words, globs): (Vec<&Value>, Vec<&Value>) =
            items.into_iter().partition(|item| item.as_text() == Some(ADMINISTRATORS));
        let members = match globs.is_empty() {
            true => None,
            false => Some(self.patterns(field, &globs, Compared::InAnyCase)?),
        };
        Some(People { members, administrators: !words.is_empty() })
    }

    fn example(&mut self, item: &Value) -> Option<Example> {
        let message = item.as_message()?;
        self.no_nulls(message, &["environment", "holds"]);
        let project = &message.set("project")?.value;
        let fault = project.as_text().and_then(|path| match path.contains('/') {
            true => path_fault(path),
            false => Some("it names no group or user that the project lies in".into()),
        });
        if let Some(fault) = fault {
            let help = "write the full path of a project, such as `acme/web/shop`";
            self.mistake(project.span, format!("no project has this path: {fault}"), help);
        }
        if let Some(environment) = message.set("environment").map(|field| &field.value)
            && let Some(fault) = environment.as_text().and_then(environment_name_fault)
        {
            self.mistake(environment.span, fault, "write the name of an environment, or null for a job without one");
        }
        // The table of keys says that it is missing.
        let holds = message.set("holds")?;
        let text = |value: &Value| value.as_text().map(str::to_owned);
        Some(Example {
            project: text(project)?,
            environment: message.set("environment").and_then(|field| text(&field.value)),
            protected: message.set("protected").and_then(|field| field.value.as_bool()).unwrap_or(false),
            holds: holds.value.as_bool()?,
            place: Place { source: Arc::clone(self.source), span: project.span },
        })
    }
}
