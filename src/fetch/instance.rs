//! What there is to know of the instance itself: its release, the token, the licence by its effect.

use serde_json::Value;

use super::answers::number;
use super::ask::{Ask, encoded};
use crate::api::{ApiError, json_of};
use crate::gitlab::releases::{AUTHORIZED_AGENTS_SHOWN, LICENCE_IN_PROJECTS};
use crate::gitlab::{NEWEST, Tier, Version};

/// The setting "Enable instance level authorization" in `/application/settings`.
pub(super) const AUTHORIZATION_SETTING: &str = "organization_cluster_agent_authorization_enabled";

/// What the instance says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Instance {
    pub version: Option<Version>,
    enterprise: Option<bool>,
    /// The user that the token acts as.
    pub user: Option<i64>,
}

/// Asks for the release and for what the token is.
///
/// # Errors
/// When the instance does not answer, or not to this token.
pub(super) fn look(ask: &dyn Ask) -> Result<Instance, ApiError> {
    let metadata = match ask.get("/api/v4/metadata") {
        // Before 15.2.
        Err(ApiError::NotFound) => ask.get("/api/v4/version"),
        answer => answer,
    };
    let metadata = json_of(&metadata?)?;
    let Some(version) = metadata["version"].as_str().and_then(Version::told) else {
        return Err(ApiError::Malformed("the answer names no release; is this a GitLab?".to_owned()));
    };
    let mut user = None;
    let told = match ask.get("/api/v4/personal_access_tokens/self").and_then(|response| json_of(&response)) {
        Ok(token) => Some(token),
        // What is no personal, project or group access token gets a 400.
        Err(error) if error.is_about_one_thing() => None,
        Err(error) => return Err(error),
    };
    if let Some(token) = told {
        user = number(&token["user_id"]);
        let scopes: Vec<&str> = token["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let is_enough = scopes.is_empty() || scopes.iter().any(|scope| matches!(*scope, "api" | "read_api"));
        // Fine-grained tokens have permissions in the place of scopes.
        if !is_enough && !scopes.contains(&"granular") {
            return Err(ApiError::Forbidden(format!(
                "the token has the scope {}; a token with the scope read_api would do",
                crate::source::visible(&scopes.join(", "))
            )));
        }
    }
    // A token by OAuth is no personal access token, and has a user all the same.
    if user.is_none() {
        user =
            ask.get("/api/v4/user").and_then(|response| json_of(&response)).ok().and_then(|user| number(&user["id"]));
    }
    Ok(Instance { version: Some(version), enterprise: metadata["enterprise"].as_bool(), user })
}

/// Whether the token's user is a member of a group, and so sees all projects below it; `None` where that is not told.
///
/// Source: private projects are shown to members of the group, whatever their role (`doc/user/permissions.md`).
pub(super) fn is_member(ask: &dyn Ask, instance: &Instance, group: &str) -> Result<Option<bool>, ApiError> {
    let Some(user) = instance.user else { return Ok(None) };
    match ask.get(&format!("/api/v4/groups/{}/members/all/{user}", encoded(group))) {
        Ok(response) => Ok(Some(json_of(&response)?["access_level"].as_i64().is_some_and(|level| level >= 10))),
        Err(ApiError::NotFound) => Ok(Some(false)),
        Err(error) if error.is_about_one_thing() => Ok(None),
        Err(error) => Err(error),
    }
}

impl Instance {
    pub fn version_or_newest(&self) -> Version {
        self.version.unwrap_or(NEWEST)
    }

    /// Whether it is asked by REST: GraphQL is asked of releases in which our queries are known to be valid.
    pub fn is_asked_by_rest(&self) -> bool {
        self.version_or_newest() < AUTHORIZED_AGENTS_SHOWN
    }

    /// Whether it is the Community Edition.
    pub fn is_free(&self) -> bool {
        self.enterprise == Some(false)
    }

    /// The licence by what it does to a project of REST; `None` where that does not tell.
    ///
    /// Source: `ee/lib/ee/api/entities/project.rb` of 18.9. In which release the keys came is not known, so that one that is missing
    /// says something from 18.9 on only.
    pub fn tier(&self, project: Option<&Value>) -> Option<Tier> {
        if self.is_free() {
            return Some(Tier::Free);
        }
        let project = project?;
        let has = |key: &str| project.get(key).is_some();
        if has("only_allow_merge_if_all_status_checks_passed") {
            return Some(Tier::Ultimate);
        }
        if has("allow_pipeline_trigger_approve_deployment") {
            return Some(Tier::Premium);
        }
        (self.enterprise == Some(true) && self.version? >= LICENCE_IN_PROJECTS).then_some(Tier::Free)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_licence_shows_in_what_it_brings_along() {
        let instance = |version: &str, enterprise| Instance { version: Version::told(version), enterprise, user: None };
        let premium = json!({ "allow_pipeline_trigger_approve_deployment": false });
        let ultimate = json!({ "allow_pipeline_trigger_approve_deployment": false, "only_allow_merge_if_all_status_checks_passed": null });
        assert_eq!(instance("18.9", Some(true)).tier(Some(&premium)), Some(Tier::Premium));
        assert_eq!(instance("18.9", Some(true)).tier(Some(&ultimate)), Some(Tier::Ultimate));
        assert_eq!(instance("18.9", Some(true)).tier(Some(&json!({}))), Some(Tier::Free));
        assert_eq!(
            instance("17.0", Some(true)).tier(Some(&json!({}))),
            None,
            "an old release may not have had the key"
        );
        assert_eq!(instance("17.0", Some(false)).tier(None), Some(Tier::Free));
        assert_eq!(instance("18.9", Some(true)).tier(None), None);
    }
}
