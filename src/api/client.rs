//! One client: a token, a pace, and what is tried again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use serde_json::Value;

use super::{ApiError, Method, Request, Response, Token, Transport, TransportError};
use crate::source::{secrets, visible};

/// The largest answer that is read, in bytes.
const MOST_BYTES: u64 = 64 << 20;

/// How often one request is sent before it is given up.
const MOST_TRIES: u32 = 5;

/// How often one request waits for the rate of the instance.
const MOST_WAITS: u32 = 3;

/// How long a client waits in all, whatever its requests wait for; windows of GitLab are 60 or 600 seconds.
pub(super) const MOST_WAITED: Duration = Duration::from_secs(30 * 60);

/// How many requests a client sends in all, those that are tried again included: twenty times those of 10,000 projects.
const MOST_REQUESTS: usize = 200_000;

/// A wait that a server asks for is taken to be no longer than this, so that clocks can be added to: ten years.
const LONGEST_TOLD: u64 = 10 * 365 * 24 * 60 * 60;

/// The first wait before something is tried again, doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// How many redirects are followed.
const MOST_REDIRECTS: u32 = 5;

/// How many characters of a message of the server are told.
const MOST_SAID: usize = 200;

/// So many characters behind those that are told are looked at for the rest of a secret.
const MOST_LOOKED_AT: usize = 16 << 10;

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
struct Pace {
    /// Until when nothing is sent.
    not_before: Mutex<Option<Instant>>,
    waited: Mutex<Waited>,
}

/// What of [`MOST_WAITED`] is used up. Requests that wait side by side use it once.
#[derive(Debug, Default)]
struct Waited {
    total: Duration,
    /// The end of the last wait that counts in `total`.
    until: Option<Instant>,
}

/// What GraphQL answered.
#[derive(Clone, Debug)]
pub struct GraphqlAnswer {
    /// `data`; parts of it may be null for the errors beside it.
    pub data: Value,
    /// The messages of `errors`, masked and shortened, with the path of each, dots between.
    pub errors: Vec<(String, String)>,
}

/// A client of one instance, for several threads at a time.
pub struct Client<'t> {
    transport: &'t dyn Transport,
    clock: &'t dyn Clock,
    /// `https://gitlab.example.com`, with the folder that GitLab lies in, without a slash at its end.
    base: Box<str>,
    token: Option<Token>,
    pace: Pace,
    sent: AtomicUsize,
    most_requests: usize,
}

impl<'t> Client<'t> {
    /// A client of the instance at an address.
    #[must_use]
    pub fn new(transport: &'t dyn Transport, clock: &'t dyn Clock, base: &str, token: Option<Token>) -> Self {
        let base = base.trim_end_matches('/').into();
        Self {
            transport,
            clock,
            base,
            token,
            pace: Pace::default(),
            sent: AtomicUsize::new(0),
            most_requests: MOST_REQUESTS,
        }
    }

    /// How many requests were sent, those that were tried again included.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    /// Asks for a path below the address, such as `/api/v4/metadata`.
    ///
    /// # Errors
    /// When no answer of a status from 200 to 299 came.
    pub fn get(&self, path: &str) -> Result<Response, ApiError> {
        self.send(Method::Get, path, None)
    }

    /// The same, with its body read as JSON.
    ///
    /// # Errors
    /// As for [`Client::get`], and for what is no JSON.
    pub fn get_json(&self, path: &str) -> Result<(Value, Response), ApiError> {
        let response = self.get(path)?;
        Ok((json_of(&response)?, response))
    }

