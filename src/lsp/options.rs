//! What the client's settings say: the section `kaslint`, and `initializationOptions` of the same form.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde_json::Value as Json;

use crate::project::Options;
use crate::rules;
use crate::schema::nearest;

/// The section of the client's settings.
pub(super) const SECTION: &str = "kaslint";

/// The keys of the section that the server reads.
const KEYS: [&str; 11] = [
    "project",
    "inventory",
    "agentSchema",
    "settings",
    "gitlabVersion",
    "tier",
    "select",
    "ignore",
    "inlayHints",
    "codeLens",
    "documentationUrl",
];

/// What the client's settings say.
#[derive(Clone, Debug, Default)]
pub(super) struct EditorOptions {
    /// What is known about GitLab's side, as on the command line; paths start from the workspace folder.
    pub known: Options,
    /// Only these rules; empty for all.
    pub select: Vec<String>,
    /// Not these rules.
    pub ignore: Vec<String>,
    /// Whether each entry shows what it comes to, behind its line.
    pub inlay_hints: bool,
    /// The same above its line.
    pub code_lens: bool,
    /// Where the pages of rules lie on the web.
    pub documentation_url: Option<String>,
}

impl EditorOptions {
    /// Reads settings over what the command line says, and says what in them cannot be used; the rest is used.
    pub fn read(settings: &Json, folder: Option<&Path>, known: &Options) -> (Self, Vec<String>) {
        let mut faults = Vec::new();
        let mut options = Self { known: known.clone(), ..Self::default() };
        // Some clients send the section, some send what holds it.
        let settings = settings.get(SECTION).unwrap_or(settings);
        let Some(settings) = settings.as_object() else { return (options, faults) };
        for (key, value) in settings.iter().filter(|(_, value)| !value.is_null()) {
            if let Err(fault) = options.set(key, value, folder) {
                faults.push(format!("the setting `{SECTION}.{key}` is left out: {fault}"));
            }
        }
        (options, faults)
    }

    fn set(&mut self, key: &str, value: &Json, folder: Option<&Path>) -> Result<(), String> {
        let path =
            |value| text(value).map(|text| text.map(|text| folder.map_or(PathBuf::from(&text), |at| at.join(&text))));
        // A clone may bring along what an editor's client sends, and the client does not say which of it.
        if self.known.isolated && matches!(key, "settings" | "select" | "ignore") {
            return Err("the server runs with --isolated, and a repository may have said it".to_owned());
        }
        match key {
            "project" => fill(&mut self.known.project, text(value)?),
            // What a clone brings along in its own settings is the repository's word, not the caller's.
            "inventory" => {
                let said = path(value)?;
                self.known.inventory_of_editor = said.as_ref().and(folder).map(Path::to_owned);
                fill(&mut self.known.inventory, said);
            }
            "agentSchema" => {
                let said = path(value)?;
                self.known.agent_schema_of_editor = said.as_ref().and(folder).map(Path::to_owned);
                fill(&mut self.known.agent_schema, said);
            }
            "settings" => {
                let said = path(value)?;
                self.known.settings_of_editor = said.as_ref().and(folder).map(Path::to_owned);
                fill(&mut self.known.settings, said);
            }
            "gitlabVersion" => fill(&mut self.known.gitlab_version, parsed(value)?),
            "tier" => fill(&mut self.known.tier, parsed(value)?),
            "select" => self.select = rules(value)?,
            "ignore" => self.ignore = rules(value)?,
            "inlayHints" => self.inlay_hints = switch(value)?,
            "codeLens" => self.code_lens = switch(value)?,
            "documentationUrl" => self.documentation_url = text(value)?,
            // Those of an extension for itself, such as where the program lies, are not the server's to judge.
            _ => {
                if let Some(near) = nearest(key, KEYS.into_iter()) {
                    return Err(format!("there is none of this name; did you mean `{SECTION}.{near}`?"));
                }
            }
        }
        Ok(())
    }
}

/// Takes over what is said; where nothing is, what was said before holds.
fn fill<T>(known: &mut Option<T>, said: Option<T>) {
    if said.is_some() {
        *known = said;
    }
}

/// A text; an empty one stands for none, since settings pages cannot unset.
fn text(value: &Json) -> Result<Option<String>, String> {
    match value.as_str() {
        Some(text) => Ok(Some(text.to_owned()).filter(|text| !text.is_empty())),
        None => Err("it must be text".to_owned()),
    }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(value: &Json) -> Result<Option<T>, String> {
    text(value)?.map(|text| T::from_str(&text).map_err(|error| error.to_string())).transpose()
}

fn switch(value: &Json) -> Result<bool, String> {
    // `{"enable": true}` is what many other servers take.
    let value = value.get("enable").unwrap_or(value);
    value.as_bool().ok_or_else(|| "it must be true or false".to_owned())
}

fn rules(value: &Json) -> Result<Vec<String>, String> {
    let names = value.as_array().ok_or_else(|| "it must be a list of rules".to_owned())?;
    let name = |name: &Json| {
        let name = name.as_str().ok_or_else(|| "it must be a list of rules".to_owned())?;
        match rules::TABLE.find(name) {
            Some(_) => Ok(name.to_owned()),
            None => Err(format!("there is no rule `{name}`; {}", rules::TABLE.nearest(name))),
        }
    };
    names.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (EditorOptions, Vec<String>) {
        EditorOptions::read(&serde_json::from_str(text).expect("JSON"), Some(Path::new("/w")), &Options::default())
    }

    #[test]
    fn settings_are_read_and_faults_told_one_by_one() {
        let (options, faults) = read(
            r#"{"kaslint": {"inventory": "i.yaml", "tier": "premium", "gitlabVersion": "17.4", "project": "",
                "select": ["unknown-keys"], "inlayHints": {"enable": true}, "codeLens": 1, "path": "/x"}}"#,
        );
        assert_eq!(options.known.inventory, Some(PathBuf::from("/w/i.yaml")));
        assert_eq!(options.known.project, None);
        assert!(options.inlay_hints && options.known.tier.is_some() && options.known.gitlab_version.is_some());
        assert_eq!(
            faults,
            [
                "the setting `kaslint.select` is left out: there is no rule `unknown-keys`; did you mean `unknown-key`?",
                "the setting `kaslint.codeLens` is left out: it must be true or false",
            ]
        );
        assert!(read("null").1.is_empty() && read("[]").1.is_empty());
    }

    #[test]
    fn a_key_that_is_nearly_one_is_told_and_an_extensions_own_is_not() {
        let (_, faults) =
            read(r#"{"gitlab_version": "17.4", "trace": {"server": "off"}, "path": "/x", "showOutput": true}"#);
        let fault = "there is none of this name; did you mean `kaslint.gitlabVersion`?";
        assert_eq!(faults, [format!("the setting `kaslint.gitlab_version` is left out: {fault}")]);
        // What is read is known by its name: a value of a wrong kind is told as such.
        for key in KEYS {
            let (_, faults) = read(&format!(r#"{{"{key}": [[]]}}"#));
            assert!(faults.len() == 1 && !faults[0].contains("none of this name"), "{key}: {faults:?}");
        }
    }
}
