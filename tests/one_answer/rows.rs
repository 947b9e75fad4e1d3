//! Answers about jobs: the lines of `access --queries`, and the same rows elsewhere.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value as Json, json};

use crate::claims::{About, Fact, Gets, Ledger, STAGES, Source};
use crate::contract;
use crate::repository::Config;

/// Who gets in?
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    pub project: String,
    pub environment: Option<String>,
    pub protected: bool,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", job(&self.project, self.environment.as_deref(), Some(self.protected)))
    }
}

impl Question {
    /// The same as `access --for` has it above its answer.
    pub fn in_words(&self) -> String {
        let environment = self.environment.as_ref();
        let environment =
            environment.map_or("without environment".to_owned(), |name| format!("in environment `{name}`"));
        let on = if self.protected { "a protected ref" } else { "a ref that is not protected" };
        format!("{} {environment}, on {on}", self.project)
    }
}

/// A job in words.
pub fn job(project: &str, environment: Option<&str>, protected: Option<bool>) -> String {
    let environment = environment.map_or("no environment".to_owned(), |name| format!("environment {name}"));
    let on = match protected {
        Some(true) => "a protected ref",
        Some(false) => "a ref that is not protected",
        None => "a ref of which that is not known",
    };
    format!("job of {project}, {environment}, on {on}")
}

/// The answers to all questions.
#[derive(Debug, Default)]
pub struct Answers(BTreeMap<Question, Json>);

impl Answers {
    pub fn new(questions: &[Question], lines: Vec<Json>) -> Self {
        Self(questions.iter().cloned().zip(lines).collect())
    }

    pub fn get(&self, question: &Question) -> Option<&Json> {
        self.0.get(question)
    }

    /// Claims who gets in, and what that tells of files.
    pub fn claim(&self, configs: &[Config<'_>], ledger: &mut Ledger) {
        let source = Source::AccessQueries;
        for (question, answer) in &self.0 {
            ledger.claim(About::Rows, question.to_string(), source, [fact(answer)]);
            for config in configs {
                let subject = format!("{question}, agent {}", config.name);
                ledger.claim(About::Gets, subject, source, [Fact::Gets(gets(answer, &config.name))]);
            }
        }
        let told: Vec<&Json> = self.0.values().filter(|answer| !is_no_such_project(answer)).collect();
        if told.is_empty() {
            return;
        }
        for config in configs {
            let is_in = |list: &str| told.iter().find_map(|answer| of_agent(answer, list, &config.name).next());
            let named = is_in("allowed").or_else(|| is_in("denied"));
            if let Some(row) = named.or_else(|| is_in("unknown")) {
                let path = row["agent"]["project"].as_str().map(str::to_owned);
                ledger.claim(About::Path, contract::shown(&config.place.folder), source, [Fact::Path(path)]);
            }
            let facts = match (named.is_some(), is_in("unknown").is_some()) {
                (true, true) => {
                    ledger.fault(source, format!("{} is refused in some answers and not in others", config.name));
                    continue;
                }
                (true, false) => vec![Fact::Counts],
                (false, true) => STAGES.map(Fact::RefusedAt).to_vec(),
                (false, false) => vec![Fact::Counts, Fact::NeverRead],
            };
            // Of an agent that nobody registered no file is read, and the others say what it would be.
            if !matches!(config.place.owner, crate::repository::Owner::Listed(listed) if listed.registered == Some(false))
            {
                ledger.claim(About::File, &config.path, source, facts);
            }
        }
    }
}

/// Whether there is no answer, since the inventory has no such project.
pub fn is_no_such_project(answer: &Json) -> bool {
    answer.get("error").is_some()
}

/// The rows of a list that are about one agent.
pub fn of_agent<'a>(answer: &'a Json, list: &str, name: &'a str) -> impl Iterator<Item = &'a Json> + use<'a> {
    answer[list].as_array().into_iter().flatten().filter(move |row| row["agent"]["name"] == name)
}

/// Whether a job gets an agent, by the rows of an answer.
pub fn gets(answer: &Json, name: &str) -> Gets {
    if is_no_such_project(answer) {
        return Gets::NoSuchProject;
    }
    let count = |list: &str| of_agent(answer, list, name).count();
    match (count("allowed"), count("denied"), count("unknown")) {
        (0, _, 0) => Gets::No,
        (0, _, _) => Gets::FileRefused,
        (_, 0, 0) => Gets::Yes,
        _ => Gets::Depends,
    }
}

/// The rows of an answer, as one fact.
pub fn fact(answer: &Json) -> Fact {
    let list = |name: &str| answer.get(name).cloned().unwrap_or_else(|| json!([]));
    Fact::Rows(json!({"allowed": list("allowed"), "denied": list("denied"), "unknown": list("unknown")}).to_string())
}
