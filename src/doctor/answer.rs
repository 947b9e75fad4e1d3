//! What is asked, and what an answer says.

use serde_json::Value;

use super::kubeconfig::Authority;
use super::{Line, Observed};
use crate::api::{Response, Token, TransportError, shortened};

/// How many characters of what a server says are told.
const MOST_SAID: usize = 240;

/// A request that is to be sent.
#[derive(Clone, Debug)]
pub struct Question {
    /// The whole address.
    pub url: String,
    /// The token that goes with it, to this address alone.
    pub token: Token,
    /// The authority that the server's certificate is held against; `None` for those of the system.
    pub authority: Option<Authority>,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub enum Asked {
    /// It was not sent, and why.
    Not(Line),
    /// It was sent to this address.
    Sent(String, Result<Response, TransportError>),
}

/// What was asked.
#[derive(Clone, Debug)]
pub struct Live {
    /// `GET /job/allowed_agents` of GitLab.
    pub allowed: Asked,
    /// `GET /version` of the cluster's API, by way of the agent server.
    pub version: Asked,
}

/// What a server says with an answer, masked and shortened.
pub(super) struct Said {
    /// The text.
    pub text: String,
    /// Whether it is a `Status` of Kubernetes, which the agent server answers as well as a cluster (from GitLab 15.1).
    pub is_status: bool,
}

impl Said {
    pub fn of(response: &Response) -> Self {
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let words = ["message", "error_description", "error"].iter().find_map(|key| body[*key].as_str());
        let is_page = response.header("content-type").is_some_and(|kind| kind.contains("html"));
        let text = match words {
            Some(words) => words.to_owned(),
            // A page says nothing that helps.
            None if is_page || body.is_object() => String::new(),
            None => String::from_utf8_lossy(&response.body).trim().to_owned(),
        };
        // The trace that the agent server ends with helps nobody here.
        let text = text.split(". Trace ID:").next().unwrap_or_default();
        Self { text: shortened(text, MOST_SAID), is_status: body["kind"] == "Status" }
    }

    /// ` ("…")`, or nothing.
    pub fn quoted(&self) -> String {
        if self.text.is_empty() { String::new() } else { format!(" (\"{}\")", self.text) }
    }
}

/// Where a redirect leads, without what may hold a secret.
pub(super) fn redirect(response: &Response) -> Option<String> {
    let location = response.header("location").filter(|_| (300..400).contains(&response.status))?;
    Some(shortened(location.split(['?', '#']).next().unwrap_or_default(), MOST_SAID))
}

/// Scheme, host and port of an address; `None` for one that is none, or that holds a user.
pub(super) fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_fit = matches!(scheme, "https" | "http") && !host.is_empty() && !host.contains('@');
    let is_plain = url.chars().all(|sign| sign.is_ascii_graphic());
    (is_fit && is_plain).then(|| format!("{scheme}://{}", host.to_ascii_lowercase()))
}

impl Observed {
    /// The agents that GitLab lets the job to, if it was asked and said so.
    #[must_use]
    pub fn allowed(&self) -> Option<super::Allowed> {
        match &self.live.as_ref()?.allowed {
            Asked::Sent(_, Ok(response)) => super::Allowed::read(response),
            _ => None,
        }
    }
}