    /// Asks GraphQL.
    ///
    /// # Errors
    /// When there is no answer, the query is refused as a whole, or names a field that the release does not have.
    pub fn graphql(&self, query: &str, variables: &Value) -> Result<GraphqlAnswer, ApiError> {
        let body = serde_json::json!({ "query": query, "variables": variables }).to_string();
        let response = self.send(Method::Post, "/api/graphql", Some(&body))?;
        let mut answer = json_of(&response)?;
        if !answer.is_object() {
            return Err(ApiError::Malformed("it is no object".to_owned()));
        }
        let errors = answer["errors"].take();
        let errors = errors.as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(field) = errors.iter().find_map(unknown_field) {
            return Err(ApiError::UnknownField(field));
        }
        let data = answer["data"].take();
        let errors: Vec<(String, String)> =
            errors.iter().map(|error| (said(&error["message"]), path_of(error))).collect();
        match (data.is_object(), errors.first()) {
            (true, _) => Ok(GraphqlAnswer { data, errors }),
            (false, Some((message, _))) => Err(ApiError::Refused(message.clone())),
            (false, None) => Err(ApiError::Malformed("there is no `data` in it".to_owned())),
        }
    }

    /// Writes what is to be there once: sent again only where GitLab surely did not take it, since a request without an answer may have
    /// been carried out.
    ///
    /// # Errors
    /// When no answer of a status from 200 to 299 came.
    pub fn create(&self, path: &str, body: &Value) -> Result<Response, ApiError> {
        self.send_as(Method::Post, path, Some(&body.to_string()), 1)
    }

    /// Writes in the place of what is there, which may be done again.
    ///
    /// # Errors
    /// When no answer of a status from 200 to 299 came.
    pub fn replace(&self, path: &str, body: &Value) -> Result<Response, ApiError> {
        self.send(Method::Put, path, Some(&body.to_string()))
    }

    fn send(&self, method: Method, path: &str, body: Option<&str>) -> Result<Response, ApiError> {
        self.send_as(method, path, body, MOST_TRIES)
    }

    fn send_as(&self, method: Method, path: &str, body: Option<&str>, most_tries: u32) -> Result<Response, ApiError> {
        let header = self.token.as_ref().map(Token::header);
        let headers: Vec<(&str, &str)> = header.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut url = format!("{}{path}", self.base);
        let (mut tries, mut waits, mut redirects) = (0, 0, 0);
        loop {
            self.keep_pace()?;
            self.count()?;
            let request = Request { method, url: &url, headers: &headers, body, limit: MOST_BYTES };
            let response = match self.transport.send(&request) {
                Ok(response) => response,
                Err(error @ (TransportError::TimedOut(_) | TransportError::Cut(_))) => {
                    tries += 1;
                    if tries >= most_tries {
                        return Err(match error {
                            TransportError::TimedOut(_) => ApiError::Overloaded(0),
                            error => ApiError::Transport(error),
                        });
                    }
                    self.back_off(tries)?;
                    continue;
                }
                Err(error) => return Err(ApiError::Transport(error)),
            };
            self.note_rate(&response);
            match response.status {
                200..=299 => return Ok(response),
                301 | 302 | 303 | 307 | 308 => {
                    redirects += 1;
                    url = self.redirected(&url, &response, method, redirects)?;
                }
                429 => {
                    waits += 1;
                    let wait = retry_after(&response).or_else(|| until_reset(&response));
                    self.pause(wait.unwrap_or(Duration::from_secs(60)));
                    if waits > MOST_WAITS {
                        return Err(ApiError::RateLimited(None));
                    }
                }
                status @ (500 | 502 | 503 | 504) => {
                    tries += 1;
                    if tries >= most_tries {
                        return Err(ApiError::Overloaded(status));
                    }
                    match retry_after(&response) {
                        Some(wait) => self.pause(wait),
                        None => self.back_off(tries)?,
                    }
                }
                401 => return Err(ApiError::Unauthorized(words_of(&response))),
                403 => return Err(ApiError::Forbidden(forbidden(&response))),
                404 => return Err(ApiError::NotFound),
                status => return Err(ApiError::Status(status)),
            }
        }
    }

    /// Counts a request before it is sent.
    fn count(&self) -> Result<(), ApiError> {
        let count = |sent: usize| (sent < self.most_requests).then(|| sent + 1);
        let counted = self.sent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
        counted.map(|_| ()).map_err(ApiError::TooManyRequests)
    }

