//! Which instance and which token, by what was given and what the environment says. Nothing here reads either.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::glab::Glab;
use crate::api::Token;

/// What the caller gave.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub url: Option<String>,
    /// The text of the token file.
    pub token: Option<String>,
    pub insecure_http: bool,
}

/// What counts of the environment.
#[derive(Default)]
pub(super) struct Environment {
    pub ci_server_url: Option<String>,
    pub gitlab_host: Option<String>,
    pub gitlab_token: Option<String>,
    pub job_token: Option<String>,
    /// Where glab's configuration may lie, in the order in which glab looks.
    pub glab_files: Vec<PathBuf>,
    /// Now.
    pub now: Timestamp,
}

impl Environment {
    #[allow(clippy::disallowed_methods, reason = "tokens and hosts are known from there")]
    pub fn of_process() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let below = |folder: PathBuf, path: &str| folder.join(path).join("config.yml");
        let home = folder("HOME");
        let files = [
            folder("GLAB_CONFIG_DIR").map(|folder| folder.join("config.yml")),
            home.clone().map(|home| below(home, ".config/glab-cli")),
            folder("XDG_CONFIG_HOME").map(|folder| below(folder, "glab-cli")),
            home.map(|home| below(home, "Library/Application Support/glab-cli")),
            folder("APPDATA").map(|folder| below(folder, "glab-cli")),
        ];
        Self {
            ci_server_url: variable("CI_SERVER_URL"),
            gitlab_host: variable("GITLAB_HOST"),
            gitlab_token: variable("GITLAB_TOKEN"),
            job_token: variable("CI_JOB_TOKEN"),
            glab_files: files.into_iter().flatten().collect(),
            now: Timestamp::now(),
        }
    }
}

/// An instance and a token for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub base: String,
    pub token: Token,
    /// What is to be known of it.
    pub note: Option<String>,
}

/// What a token has to be for everything that asks GitLab but `doctor`.
pub(super) const WOULD_READ: &str =
    "a personal, project or group access token with the scope read_api and the role Developer would do";

/// What it has to be for a comment. Source: `doc/ci/jobs/ci_job_token.md`: the token of a job reads comments and writes none.
pub(super) const WOULD_WRITE: &str =
    "a personal, project or group access token with the scope api, whose user may comment there, would do";

/// Chooses.
///
/// # Errors
/// What is the matter, and what to do.
pub(super) fn choose(
    given: &Given,
    environment: &Environment,
    glab: Option<&str>,
    (command, would_do): (&str, &str),
) -> Result<Chosen, String> {
    let glab = glab.map(Glab::read).unwrap_or_default();
    let host = given
        .url
        .as_ref()
        .or(environment.ci_server_url.as_ref())
        .or(environment.gitlab_host.as_ref())
        .or(glab.host.as_ref())
        .map_or("https://gitlab.com", String::as_str);
    let base = address(host, &glab)?;
    if base.starts_with("http://") && !given.insecure_http {
        return Err(format!(
            "{base} is not https, and a token would go there for everybody to read; --insecure-http lets it"
        ));
    }
    let (token, note) = token(given, environment, &glab, &base, (command, would_do))?;
    Ok(Chosen { base, token, note })
}

/// The address of an instance that is named by a host or an address.
fn address(named: &str, glab: &Glab) -> Result<String, String> {
    let named = named.trim().trim_end_matches('/');
    let shown = crate::source::visible(named);
    let url = match named.split_once("://") {
        Some(("https" | "http", _)) => named.to_owned(),
        Some(_) => return Err(format!("`{shown}` is no address of http")),
        None => {
            let protocol =
                glab.host(named).and_then(|host| host.api_protocol.as_deref()).filter(|protocol| *protocol == "http");
            format!("{}://{named}", protocol.unwrap_or("https"))
        }
    };
    let rest = url.split_once("://").map(|(_, rest)| rest).unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    if host.contains('@') {
        return Err("the address holds a user name or a token; leave that out, and use --token-file".to_owned());
    }
    if host.is_empty() || url.contains(['?', '#', ' ']) || url.chars().any(char::is_control) {
        return Err(format!("`{shown}` is no address of a GitLab instance"));
    }
    Ok(url)
}

