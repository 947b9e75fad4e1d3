//! Why the API did not answer what was asked.

use std::fmt;
use std::time::Duration;

use super::client::MOST_WAITED;
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
    /// 429, again and again; or the server wants to be left alone for so long that the client would wait longer in all than it does.
    RateLimited(Option<Duration>),
    /// So many requests were sent, the most that a client sends.
    TooManyRequests(usize),
    /// 500, 502, 503 or 504, or no answer in time, again and again: with the status, 0 for no answer.
    Overloaded(u16),
    /// A redirect to another host, or to what is no `http`.
    RedirectedAway(String),
    /// Another status.
    Status(u16),
    /// What came is no JSON, or not that which was asked for.
    Malformed(String),
    /// The query names a field or an argument that this release does not have.
    UnknownField(String),
    /// GraphQL refuses the query; with its messages, masked and shortened.
    Refused(String),
}

impl ApiError {
    /// Whether a smaller page, or fewer things at once, may be answered where this was not.
    #[must_use]
    pub fn is_too_much(&self) -> bool {
        matches!(self, Self::Overloaded(_) | Self::Refused(_) | Self::Transport(TransportError::TooLarge(_)))
    }

    /// Whether it is about what was asked, so that other things may be asked for all the same.
    #[must_use]
    pub fn is_about_one_thing(&self) -> bool {
        match self {
            Self::Transport(error) => matches!(error, TransportError::TooLarge(_)),
            Self::Unauthorized(_) | Self::RateLimited(_) | Self::TooManyRequests(_) | Self::RedirectedAway(_) => false,
            _ => true,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "{error}"),
            Self::Unauthorized(said) if said.is_empty() => {
                f.write_str("401: GitLab does not know the token, or it has expired")
            }
            Self::Unauthorized(said) => write!(f, "401: GitLab does not take the token: {said}"),
            Self::Forbidden(said) if said.is_empty() => f.write_str("403: the role of the token is too low"),
            Self::Forbidden(said) => write!(f, "403: {said}"),
            Self::NotFound => f.write_str("404: not there, or not shown to this token"),
            Self::RateLimited(None) => f.write_str("429: GitLab keeps on refusing so many requests"),
            Self::RateLimited(Some(wait)) => {
                let most = MOST_WAITED.as_secs() / 60;
                write!(
                    f,
                    "the server wants no request for {}, and kaslint waits {most} minutes in all; run it again after that",
                    long(*wait)
                )
            }
            Self::TooManyRequests(most) => {
                write!(
                    f,
                    "{most} requests were sent, and more are sent in no run; run it again, or ask for fewer groups or projects"
                )
            }
            Self::Overloaded(0) => f.write_str("no answer in time"),
            Self::Overloaded(status) => write!(f, "{status}: the server cannot answer this"),
            Self::RedirectedAway(to) => write!(f, "the server redirects to {to}, where the token does not go"),
            Self::Status(status) => write!(f, "the server answers with status {status}"),
            Self::Malformed(why) => write!(f, "the answer cannot be read: {why}"),
            Self::UnknownField(field) => write!(f, "this release has no {field}"),
            Self::Refused(said) => write!(f, "GitLab says: {said}"),
        }
    }
}

/// A wait in words, rounded up.
fn long(wait: Duration) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let (unit, name) = match wait.as_secs() {
        0..=MINUTE => return "a minute".to_owned(),
        seconds if seconds <= 2 * HOUR => (MINUTE, "minutes"),
        seconds if seconds <= 2 * DAY => (HOUR, "hours"),
        _ => (DAY, "days"),
    };
    format!("{} {name}", wait.as_secs().div_ceil(unit))
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insecure => f.write_str("its address is not https, and no token goes there; --insecure-http lets it"),
            Self::Unreachable(why) => write!(f, "cannot be reached: {why}"),
            Self::Certificate(why) if why == "UnknownIssuer" => f.write_str(
                "its certificate is signed by no authority that is trusted (UnknownIssuer); name that authority with --ca-file",
            ),
            Self::Certificate(why) => write!(f, "its certificate is not trusted: {why}"),
            Self::CertificateOfAuthority => f.write_str(
                "its certificate is an authority's own (`CA:TRUE`), which curl takes and rustls does not; give the server a certificate \
                 that an authority of yours has signed, and name that authority with --ca-file",
            ),
            Self::TimedOut(after) => write!(f, "no answer within {} seconds", after.as_secs()),
            Self::Cut(why) => write!(f, "the connection ended before the answer did: {why}"),
            Self::TooLarge(limit) => write!(f, "the answer is larger than {} MiB", limit >> 20),
            Self::Protocol(why) => write!(f, "what answers speaks no HTTP: {why}"),
            Self::Proxy(why) => write!(f, "the proxy refuses: {why}"),
        }
    }
}