    /// Waits until the instance wants requests again.
    fn keep_pace(&self) -> Result<(), ApiError> {
        loop {
            let until = *self.pace.not_before.lock().unwrap_or_else(PoisonError::into_inner);
            match until.map(|until| until.saturating_duration_since(self.clock.now())) {
                Some(wait) if !wait.is_zero() => self.wait(wait)?,
                _ => return Ok(()),
            }
        }
    }

    /// Lets no request of this client go out for a while.
    fn pause(&self, wait: Duration) {
        let until = self.clock.now() + wait;
        let mut not_before = self.pace.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        if not_before.is_none_or(|known| known < until) {
            *not_before = Some(until);
        }
    }

    /// Waits before something is tried again.
    fn back_off(&self, tries: u32) -> Result<(), ApiError> {
        let wait = FIRST_WAIT * 2_u32.saturating_pow(tries.saturating_sub(1));
        self.wait(wait.mul_f64(0.5 + self.clock.jitter().clamp(0.0, 1.0) / 2.0))
    }

    /// Waits, where that is within what a client waits in all.
    fn wait(&self, wait: Duration) -> Result<(), ApiError> {
        let now = self.clock.now();
        let until = now + wait;
        {
            let mut waited = self.pace.waited.lock().unwrap_or_else(PoisonError::into_inner);
            let counted = waited.until.map_or(now, |counted| counted.max(now));
            let total = waited.total + until.saturating_duration_since(counted);
            if total > MOST_WAITED {
                return Err(ApiError::RateLimited(Some(wait)));
            }
            *waited = Waited { total, until: Some(counted.max(until)) };
        }
        self.clock.sleep(wait);
        Ok(())
    }

    /// Where the instance says that nothing is left of its window, the next request waits for the next one.
    ///
    /// Source: `doc/administration/settings/user_and_ip_rate_limits.md`: these headers stand on every answer from 18.6 on, before on 429 only.
    fn note_rate(&self, response: &Response) {
        let is_spent = response.header("ratelimit-remaining").is_some_and(|rest| rest.trim() == "0");
        // A 429 has `Retry-After` as well, which goes before.
        if let Some(wait) = until_reset(response).filter(|_| is_spent && response.status != 429) {
            self.pause(wait);
        }
    }

    /// Where a redirect leads, if that is on the same host.
    fn redirected(&self, url: &str, response: &Response, method: Method, redirects: u32) -> Result<String, ApiError> {
        let Some(location) = response.header("location") else { return Err(ApiError::Status(response.status)) };
        let shown = || shortened(location.split(['?', '#']).next().unwrap_or_default(), MOST_SAID);
        let origin = origin_of(url);
        let target = match location.strip_prefix('/').filter(|rest| !rest.starts_with('/')) {
            Some(rest) => format!("{origin}/{rest}"),
            None => location.to_owned(),
        };
        let is_here =
            origin_of(&target) == origin && target.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/'));
        if !is_here || method != Method::Get {
            return Err(ApiError::RedirectedAway(shown()));
        }
        if redirects > MOST_REDIRECTS {
            return Err(ApiError::Malformed(format!("it redirects again and again, at last to {}", shown())));
        }
        Ok(target)
    }
}

/// Scheme, host and port of an address.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |scheme| scheme + 3);
    let end = url.get(host..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(url.len(), |end| host + end);
    url.get(..end).unwrap_or(url)
}

/// Reads JSON out of an answer.
///
/// # Errors
/// When it is none, with what came in its place.
pub fn json_of(response: &Response) -> Result<Value, ApiError> {
    if let Some(kind) = response.header("content-type").filter(|kind| kind.contains("html")) {
        let kind = shortened(kind.split(';').next().unwrap_or_default(), MOST_SAID);
        return Err(ApiError::Malformed(format!("it is {kind}; a proxy or a sign-in page answers in GitLab's place")));
    }
    serde_json::from_slice(&response.body).map_err(|error| ApiError::Malformed(error.to_string()))
}

