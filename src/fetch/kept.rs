//! What was answered is kept, so that a fetch that was broken off goes on where it was.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::ask::{Ask, is_page};
use crate::api::{ApiError, GraphqlAnswer, Response, json_of};

/// Where answers are kept, by names of letters and digits.
pub trait Store: Sync {
    /// What was kept.
    fn kept(&self, name: &str) -> Option<Vec<u8>>;
    /// Keeps something; where that cannot be, it will be asked again.
    fn keep(&self, name: &str, bytes: &[u8]);
}

/// What tells which token it is, without telling the token.
const TOKEN: &str = "/api/v4/personal_access_tokens/self";

/// Asks somebody, and keeps what was answered.
///
/// What the instance says of itself and of the token is asked each time: answers count only for the same release and token.
pub struct Kept<'a> {
    ask: &'a dyn Ask,
    store: &'a dyn Store,
    /// The address of the instance, and what it says of itself and of the token.
    asked_of: Mutex<String>,
}

impl<'a> Kept<'a> {
    /// Keeps the answers of the instance at an address.
    #[must_use]
    pub fn new(ask: &'a dyn Ask, store: &'a dyn Store, url: &str) -> Self {
        Self { ask, store, asked_of: Mutex::new(url.to_owned()) }
    }

    fn name(&self, question: &str) -> String {
        let asked_of = self.asked_of.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = Sha256::new().chain_update(&*asked_of).chain_update([0]).chain_update(question).finalize();
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn note(&self, fact: &str) {
        let mut asked_of = self.asked_of.lock().unwrap_or_else(PoisonError::into_inner);
        asked_of.push('\0');
        asked_of.push_str(fact);
    }
}

/// The header that tells that a list changed between its pages.
const TOTAL: &str = "x-total";

/// What is kept of an answer: the length of the list that it is a page of, or nothing, on a line; the body behind it.
fn written(answer: &Response) -> Vec<u8> {
    let total = answer.header(TOTAL).map(|total| total.replace('\n', "")).unwrap_or_default();
    [total.as_bytes(), b"\n", &answer.body].concat()
}

fn read(mut kept: Vec<u8>) -> Option<Response> {
    let end = kept.iter().position(|&byte| byte == b'\n')?;
    let body = kept.split_off(end + 1);
    kept.pop();
    let total = String::from_utf8(kept).ok()?;
    let headers = if total.is_empty() { Vec::new() } else { vec![(TOTAL.to_owned(), total)] };
    Some(Response { status: 200, headers, body })
}

fn is_file(path: &str) -> bool {
    path.contains("/repository/files/")
}

impl Ask for Kept<'_> {
    fn get(&self, path: &str) -> Result<Response, ApiError> {
        if matches!(path, TOKEN | "/api/v4/metadata" | "/api/v4/version") {
            let answer = self.ask.get(path)?;
            let value = json_of(&answer).unwrap_or_default();
            self.note(&format!("{} {} {}", value["version"], value["id"], value["user_id"]));
            return Ok(answer);
        }
        let name = self.name(path);
        if let Some(answer) = self.store.kept(&name).and_then(read) {
            return Ok(answer);
        }
        let answer = self.ask.get(path)?;
        // What cannot be read may be another time.
        if is_file(path) && !is_page(&answer) || json_of(&answer).is_ok() {
            self.store.keep(&name, &written(&answer));
        }
        Ok(answer)
    }

    fn graphql(&self, query: &str, variables: &Value) -> Result<GraphqlAnswer, ApiError> {
        let name = self.name(&json!([query, variables]).to_string());
        if let Some(data) = self.store.kept(&name).and_then(|kept| serde_json::from_slice(&kept).ok()) {
            return Ok(GraphqlAnswer { data, errors: Vec::new() });
        }
        let answer = self.ask.graphql(query, variables)?;
        // An answer with errors may be a better one next time.
        if answer.errors.is_empty() {
            self.store.keep(&name, answer.data.to_string().as_bytes());
        }
        Ok(answer)
    }
}
