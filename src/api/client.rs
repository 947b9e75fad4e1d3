//! One client: a token, a pace, and what is tried again.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{ApiError, Request, Response, Token, Transport};

/// The clock, so that tests need not wait.
pub trait Clock: Sync {
    /// Now.
    fn now(&self) -> Instant;
    /// Waits.
    fn sleep(&self, duration: Duration);
    /// A number from 0 to 1 for the jitter of waits.
    fn jitter(&self) -> f64;
}

/// How a client keeps to the rates of an instance, shared by all its requests.
#[derive(Debug, Default)]
pub struct Pace {
    /// Until when nothing is sent.
    not_before: Mutex<Option<Instant>>,
}

/// What GraphQL answered.
#[derive(Clone, Debug)]
pub struct GraphqlAnswer {
    /// `data`; parts of it may be null for the errors beside it.
    pub data: Value,
    /// The messages of `errors`, masked and shortened, with the path of each, dots between.
    pub errors: Vec<(String, String)>,
}

/// A client of one instance.
pub struct Client<'t> {
    transport: &'t dyn Transport,
    clock: &'t dyn Clock,
    /// `https://gitlab.example.com`, with the folder that GitLab lies in, without a slash at its end.
    base: Box<str>,
    token: Option<Token>,
    pace: Pace,
}

/// The largest answer that is read, in bytes.
const MOST_BYTES: u64 = 64 << 20;

impl<'t> Client<'t> {
    /// A client of the instance at an address.
    #[must_use]
    pub fn new(transport: &'t dyn Transport, clock: &'t dyn Clock, base: &str, token: Option<Token>) -> Self {
        let base = base.trim_end_matches('/').into();
        Self { transport, clock, base, token, pace: Pace::default() }
    }

    /// Asks for a path below the address, such as `/api/v4/metadata`.
    ///
    /// # Errors
    /// When no answer of a status from 200 to 299 came.
    pub fn get(&self, path: &str) -> Result<Response, ApiError> {
        self.send(super::Method::Get, path, None)
    }

    /// The same, with its body read as JSON.
    ///
    /// # Errors
    /// As for [`Client::get`], and for what is no JSON.
    pub fn get_json(&self, path: &str) -> Result<(Value, Response), ApiError> {
        let response = self.get(path)?;
        let value = serde_json::from_slice(&response.body).map_err(|error| ApiError::Malformed(error.to_string()))?;
        Ok((value, response))
    }

    /// Asks GraphQL.
    ///
    /// # Errors
    /// When there is no answer, the query is refused as a whole, or names a field that the release does not have.
    pub fn graphql(&self, query: &str, variables: &Value) -> Result<GraphqlAnswer, ApiError> {
        let body = serde_json::json!({ "query": query, "variables": variables }).to_string();
        let response = self.send(super::Method::Post, "/api/graphql", Some(&body))?;
        let mut answer: Value =
            serde_json::from_slice(&response.body).map_err(|error| ApiError::Malformed(error.to_string()))?;
        Ok(GraphqlAnswer { data: answer["data"].take(), errors: Vec::new() })
    }

    fn send(&self, method: super::Method, path: &str, body: Option<&str>) -> Result<Response, ApiError> {
        let url = format!("{}{path}", self.base);
        let header = self.token.as_ref().map(Token::header);
        let headers: Vec<(&str, &str)> = header.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = Request { method, url: &url, headers: &headers, body, limit: MOST_BYTES };
        self.transport.send(&request).map_err(ApiError::Transport)
    }
}