/// How long to wait by `Retry-After`: seconds, as GitLab has it, or a date, as proxies before it may.
fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are a very long wait.
        true => (!text.is_empty()).then(|| Duration::from_secs(text.parse().unwrap_or(u64::MAX).min(LONGEST_TOLD))),
        false => Some(until(date(text)?.as_second(), response)),
    }
}

/// How long it is to the next window by `RateLimit-Reset`, in seconds since 1970.
fn until_reset(response: &Response) -> Option<Duration> {
    let text = response.header("ratelimit-reset")?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| until(text.parse().unwrap_or(i64::MAX), response))
}

/// How long it is to a second since 1970, by the clock of the server where it tells that, else by this machine's.
fn until(second: i64, response: &Response) -> Duration {
    let now = response.header("date").and_then(date).unwrap_or_else(Timestamp::now).as_second();
    let wait = u64::try_from(second.saturating_sub(now)).unwrap_or_default();
    Duration::from_secs(wait.min(LONGEST_TOLD))
}

/// A date of HTTP (RFC 9110, 5.6.7), which is one of RFC 2822: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn date(text: &str) -> Option<Timestamp> {
    // The day of the week adds nothing, and is not held against the date.
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text.trim()).ok()
}

/// A text of the server with secrets masked, on one line, and no more of it than so many characters.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    // Masked first: of a token that is cut, the beginning is no token any more. What lies far behind is never told.
    let looked_at: String = text.chars().take(most.saturating_add(MOST_LOOKED_AT)).collect();
    let told: String = secrets::mask(&looked_at).chars().take(most).collect();
    visible(&told).into_owned()
}

fn said(message: &Value) -> String {
    shortened(message.as_str().unwrap_or_default(), MOST_SAID)
}

fn path_of(error: &Value) -> String {
    let parts = error["path"].as_array().into_iter().flatten().take(12);
    let parts: Vec<String> = parts.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
    shortened(&parts.join("."), MOST_SAID)
}

/// What the server says in `error_description`, `message` or `error`.
fn words_of(response: &Response) -> String {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let words = ["error_description", "message", "error"].iter().map(|key| said(&body[*key]));
    words.into_iter().find(|words| !words.is_empty()).filter(|words| words != "401 Unauthorized").unwrap_or_default()
}

/// Why something is forbidden: the scope or the permission that the token lacks, where GitLab names it.
fn forbidden(response: &Response) -> String {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let scope = said(&body["scope"]);
    match body["error"].as_str() {
        Some("insufficient_scope") if !scope.is_empty() => {
            format!("the token lacks a scope; one of these would do: {scope}")
        }
        Some("insufficient_granular_scope") => {
            format!(
                "the fine-grained token lacks a permission ({}); the scope read_api would do",
                said(&body["error_description"])
            )
        }
        _ => words_of(response).replace("403 Forbidden", ""),
    }
}

