//! As whom jobs and users act.

use super::{printable, user_denial};
use crate::access::{Identity, UserIdentity};
use crate::agent_config::{AccessAs, Impersonation, Mode};

/// As whom an entry of this mode has jobs act: "the CI job".
#[must_use]
pub fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Agent => "the agent's service account",
        Mode::CiJob => "the CI job",
        Mode::User => "the GitLab user",
        Mode::Impersonate => "a fixed user",
    }
}

/// The same, with the name of a fixed user, fit to be shown: "the user deployer".
#[must_use]
pub fn acting_as(mode: Mode, user: Option<&Impersonation>) -> String {
    match user {
        Some(Impersonation { username: Some(name), groups: _, uid: _, extra: _ }) if mode == Mode::Impersonate => {
            format!("the user {}", printable(&name.value))
        }
        _ => self::mode(mode).to_owned(),
    }
}

/// As whom a job acts, in few words and fit to be shown.
#[must_use]
pub fn identity(identity: &Identity<'_>) -> String {
    match identity {
        Identity::Agent => mode(Mode::Agent).to_owned(),
        Identity::CiJob(_) => format!("{} (gitlab:ci_job:<job id>)", mode(Mode::CiJob)),
        Identity::Impersonate(user) => acting_as(Mode::Impersonate, *user),
    }
}

/// The identity that an entry or implicit access gives, part by part, fit to be shown: "ci_job", or "user deployer" and
/// "group deployers".
#[must_use]
pub fn identity_parts(access_as: Option<&AccessAs>) -> Vec<String> {
    let (mode, user) = AccessAs::identity(access_as);
    let Some(Impersonation { username, groups, uid, extra }) = user else { return vec![mode.key().to_owned()] };
    let mut parts: Vec<String> = username.iter().map(|name| format!("user {}", printable(&name.value))).collect();
    parts.extend(groups.iter().map(|group| format!("group {}", printable(&group.value))));
    parts.extend(uid.iter().map(|uid| format!("uid {}", printable(&uid.value))));
    parts.extend(extra.iter().map(|(key, _)| format!("extra {}", printable(&key.value))));
    parts
}

/// As whom users act.
#[must_use]
pub fn user_identity(identity: UserIdentity) -> String {
    match identity {
        UserIdentity::Agent => mode(Mode::Agent).to_owned(),
        UserIdentity::User => "themselves (gitlab:user:<user name>)".to_owned(),
        UserIdentity::Nobody(denial) => format!("nobody, because {}", user_denial(denial)),
    }
}
