//! The one room that opens sockets. Without the feature `network` it is not built.

use std::time::{Duration, Instant};

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error, Proxy};

use crate::api::{Clock, Method, Request, Response, Transport, TransportError};

/// How long a whole request may take. GitLab gives GraphQL up after 30 seconds (`graphql_timeout`).
const WHOLE: Duration = Duration::from_secs(60);

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(15);

/// HTTP by sockets, with the proxies of the environment.
pub struct Http {
    agent: Agent,
    whole: Duration,
}

impl Http {
    /// Trusts the authorities of the operating system, or those of `SSL_CERT_FILE`; where a file of authorities is given, those alone.
    ///
    /// # Errors
    /// When the file holds no certificate.
    pub fn new(authorities: Option<&[u8]>, whole: Option<Duration>) -> Result<Self, String> {
        let roots = match authorities {
            None => RootCerts::PlatformVerifier,
            Some(pem) => {
                let items = parse_pem(pem).filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                });
                let certificates: Vec<Certificate<'static>> = items.collect();
                if certificates.is_empty() {
                    return Err("it holds no certificate in PEM".to_owned());
                }
                RootCerts::new_with_certs(&certificates)
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
        Ok(Self { agent: config.new_agent(), whole })
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
            Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => TransportError::Proxy(words),
            Error::BadUri(_) | Error::Http(_) => TransportError::Unreachable("its address is none".to_owned()),
            Error::BodyStalled => TransportError::Cut("nothing more came".to_owned()),
            _ => TransportError::Protocol(words),
        }
    }
}

impl Transport for Http {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let error = |error| self.error(error, request.limit);
        let answer = match request.method {
            Method::Get => {
                let builder = self.agent.get(request.url);
                request.headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value)).call()
            }
            Method::Post => {
                let builder = self.agent.post(request.url).header("content-type", "application/json");
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
