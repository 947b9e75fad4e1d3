//! The one room that opens sockets. Without the feature `network` it is not built.

use std::time::{Duration, Instant};

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error, Proxy};

use crate::api::{Authorities, Clock, Method, Request, Response, Transport, TransportError};

/// How long a whole request may take. GitLab gives GraphQL up after 30 seconds (`graphql_timeout`).
const WHOLE: Duration = Duration::from_secs(60);

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(15);

/// HTTP by sockets, with the proxies of the environment.
pub struct Http {
    agent: Agent,
    whole: Duration,
    takes_http: bool,
}

impl Http {
    /// Trusts these authorities, and takes https only.
    ///
    /// # Errors
    /// When what should hold certificates holds none.
    pub fn new(authorities: Authorities<'_>, whole: Option<Duration>) -> Result<Self, String> {
        let roots = match authorities {
            Authorities::System => RootCerts::PlatformVerifier,
            Authorities::Only(pem) => RootCerts::new_with_certs(&certificates(pem)?),
            Authorities::Also(pem) => {
                let mut roots = certificates(pem)?;
                // What cannot be read of the system's is left out, as its verifier does.
                let native = rustls_native_certs::load_native_certs().certs;
                roots.extend(native.iter().map(|certificate| Certificate::from_der(certificate).to_owned()));
                RootCerts::new_with_certs(&roots)
            }
        };
        let whole = whole.unwrap_or(WHOLE);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // Where a redirect leads is for the client to decide, which knows the token.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(whole))
            .timeout_connect(Some(CONNECT.min(whole)))
            .user_agent(concat!("kaslint/", env!("CARGO_PKG_VERSION")))
            .accept("application/json, */*")
            .proxy(Proxy::try_from_env())
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        Ok(Self { agent: config.new_agent(), whole, takes_http: false })
    }

    /// The same, which takes http as well where that is wanted: tokens can then be read on their way.
    #[must_use]
    pub fn taking_http(self, takes_http: bool) -> Self {
        Self { takes_http, ..self }
    }

    fn error(&self, error: Error, limit: u64) -> TransportError {
        let words = error.to_string();
        let whole = format!("{error:?} {words}");
        if whole.contains("CaUsedAsEndEntity") {
            return TransportError::CertificateOfAuthority;
        }
        if whole.contains("InvalidCertificate") || whole.contains("invalid peer certificate") {
            let why = words.rsplit("certificate: ").next().unwrap_or_default().to_owned();
            return TransportError::Certificate(why);
        }
        match error {
            Error::Timeout(_) => TransportError::TimedOut(self.whole),
            Error::HostNotFound => TransportError::Unreachable("its name is not known".to_owned()),
            Error::ConnectionFailed => TransportError::Unreachable("nothing listens there".to_owned()),
            Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                TransportError::Unreachable("nothing listens there".to_owned())
            }
            Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => TransportError::TimedOut(self.whole),
            Error::Io(error) => TransportError::Cut(error.kind().to_string()),
            Error::BodyExceedsLimit(_) => TransportError::TooLarge(limit),
            Error::ConnectProxyFailed(why) => {
                let status = why.rsplit(' ').next().and_then(|status| status.split('/').next()).unwrap_or_default();
                let is_status = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
                TransportError::Proxy(if is_status { format!("status {status}") } else { why })
            }
            Error::InvalidProxyUrl => TransportError::Proxy("its address is none".to_owned()),
            Error::BadUri(_) | Error::Http(_) => TransportError::Unreachable("its address is none".to_owned()),
            Error::BodyStalled => TransportError::Cut("nothing more came".to_owned()),
            _ => TransportError::Protocol(words),
        }
    }
}

/// The certificates of a file, of which there has to be one.
fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, String> {
    let items = parse_pem(pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let certificates: Vec<Certificate<'static>> = items.collect();
    if certificates.is_empty() { Err("it holds no certificate in PEM".to_owned()) } else { Ok(certificates) }
}

impl Transport for Http {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let is_https = request.url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
        if !is_https && !self.takes_http {
            return Err(TransportError::Insecure);
        }
        let error = |error| self.error(error, request.limit);
        let answer = match request.method {
            Method::Get => {
                let builder = self.agent.get(request.url);
                request.headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value)).call()
            }
            Method::Post | Method::Put => {
                let builder = match request.method {
                    Method::Put => self.agent.put(request.url),
                    _ => self.agent.post(request.url),
                };
                let builder = builder.header("content-type", "application/json");
                let builder =
                    request.headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
                builder.send(request.body.unwrap_or_default())
            }
        };
        let mut answer = answer.map_err(error)?;
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_ascii_lowercase(), value.to_str().ok()?.to_owned())));
        let headers = headers.collect();
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(request.limit).read_to_vec().map_err(error)?;
        Ok(Response { status, headers, body })
    }
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Wall;

impl Clock for Wall {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn jitter(&self) -> f64 {
        // Fractions of a second differ enough between processes that all wait for one server.
        let nanoseconds =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().subsec_nanos();
        f64::from(nanoseconds % 1_000_000) / 1_000_000.0
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_types, reason = "a test listens for what must not come")]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Whatever the caller of the transport looked at, nothing is sent over http that nobody allowed.
    #[test]
    fn nothing_goes_over_http_unless_somebody_says_so() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let http = Http::new(Authorities::System, Some(Duration::from_millis(300))).unwrap();
        let send = |http: &Http, url: &str| {
            let headers = [("private-token", "glpat-secret")];
            http.send(&Request { method: Method::Get, url, headers: &headers, body: None, limit: 1 << 10 })
        };
        for url in [format!("http://{address}/"), format!("HTTP://{address}/"), address.to_string(), "é".to_owned()] {
            assert_eq!(send(&http, &url).unwrap_err(), TransportError::Insecure, "{url}");
        }
        assert!(listener.accept().is_err(), "nobody came");
        assert!(send(&http.taking_http(true), &format!("http://{address}/")).is_err(), "nobody answers");
        assert!(listener.accept().is_ok(), "but somebody came");
    }
}