/// The token, and what of the settings beside it is not used.
fn token(
    given: &Given,
    environment: &Environment,
    glab: &Glab,
    base: &str,
    (command, would_do): (&str, &str),
) -> Result<(Token, Option<String>), String> {
    let named = [(&given.token, "the token file"), (&environment.gitlab_token, "GITLAB_TOKEN")];
    if let Some((text, place)) = named.into_iter().find_map(|(text, place)| Some((text.as_ref()?, place))) {
        let token = plain(text).ok_or_else(|| format!("{place} has to hold a token, on one line"))?;
        if is_of_job(&token, environment) {
            return Err(format!(
                "{place} holds the token of a job, which does not open what `{command}` asks; {would_do} there"
            ));
        }
        return Ok((Token::Access(token), None));
    }
    let name = base.split_once("://").map(|(_, rest)| rest).unwrap_or_default();
    let name = name.split('/').next().unwrap_or_default();
    let mut why = String::new();
    if let Some(host) = glab.host(name) {
        let is_oauth = host.is_oauth2 == "true";
        let is_expired = is_oauth && is_past(&host.oauth2_expiry_date, environment.now);
        let unused = match &host.unused()[..] {
            [] => None,
            names => Some(format!("{} of glab's configuration for {name}: not used", names.join(", "))),
        };
        match host.token.as_deref().and_then(plain) {
            Some(_) if is_expired => why = "; glab's token has expired (`glab auth status` renews it)".to_owned(),
            Some(token) if is_of_job(&token, environment) => why = "; glab's token is that of a job".to_owned(),
            Some(token) if is_oauth => return Ok((Token::OAuth(token), unused)),
            Some(token) => return Ok((Token::Access(token), unused)),
            None => why = "; glab keeps its token in the system's keyring, which kaslint does not open".to_owned(),
        }
        if let Some(unused) = unused {
            why = format!("{why}; {unused}");
        }
    }
    if environment.job_token.is_some() {
        return Err(format!(
            "CI_JOB_TOKEN does not open what `{command}` asks{why}; {would_do}, in GITLAB_TOKEN or --token-file"
        ));
    }
    Err(format!("there is no token for {base}{why}; {would_do}, in GITLAB_TOKEN or --token-file"))
}

/// Whether a token is that of a job: this one's, or by its prefix, which an instance may put its own before from 17.10 on.
///
/// Source: `doc/security/tokens/_index.md`, "Token prefixes"; `lib/authn/token_field/prefix_helper.rb`.
fn is_of_job(token: &str, environment: &Environment) -> bool {
    let is_this = environment.job_token.as_deref().is_some_and(|job| job.trim() == token);
    is_this || token.starts_with("glcbt-") || token.contains("-glcbt-")
}

/// A token without blanks around it; `None` for what can be none.
fn plain(text: &str) -> Option<Box<str>> {
    let text = text.trim();
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.into())
}

