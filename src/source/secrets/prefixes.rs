//! Tokens that begin with fixed characters.
//!
//! Sources: GitLab's prefixes are the table "Token prefixes" of its `doc/security/tokens/_index.md`, and the shape of routable
//! tokens that of gitleaks' rules `gitlab-pat-routable` and `gitlab-runner-authentication-token-routable`; the others are those of
//! gitleaks' `config/gitleaks.toml`, where not said otherwise. Lengths are the least that are published, or shorter: what looks
//! like a token and is cut is one all the same.

use super::Secret;
use super::values::{entropy, is_placeholder};
use crate::source::Span;

/// The characters behind a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alphabet {
    /// Letters, digits, `_`, `-` and `.`, which joins the parts of some.
    Word,
    /// Letters and digits.
    Alphanumeric,
    /// Those of words with `+`, `/`, `=` and `~`.
    Base64,
    /// Digits and small letters from `a` to `f`.
    Hex,
    /// Capital letters and digits.
    Capitals,
}

impl Alphabet {
    const COUNT: usize = 5;

    fn holds(self, byte: u8) -> bool {
        match self {
            Self::Word => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::Base64 => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=' | b'~')
            }
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Hex => byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'),
            Self::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        }
    }
}

/// A kind of token.
#[derive(Debug)]
pub(super) struct Prefix {
    /// What it begins with.
    pub text: &'static str,
    kind: &'static str,
    /// How many characters follow at least.
    least: usize,
    alphabet: Alphabet,
    /// Whether nothing else is written like this, so that it is one behind any other character too.
    is_distinct: bool,
}

const fn word(text: &'static str, kind: &'static str, least: usize) -> Prefix {
    Prefix { text, kind, least, alphabet: Alphabet::Word, is_distinct: false }
}

const fn of(alphabet: Alphabet, text: &'static str, kind: &'static str, least: usize) -> Prefix {
    Prefix { text, kind, least, alphabet, is_distinct: false }
}

const fn alphanumeric(text: &'static str, kind: &'static str, least: usize) -> Prefix {
    of(Alphabet::Alphanumeric, text, kind, least)
}

/// Instances can have a prefix of their own in front of GitLab's: `acme-glpat-…` (gitlab-org/gitlab#388379).
const fn gitlab(text: &'static str, kind: &'static str) -> Prefix {
    Prefix { text, kind, least: 20, alphabet: Alphabet::Word, is_distinct: true }
}

