//! Who is asked: a client, or what it answered before.

use serde_json::Value;

use crate::api::{ApiError, Client, GraphqlAnswer, Response};

/// Somebody who answers.
pub trait Ask: Sync {
    /// Asks for a path.
    ///
    /// # Errors
    /// As for [`Client::get`].
    fn get(&self, path: &str) -> Result<Response, ApiError>;

    /// Asks GraphQL.
    ///
    /// # Errors
    /// As for [`Client::graphql`].
    fn graphql(&self, query: &str, variables: &Value) -> Result<GraphqlAnswer, ApiError>;
}

impl Ask for Client<'_> {
    fn get(&self, path: &str) -> Result<Response, ApiError> {
        Client::get(self, path)
    }

    fn graphql(&self, query: &str, variables: &Value) -> Result<GraphqlAnswer, ApiError> {
        Client::graphql(self, query, variables)
    }
}

/// Whether a page for people came in the place of an answer.
pub(super) fn is_page(answer: &Response) -> bool {
    answer.header("content-type").is_some_and(|kind| kind.contains("html"))
}

/// A path as one part of an address.
pub(super) fn encoded(path: &str) -> String {
    percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC).to_string()
}
