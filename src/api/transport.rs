//! What goes out and what comes back.

use std::fmt;
use std::time::Duration;

/// How a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
}

/// A token, which nothing prints.
#[derive(Clone, PartialEq, Eq)]
pub enum Token {
    /// A personal, project or group access token: `PRIVATE-TOKEN`.
    Access(Box<str>),
    /// A token by OAuth: `Authorization: Bearer`.
    OAuth(Box<str>),
    /// The token of a job: `JOB-TOKEN`.
    Job(Box<str>),
}

impl Token {
    /// The header that carries it: name and value.
    #[must_use]
    pub fn header(&self) -> (&'static str, String) {
        match self {
            Self::Access(token) => ("private-token", token.to_string()),
            Self::OAuth(token) => ("authorization", format!("Bearer {token}")),
            Self::Job(token) => ("job-token", token.to_string()),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Access(_) => "Access(***)",
            Self::OAuth(_) => "OAuth(***)",
            Self::Job(_) => "Job(***)",
        })
    }
}

/// A request. Its address holds no secret; its headers may.
#[derive(Clone)]
pub struct Request<'a> {
    /// How.
    pub method: Method,
    /// The whole address.
    pub url: &'a str,
    /// Headers, names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    /// What is sent along, as JSON.
    pub body: Option<&'a str>,
    /// The largest answer that is read, in bytes.
    pub limit: u64,
}

/// An answer, read to its end.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status of HTTP.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// What came.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of a name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer. Texts hold no header and no body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// The address is not https, and nobody said that a token may go there.
    Insecure,
    /// The name of the host is not known, or nothing listens there.
    Unreachable(String),
    /// The certificate is not trusted.
    Certificate(String),
    /// The certificate of the server says that it is an authority of its own, which rustls refuses and curl takes.
    CertificateOfAuthority,
    /// It took longer than this.
    TimedOut(Duration),
    /// The connection ended before the answer did.
    Cut(String),
    /// The answer is larger than the limit of the request, in bytes.
    TooLarge(u64),
    /// Something that is no HTTP.
    Protocol(String),
    /// The proxy refuses.
    Proxy(String),
}

/// Who vouches for the certificate of a server; certificates in PEM.
#[derive(Clone, Copy, Debug)]
pub enum Authorities<'a> {
    /// Those of the operating system, or of `SSL_CERT_FILE` and `SSL_CERT_DIR` in their place.
    System,
    /// Those and these: behind a proxy that signs anew, answers of both kinds come. glab's `ca_cert` is meant so too.
    Also(&'a [u8]),
    /// These alone, as a kubeconfig has it.
    Only(&'a [u8]),
}

/// Sends requests. It follows no redirect: where one leads is the client's business.
pub trait Transport: Sync {
    /// Sends a request and reads the answer, whatever its status.
    ///
    /// # Errors
    /// Where no whole answer came.
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError>;
}