pub(super) const PREFIXES: &[Prefix] = &[
    gitlab("glpat-", "a GitLab personal access token"),
    gitlab("gloas-", "a GitLab OAuth application secret"),
    gitlab("gldt-", "a GitLab deploy token"),
    gitlab("glrt-", "a GitLab runner's token"),
    gitlab("glrtr-", "a GitLab runner registration token"),
    gitlab("GR1348941", "a GitLab runner registration token"),
    gitlab("glcbt-", "a GitLab CI job token"),
    gitlab("glptt-", "a GitLab pipeline trigger token"),
    gitlab("glft-", "a GitLab feed token"),
    gitlab("glimt-", "a GitLab incoming mail token"),
    gitlab("glagent-", "a GitLab agent's token"),
    gitlab("glwt-", "a GitLab workspace token"),
    gitlab("glsoat-", "a GitLab SCIM token"),
    gitlab("glffct-", "a GitLab feature flags client token"),
    gitlab("_gitlab_session=", "a GitLab session cookie"),
    alphanumeric("ghp_", "a GitHub token", 30),
    alphanumeric("gho_", "a GitHub token", 30),
    alphanumeric("ghu_", "a GitHub token", 30),
    alphanumeric("ghs_", "a GitHub token", 30),
    alphanumeric("ghr_", "a GitHub token", 30),
    word("github_pat_", "a GitHub token", 30),
    word("xoxa-", "a Slack token", 10),
    word("xoxb-", "a Slack token", 20),
    word("xoxe-", "a Slack token", 20),
    word("xoxo-", "a Slack token", 20),
    word("xoxp-", "a Slack token", 20),
    word("xoxr-", "a Slack token", 10),
    word("xoxs-", "a Slack token", 20),
    word("xapp-", "a Slack token", 20),
    of(Alphabet::Base64, "hooks.slack.com/services/", "a Slack webhook", 30),
    of(Alphabet::Base64, "hooks.slack.com/workflows/", "a Slack webhook", 30),
    of(Alphabet::Base64, "hooks.slack.com/triggers/", "a Slack webhook", 30),
    of(Alphabet::Capitals, "AKIA", "an AWS access key", 16),
    of(Alphabet::Capitals, "ASIA", "an AWS access key", 16),
    of(Alphabet::Capitals, "ABIA", "an AWS access key", 16),
    of(Alphabet::Capitals, "ACCA", "an AWS access key", 16),
    word("AIza", "a Google API key", 35),
    word("GOCSPX-", "a Google client secret", 28),
    word("ya29.", "a Google access token", 30),
    // https://docs.docker.com/security/access-tokens/
    word("dckr_pat_", "a Docker token", 20),
    word("dckr_oat_", "a Docker token", 20),
    alphanumeric("npm_", "an npm token", 36),
    // What follows is a macaroon of pypi.org or test.pypi.org in base64.
    word("pypi-AgE", "a PyPI token", 40),
    of(Alphabet::Hex, "rubygems_", "a RubyGems token", 40),
    word("hvs.", "a Vault token", 24),
    word("hvb.", "a Vault token", 60),
    word("hvr.", "a Vault token", 24),
    of(Alphabet::Hex, "dop_v1_", "a DigitalOcean token", 60),
    of(Alphabet::Hex, "doo_v1_", "a DigitalOcean token", 60),
    of(Alphabet::Hex, "dor_v1_", "a DigitalOcean token", 60),
    alphanumeric("sk_live_", "a Stripe key", 10),
    alphanumeric("sk_test_", "a Stripe key", 10),
    alphanumeric("sk_prod_", "a Stripe key", 10),
    alphanumeric("rk_live_", "a Stripe key", 10),
    alphanumeric("rk_test_", "a Stripe key", 10),
    alphanumeric("rk_prod_", "a Stripe key", 10),
    of(Alphabet::Base64, "glc_", "a Grafana token", 32),
    word("glsa_", "a Grafana token", 32),
    of(Alphabet::Base64, "eyJrIjoi", "a Grafana API key", 60),
    of(Alphabet::Base64, "ATATT3", "an Atlassian token", 60),
    of(Alphabet::Base64, "ATCTT3", "an Atlassian token", 60),
    word("dt0c01.", "a Dynatrace token", 60),
    word("sntrys_", "a Sentry token", 40),
    word("sntryu_", "a Sentry token", 40),
    of(Alphabet::Hex, "dapi", "a Databricks token", 32),
    of(Alphabet::Hex, "pul-", "a Pulumi token", 40),
    alphanumeric("AKCp", "an Artifactory key", 60),
    alphanumeric("cmVmd", "an Artifactory token", 59),
    alphanumeric("hf_", "a Hugging Face token", 34),
    word("sk-ant-", "an Anthropic key", 80),
    of(Alphabet::Capitals, "AGE-SECRET-KEY-1", "an age secret key", 58),
];

/// So many characters of a token say whether it is one.
const LOOKED_AT: usize = 256;

/// Where the runs of characters of each alphabet end that were looked at last, so that none is walked over twice.
#[derive(Debug, Default)]
pub(super) struct Runs([Span; Alphabet::COUNT]);

impl Runs {
    fn end(&mut self, text: &str, start: usize, alphabet: Alphabet) -> usize {
        let Some(run) = self.0.get_mut(alphabet as usize) else { return start };
        if start < run.start || start >= run.end {
            let behind = text.as_bytes().get(start..).unwrap_or_default();
            let length = behind.iter().position(|byte| !alphabet.holds(*byte)).unwrap_or(behind.len());
            *run = Span::new(start, start + length);
        }
        run.end.max(start)
    }
}

/// The token that begins here with a prefix.
pub(super) fn token(text: &str, start: usize, known: &Prefix, runs: &mut Runs) -> Option<Secret> {
    // The search takes no heed of case, and prefixes do.
    let behind = start + known.text.len();
    if text.get(start..behind) != Some(known.text) {
        return None;
    }
    let before = text.get(..start)?.chars().next_back();
    let is_inside_word = before.is_some_and(|character| character.is_ascii_alphanumeric());
    if is_inside_word && !known.is_distinct {
        return None;
    }
    let end = runs.end(text, behind, known.alphabet);
    let whole = text.get(behind..end)?;
    // A point ends a sentence.
    let written = whole.trim_end_matches('.');
    let rest = written.get(..LOOKED_AT).unwrap_or(written);
    // `glpat-xxxxxxxxxxxxxxxxxxxx` stands for a token, and `glrt-is-what-runners-have-now` is none.
    if written.len() < known.least || entropy(rest) < 2.5 || is_placeholder(rest) || is_words(rest) {
        return None;
    }
    let is_certain = !is_inside_word && entropy(rest) >= 2.9 && !rest.ends_with("EXAMPLE");
    Some(Secret { span: Span::new(start, behind + written.len()), kind: known.kind, is_certain })
}

/// Small letters with dashes: of twenty random characters hardly any run is written like this.
fn is_words(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_' | b'.'))
}