/// Whether glab's end of a token is past: `02 Jan 06 15:04 MST`, or as RFC 3339 has it. One that cannot be read is.
fn is_past(end: &str, now: Timestamp) -> bool {
    // A zone that is not UTC moves it by hours; where GitLab refuses the token for that, it says so.
    let words: Vec<&str> = end.split_whitespace().take(4).collect();
    let without_zone = || {
        let civil = DateTime::strptime("%d %b %y %H:%M", words.join(" ")).ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    end.parse::<Timestamp>().ok().or_else(without_zone).is_none_or(|end| end <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FETCH: (&str, &str) = ("inventory fetch", WOULD_READ);

    const GLAB: &str = "\
host: gitlab.example.com
hosts:
  gitlab.com:
    token: glpat-com
  gitlab.example.com:
    token: glpat-example
    api_protocol: https
  old.example.com:
    token: oauth
    is_oauth2: \"true\"
    oauth2_expiry_date: 26 Nov 26 10:00 UTC
  new.example.com:
    token: oauth
    is_oauth2: true
    oauth2_expiry_date: 28 Nov 26 10:00 UTC
  ring.example.com:
    api_protocol: https
";

    fn environment() -> Environment {
        Environment { now: "2026-11-27T10:00:00Z".parse().unwrap(), ..Environment::default() }
    }

    fn with_url(url: &str) -> Given {
        Given { url: Some(url.to_owned()), ..Given::default() }
    }

    fn chosen(given: &Given, environment: &Environment) -> Result<(String, Token), String> {
        choose(given, environment, Some(GLAB), FETCH).map(|chosen| (chosen.base, chosen.token))
    }

    #[test]
    fn the_instance_is_the_first_that_is_named() {
        let mut environment = environment();
        let base = |given: &Given, environment: &Environment| chosen(given, environment).unwrap().0;
        environment.gitlab_token = Some("glpat-x".to_owned());
        assert_eq!(base(&Given::default(), &environment), "https://gitlab.example.com");
        environment.gitlab_host = Some("b.example.com".to_owned());
        assert_eq!(base(&Given::default(), &environment), "https://b.example.com");
        environment.ci_server_url = Some("https://c.example.com/gitlab/".to_owned());
        assert_eq!(base(&Given::default(), &environment), "https://c.example.com/gitlab");
        assert_eq!(base(&with_url("d.example.com"), &environment), "https://d.example.com");
        let nothing =
            choose(&Given { token: Some("glpat-x".into()), ..Given::default() }, &self::environment(), None, FETCH);
        assert_eq!(nothing.unwrap().base, "https://gitlab.com");
    }

    #[test]
    fn the_token_is_that_of_the_file_the_environment_or_glab_for_this_host() {
        let mut environment = environment();
        let given = Given { token: Some("glpat-file\n".to_owned()), ..with_url("gitlab.com") };
        let access = |token: &str| Token::Access(token.into());
        assert_eq!(chosen(&with_url("gitlab.com"), &environment).unwrap().1, access("glpat-com"));
        assert_eq!(chosen(&with_url("https://gitlab.example.com/x"), &environment).unwrap().1, access("glpat-example"));
        assert_eq!(chosen(&with_url("new.example.com"), &environment).unwrap().1, Token::OAuth("oauth".into()));
        assert!(
            chosen(&with_url("other.example.com"), &environment)
                .unwrap_err()
                .contains("no token for https://other.example.com")
        );
        environment.gitlab_token = Some("glpat-environment".to_owned());
        assert_eq!(chosen(&with_url("gitlab.com"), &environment).unwrap().1, access("glpat-environment"));
        assert_eq!(chosen(&given, &environment).unwrap().1, access("glpat-file"));
    }

    #[test]
    fn what_would_not_do_is_said_with_what_would() {
        let mut environment = environment();
        assert!(chosen(&with_url("old.example.com"), &environment).unwrap_err().contains("glab auth status"));
        assert!(chosen(&with_url("ring.example.com"), &environment).unwrap_err().contains("keyring"));
        environment.job_token = Some("job".to_owned());
        let error = chosen(&with_url("other.example.com"), &environment).unwrap_err();
        assert!(error.contains("CI_JOB_TOKEN does not open") && error.contains("read_api"), "{error}");
        for token in ["", "two\nlines", "bl ank", "ümlaut"] {
            assert!(
                chosen(&Given { token: Some(token.to_owned()), ..with_url("gitlab.com") }, &environment).is_err(),
                "{token}"
            );
        }
    }

    #[test]
    fn the_token_of_a_job_is_known_wherever_it_stands() {
        let environment = |token: &str, job: Option<&str>| Environment {
            gitlab_token: Some(token.to_owned()),
            job_token: job.map(str::to_owned),
            ..environment()
        };
        let url = with_url("gitlab.com");
        for (token, job) in [
            ("glcbt-64_abcdefghij", None),
            ("acme-glcbt-64_abcdefghij", None),
            (" glcbt-64_abcdefghij\n", Some("other")),
            ("Zx81kq0P", Some("Zx81kq0P")),
        ] {
            let error = chosen(&url, &environment(token, job)).unwrap_err();
            assert!(
                error.starts_with("GITLAB_TOKEN holds the token of a job") && error.contains("read_api"),
                "{error}"
            );
            assert!(!error.contains(token.trim()), "{error}");
            let given = Given { token: Some(token.to_owned()), ..with_url("gitlab.com") };
            let error = chosen(&given, &environment("glpat-x", job)).unwrap_err();
            assert!(error.starts_with("the token file holds the token of a job"), "{error}");
        }
        for token in ["glpat-glcbt", "glcb", "Zx81kq0P"] {
            assert!(chosen(&url, &environment(token, Some("Zx81kq0P2"))).is_ok(), "{token}");
        }
        let glab = "hosts: {gitlab.com: {token: glcbt-64_abc}}";
        let error = choose(&url, &self::environment(), Some(glab), FETCH).unwrap_err();
        assert!(error.contains("glab's token is that of a job") && error.contains("read_api"), "{error}");
    }

    #[test]
    fn what_glab_goes_by_and_kaslint_does_not_is_said() {
        let chosen = |host: &str| {
            let glab = format!("hosts: {{gitlab.com: {{{host}}}}}");
            choose(&with_url("gitlab.com"), &environment(), Some(&glab), FETCH)
        };
        let note = |host: &str| chosen(host).unwrap().note;
        let all = "token: glpat-x, ca_cert: a, client_cert: b, client_key: c, skip_tls_verify: true, \
                   custom_headers: [{name: cf-access, value: glpat-secret}]";
        let said = note(all).unwrap();
        assert_eq!(
            said,
            "ca_cert, client_cert, client_key, custom_headers, skip_tls_verify of glab's configuration for gitlab.com: not used"
        );
        assert_eq!(note("token: x, skip_tls_verify: \"true\"").unwrap().split(' ').next(), Some("skip_tls_verify"));
        for nothing in
            ["", ", client_cert: ", ", client_cert: \"\"", ", skip_tls_verify: false", ", custom_headers: []"]
        {
            assert_eq!(note(&format!("token: glpat-x{nothing}")), None, "{nothing}");
        }
        let error = chosen("client_cert: b").unwrap_err();
        assert!(error.contains("keyring") && error.contains("client_cert of glab's configuration"), "{error}");
        let given = Given { token: Some("glpat-y".to_owned()), ..with_url("gitlab.com") };
        let by_file = choose(&given, &environment(), Some(&format!("hosts: {{gitlab.com: {{{all}}}}}")), FETCH);
        assert_eq!(by_file.unwrap().note, None, "nothing of glab's is used");
    }

    #[test]
    fn a_token_goes_over_https_only_unless_somebody_says_so() {
        let environment = environment();
        assert!(chosen(&with_url("http://gitlab.com"), &environment).unwrap_err().contains("--insecure-http"));
        let given = Given { insecure_http: true, ..with_url("http://gitlab.com") };
        assert_eq!(chosen(&given, &environment).unwrap().0, "http://gitlab.com");
        for url in [
            "file:///etc/passwd",
            "https://",
            "https://jo:secret@gitlab.com",
            "https://gitlab.com?x=1",
            "ssh://gitlab.com",
        ] {
            let error = chosen(&with_url(url), &environment).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
