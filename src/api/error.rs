//! Why the API did not answer what was asked.

use super::transport::TransportError;

/// Why a request came to nothing, after all that is to be tried again was tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// No answer.
    Transport(TransportError),
    /// 401: no token, or one that GitLab does not know, that has expired or was revoked. With what GitLab says.
    Unauthorized(String),
    /// 403: the role is too low, or the scope of the token, which is then named.
    Forbidden(String),
    /// 404: not there, or not to be seen.
    NotFound,
    /// 429, again and again.
    RateLimited,
    /// 503, 502, 500 or a time-out, again and again: with the status.
    Overloaded(u16),
    /// A redirect to another host, or to what is no `http`.
    RedirectedAway(String),
    /// Another status.
    Status(u16),
    /// What came is no JSON, or not that which was asked for.
    Malformed(String),
    /// The query names a field that this release does not have.
    UnknownField(String),
    /// GraphQL refuses the query or could not answer all of it; with its messages, masked and shortened.
    Refused(String),
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}
