//! The configuration of glab, GitLab's command line: hosts and their tokens.
//!
//! Source: glab of 2025-12, `internal/config`.

use serde::Deserialize;
use std::collections::BTreeMap;

/// What is read of it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Glab {
    /// The host that is meant where none is named.
    #[serde(default)]
    pub host: Option<String>,
    /// What is known of hosts.
    #[serde(default)]
    pub hosts: BTreeMap<String, Option<Host>>,
}

/// A host. What is written in quotes and what is not counts alike.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Host {
    #[serde(default)]
    pub token: Option<String>,
    #[serde(default)]
    pub api_protocol: Option<String>,
    #[serde(default)]
    pub api_host: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub is_oauth2: String,
    #[serde(default, deserialize_with = "text")]
    pub oauth2_expiry_date: String,
    /// Everything else.
    #[serde(flatten)]
    rest: BTreeMap<String, serde_yaml::Value>,
}

impl Host {
    /// The settings of how glab connects that are set here and that kaslint does not go by.
    pub fn unused(&self) -> Vec<&'static str> {
        let is_set = |name: &&&str| match self.rest.get(**name) {
            None | Some(serde_yaml::Value::Null | serde_yaml::Value::Bool(false)) => false,
            Some(serde_yaml::Value::String(text)) => !text.is_empty() && text != "false",
            Some(serde_yaml::Value::Sequence(items)) => !items.is_empty(),
            Some(_) => true,
        };
        let names = ["ca_cert", "client_cert", "client_key", "custom_headers", "skip_tls_verify"];
        names.iter().filter(is_set).copied().collect()
    }
}

fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = serde_yaml::Value::deserialize(deserializer)?;
    Ok(match value {
        serde_yaml::Value::String(text) => text,
        serde_yaml::Value::Bool(value) => value.to_string(),
        _ => String::new(),
    })
}

impl Glab {
    /// Reads it; a file that is none says nothing.
    pub fn read(text: &str) -> Self {
        serde_yaml::from_str(text).unwrap_or_default()
    }

    /// What is known of a host.
    pub fn host(&self, name: &str) -> Option<&Host> {
        let known = self.hosts.iter().find(|(known, host)| {
            known.eq_ignore_ascii_case(name) || host.as_ref().and_then(|host| host.api_host.as_deref()) == Some(name)
        });
        known?.1.as_ref()
    }
}