/// The field or argument that a query names and the release does not have.
fn unknown_field(error: &Value) -> Option<String> {
    let message = error["message"].as_str()?;
    let quoted = |text: &str| text.split('\'').nth(1).map(str::to_owned);
    if let Some((_, argument)) = message.split_once("doesn't accept argument") {
        return quoted(argument);
    }
    let is_unknown = message.starts_with("Field '") && message.contains("doesn't exist on type");
    if is_unknown { quoted(message) } else { None }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use serde_json::json;

    use super::*;

    /// Answers one after the other, and what was asked.
    #[derive(Default)]
    struct Script {
        answers: Mutex<VecDeque<Result<Response, TransportError>>>,
        asked: Mutex<Vec<(String, Vec<String>)>>,
    }

    impl Transport for Script {
        fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
            let headers = request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            self.asked.lock().unwrap().push((request.url.to_owned(), headers));
            self.answers.lock().unwrap().pop_front().unwrap_or_else(|| Err(TransportError::Cut("no more".to_owned())))
        }
    }

    /// A clock that stands still but for its waits.
    struct Still(Instant, Mutex<Duration>);

    impl Clock for Still {
        fn now(&self) -> Instant {
            self.0 + *self.1.lock().unwrap()
        }

        fn sleep(&self, duration: Duration) {
            *self.1.lock().unwrap() += duration;
        }

        fn jitter(&self) -> f64 {
            1.0
        }
    }

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Response, TransportError> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ok(Response { status, headers, body: body.as_bytes().to_vec() })
    }

    /// What a client gets, what it asked, and how long it waited.
    fn get(answers: Vec<Result<Response, TransportError>>) -> (Result<Value, ApiError>, Vec<String>, Duration) {
        let script = Script { answers: Mutex::new(answers.into()), ..Script::default() };
        let clock = Still(Instant::now(), Mutex::default());
        let client =
            Client::new(&script, &clock, "https://gitlab.example.com/", Some(Token::Access("glpat-secret".into())));
        let result = client.get_json("/api/v4/x").map(|(value, _)| value);
        let asked = script.asked.lock().unwrap().iter().map(|(url, _)| url.clone()).collect();
        let waited = *clock.1.lock().unwrap();
        (result, asked, waited)
    }

    #[test]
    fn both_forms_of_429_are_waited_for() {
        let plain = || response(429, &[("content-type", "text/plain"), ("retry-after", "60")], "Retry later\n");
        let json = || {
            response(
                429,
                &[("content-type", "application/json"), ("retry-after", "600")],
                r#"{"message":{"error":"too many"}}"#,
            )
        };
        let (result, asked, waited) = get(vec![plain(), json(), response(200, &[], "[1]")]);
        assert_eq!((result, asked.len(), waited), (Ok(json!([1])), 3, Duration::from_secs(660)));
        let (result, asked, _) = get((0..9).map(|_| plain()).collect());
        assert_eq!((result, asked.len()), (Err(ApiError::RateLimited(None)), 4));
        let (result, asked, waited) = get(vec![response(429, &[("retry-after", "86400")], "")]);
        assert_eq!(
            (result, asked.len(), waited.as_secs()),
            (Err(ApiError::RateLimited(Some(Duration::from_secs(86400)))), 1, 0)
        );
    }

    #[test]
    fn what_passes_is_tried_again_and_given_up_in_the_end() {
        for status in [500, 502, 503, 504] {
            let (result, asked, _) = get(vec![response(status, &[], ""), response(200, &[], "{}")]);
            assert_eq!((result, asked.len()), (Ok(json!({})), 2));
            let (result, asked, waited) = get((0..9).map(|_| response(status, &[], "")).collect());
            assert_eq!((result, asked.len()), (Err(ApiError::Overloaded(status)), 5));
            assert_eq!(waited, Duration::from_millis(500 + 1000 + 2000 + 4000));
        }
        let (result, asked, _) = get(vec![Err(TransportError::Cut("eof".to_owned())), response(200, &[], "{}")]);
        assert_eq!((result, asked.len()), (Ok(json!({})), 2));
    }

    #[test]
    fn a_refusal_is_not_tried_again_and_says_what_would_do() {
        let expired = r#"{"error":"invalid_token","error_description":"Token is expired. You can either do re-authorization or token refresh."}"#;
        let (result, asked, _) = get(vec![response(401, &[], expired)]);
        assert_eq!(asked.len(), 1);
        assert!(result.unwrap_err().to_string().contains("Token is expired"));
        let scope = r#"{"error":"insufficient_scope","error_description":"x","scope":"api read_api"}"#;
        let error = get(vec![response(403, &[], scope)]).0.unwrap_err().to_string();
        assert_eq!(error, "403: the token lacks a scope; one of these would do: api read_api");
        assert_eq!(get(vec![response(404, &[], "")]).0, Err(ApiError::NotFound));
    }

    #[test]
    fn redirects_stay_on_the_host() {
        let to = |location: &str| response(301, &[("location", location)], "");
        for here in ["/api/v4/y", "https://gitlab.example.com/api/v4/y"] {
            let (result, asked, _) = get(vec![to(here), response(200, &[], "{}")]);
            assert_eq!((result, asked[1].as_str()), (Ok(json!({})), "https://gitlab.example.com/api/v4/y"));
        }
        for away in [
            "https://gitlab.example.com.evil.example/x",
            "https://evil.example/x",
            "http://gitlab.example.com/x",
            "//evil.example/x",
            "file:///etc/passwd",
            "https://gitlab.example.com:8443/x",
            "https://gitlab.example.com@evil.example/x",
        ] {
            let (result, asked, _) = get(vec![to(away), response(200, &[], "{}")]);
            assert!(matches!(result, Err(ApiError::RedirectedAway(_))), "{away}");
            assert_eq!(asked.len(), 1, "{away}");
        }
        let (result, asked, _) = get((0..9).map(|_| to("/api/v4/x")).collect());
        let said = result.unwrap_err().to_string();
        assert_eq!(said, "the answer cannot be read: it redirects again and again, at last to /api/v4/x");
        assert_eq!(asked.len(), 6);
    }

    #[test]
    fn what_is_no_json_is_said() {
        let page = response(200, &[("content-type", "text/html; charset=utf-8")], "<html>");
        assert!(get(vec![page]).0.unwrap_err().to_string().contains("text/html; a proxy or a sign-in page"));
        assert!(matches!(get(vec![response(200, &[], "\u{1}")]).0, Err(ApiError::Malformed(_))));
        let deep = "[".repeat(100_000);
        assert!(matches!(get(vec![response(200, &[], &deep)]).0, Err(ApiError::Malformed(_))));
    }

    /// Two requests, and how long the second waited for what the first one's answer says.
    fn second(headers: &[(&str, &str)]) -> (Result<Response, ApiError>, Duration) {
        let answers = vec![response(200, headers, "1"), response(200, &[], "2")];
        let script = Script { answers: Mutex::new(answers.into()), ..Script::default() };
        let clock = Still(Instant::now(), Mutex::default());
        let client = Client::new(&script, &clock, "https://gitlab.example.com", None);
        client.get("/a").unwrap();
        assert!(clock.1.lock().unwrap().is_zero(), "the first does not wait");
        let result = client.get("/b");
        let waited = *clock.1.lock().unwrap();
        (result, waited)
    }

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    /// The second of 1970's that is [`DATE`].
    const SECOND: i64 = 784_111_777;

    #[test]
    fn a_window_without_a_rest_is_waited_for() {
        let spent = |reset: i64| {
            second(&[("ratelimit-remaining", "0"), ("ratelimit-reset", &reset.to_string()), ("date", DATE)])
        };
        for wait in [1, 30, 600, 1800] {
            let (result, waited) = spent(SECOND + wait);
            assert_eq!((result.unwrap().status, i64::try_from(waited.as_secs()).unwrap()), (200, wait));
        }
        assert!(spent(SECOND - 30).1.is_zero(), "a window that has begun");
        // Nothing is sent into a window that is too far off, and that is told.
        for (reset, told) in [(SECOND + 1801, 1801), (SECOND + 7200, 7200), (i64::MAX, LONGEST_TOLD)] {
            let (result, waited) = spent(reset);
            assert_eq!(result.unwrap_err(), ApiError::RateLimited(Some(Duration::from_secs(told))));
            assert!(waited.is_zero());
        }
        let rest = second(&[("ratelimit-remaining", "1"), ("ratelimit-reset", "9999999999"), ("date", DATE)]);
        assert!(rest.0.is_ok() && rest.1.is_zero());
    }

    #[test]
    fn without_a_date_of_the_server_this_clock_counts() {
        let reset = (Timestamp::now().as_second() + 30).to_string();
        for date in [None, Some("tomorrow")] {
            let mut headers = vec![("ratelimit-remaining", "0"), ("ratelimit-reset", reset.as_str())];
            headers.extend(date.map(|date| ("date", date)));
            let waited = second(&headers).1;
            assert!((28..=30).contains(&waited.as_secs()), "{waited:?}");
        }
    }

    #[test]
    fn a_date_says_how_long_to_wait_as_seconds_do() {
        for status in [429, 503] {
            let wait = |after: &str| {
                let refused = response(status, &[("retry-after", after), ("date", DATE)], "");
                let (result, _, waited) = get(vec![refused, response(200, &[], "1")]);
                result.map(|_| waited.as_secs())
            };
            assert_eq!(wait("90"), Ok(90));
            assert_eq!(wait("Sun, 06 Nov 1994 08:51:07 GMT"), Ok(90));
            assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Ok(0));
            for (after, told) in [
                ("Sun, 06 Nov 1994 10:49:37 GMT", 7200),
                ("7200", 7200),
                ("99999999999999999999999999", LONGEST_TOLD),
                ("Sun, 06 Nov 2994 08:49:37 GMT", LONGEST_TOLD),
            ] {
                assert_eq!(
                    wait(after),
                    Err(ApiError::RateLimited(Some(Duration::from_secs(told)))),
                    "{status} {after}"
                );
            }
            // What says nothing is as if it were not there.
            let unknown = if status == 429 { 60 } else { 0 };
            for after in ["", "soon", "-5", "1.5"] {
                assert_eq!(wait(after), Ok(unknown), "{status} {after}");
            }
        }
        let by_reset = response(429, &[("ratelimit-reset", &(SECOND + 25).to_string()), ("date", DATE)], "");
        assert_eq!(get(vec![by_reset, response(200, &[], "1")]).2.as_secs(), 25);
    }

    #[test]
    fn a_client_waits_so_long_in_all_and_no_longer() {
        let busy = || response(429, &[("retry-after", "600")], "");
        let answers =
            [busy(), response(200, &[], "1"), busy(), response(200, &[], "1"), busy(), response(200, &[], "1")];
        let more = [response(200, &[], "1"), busy(), response(200, &[], "1")];
        let script = Script { answers: Mutex::new(answers.into_iter().chain(more).collect()), ..Script::default() };
        let clock = Still(Instant::now(), Mutex::default());
        let client = Client::new(&script, &clock, "https://gitlab.example.com", None);
        for _ in 0..4 {
            client.get("/a").unwrap();
        }
        let error = client.get("/a").unwrap_err();
        assert_eq!(error, ApiError::RateLimited(Some(Duration::from_secs(600))));
        assert_eq!((*clock.1.lock().unwrap(), script.answers.lock().unwrap().len()), (MOST_WAITED, 1));
        assert!(client.get("/a").is_err(), "and nothing more goes out");
        // What is tried again is waited for as well.
        let failing = (0..3000).map(|number| response(if number % 5 == 4 { 200 } else { 500 }, &[], "1"));
        let script = Script { answers: Mutex::new(failing.collect()), ..Script::default() };
        let clock = Still(Instant::now(), Mutex::default());
        let client = Client::new(&script, &clock, "https://gitlab.example.com", None);
        let error = (0..600).find_map(|_| client.get("/a").err()).unwrap();
        assert!(matches!(error, ApiError::RateLimited(Some(_))) && *clock.1.lock().unwrap() <= MOST_WAITED);
    }

    /// Requests that wait at the same time for the same window wait once.
    #[test]
    fn waits_side_by_side_count_once() {
        /// A clock that stands still.
        struct Frozen(Instant);
        impl Clock for Frozen {
            fn now(&self) -> Instant {
                self.0
            }
            fn sleep(&self, _: Duration) {}
            fn jitter(&self) -> f64 {
                0.5
            }
        }
        let (script, clock) = (Script::default(), Frozen(Instant::now()));
        let client = Client::new(&script, &clock, "https://gitlab.example.com", None);
        for minutes in [20, 20, 10, 20, 25, 25] {
            client.wait(Duration::from_secs(60 * minutes)).unwrap();
        }
        assert_eq!(client.pace.waited.lock().unwrap().total, Duration::from_secs(60 * 25));
        assert!(client.wait(Duration::from_secs(60 * 31)).is_err());
    }

    #[test]
    fn a_client_sends_so_many_requests_and_no_more() {
        let answers = (0..9).map(|_| response(500, &[], "")).collect();
        let script = Script { answers: Mutex::new(answers), ..Script::default() };
        let clock = Still(Instant::now(), Mutex::default());
        let client = Client { most_requests: 3, ..Client::new(&script, &clock, "https://gitlab.example.com", None) };
        for _ in 0..2 {
            assert_eq!(client.get("/a").unwrap_err(), ApiError::TooManyRequests(3));
        }
        assert_eq!((client.requests(), script.asked.lock().unwrap().len()), (3, 3));
    }

    fn graphql(body: &Value) -> Result<GraphqlAnswer, ApiError> {
        let script =
            Script { answers: Mutex::new(vec![response(200, &[], &body.to_string())].into()), ..Script::default() };
        let clock = Still(Instant::now(), Mutex::default());
        Client::new(&script, &clock, "https://gitlab.example.com", None).graphql("query { x }", &json!({}))
    }

    #[test]
    fn graphql_tells_what_it_does_not_know_and_what_it_could_not() {
        let unknown =
            graphql(&json!({ "errors": [{ "message": "Field 'clusterAgents' doesn't exist on type 'Project'" }] }));
        assert_eq!(unknown.unwrap_err(), ApiError::UnknownField("clusterAgents".to_owned()));
        let argument = "Field 'projects' doesn't accept argument 'includeArchived'";
        let unknown = graphql(&json!({ "errors": [{ "message": argument }] }));
        assert_eq!(unknown.unwrap_err(), ApiError::UnknownField("includeArchived".to_owned()));
        let refused = graphql(
            &json!({ "errors": [{ "message": "Query has complexity of 300, which exceeds max complexity of 250" }] }),
        );
        assert!(refused.unwrap_err().to_string().contains("complexity of 300"));
        let partly = graphql(
            &json!({ "data": { "group": null }, "errors": [{ "message": "glpat-Zx81kq0PwR5t7LmN2bVc\u{1b}[2J", "path": ["group", 0] }] }),
        );
        let partly = partly.unwrap();
        assert_eq!(partly.errors[0].1, "group.0");
        assert!(
            !partly.errors[0].0.contains("Zx81kq0P") && !partly.errors[0].0.contains('\u{1b}'),
            "{:?}",
            partly.errors
        );
    }

    #[test]
    fn an_answer_of_graphql_is_an_object() {
        for answer in [json!(""), json!([]), json!(1), json!(true), json!(null), json!({})] {
            assert!(matches!(graphql(&answer), Err(ApiError::Malformed(_))), "{answer}");
        }
    }

    /// A token that the end of what is told falls into is masked as a whole, wherever it begins.
    #[test]
    fn a_text_is_masked_before_it_is_cut() {
        let token = "glpat-Zx81kq0PwR5t7LmN2bVc";
        for before in 0..=MOST_SAID {
            let told = shortened(&format!("{}{token} and more", " ".repeat(before)), MOST_SAID);
            assert!(!told.contains("Zx8"), "{before}: {told}");
            assert!(told.chars().count() <= MOST_SAID, "{before}: {told}");
        }
    }

    #[test]
    fn nothing_prints_a_token() {
        for token in [Token::Access("glpat-secret".into()), Token::OAuth("secret".into()), Token::Job("secret".into())]
        {
            assert!(!format!("{token:?}").contains("secret"));
        }
    }
}
