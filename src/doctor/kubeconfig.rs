//! The kubeconfig of a job. Tokens are kept in a form that nothing prints.
//!
//! Source: `app/services/ci/generate_kubeconfig_service.rb`: one cluster `gitlab`, and for each visible agent a user with the token
//! `ci:<agent id>:<token of the job>` and a context `<full path of the configuration project>:<agent name>`.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde::Deserialize;

use crate::api::Token;

/// Of what form the token of a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenForm {
    /// `ci:<agent id>:…`: for the agent, by the job.
    Job(u64),
    /// `pat:<agent id>:…`: for the agent, by a person.
    Person(u64),
    /// `ci:…` or `pat:…`, and no number of an agent with a token behind it: the agent server refuses it.
    Malformed,
    /// Something else, or a certificate: not by way of an agent.
    Other,
    /// There is none.
    None,
}

impl TokenForm {
    fn of(token: &str) -> Self {
        let (kind, rest): (fn(u64) -> Self, &str) = match (token.strip_prefix("ci:"), token.strip_prefix("pat:")) {
            (Some(rest), _) => (Self::Job, rest),
            (None, Some(rest)) => (Self::Person, rest),
            (None, None) => return Self::Other,
        };
        let (agent, secret) = rest.split_once(':').unwrap_or((rest, ""));
        match agent.parse() {
            Ok(agent) if !secret.is_empty() => kind(agent),
            _ => Self::Malformed,
        }
    }

    /// The number of the agent that it is for.
    #[must_use]
    pub fn agent(self) -> Option<u64> {
        match self {
            Self::Job(agent) | Self::Person(agent) => Some(agent),
            Self::Malformed | Self::Other | Self::None => None,
        }
    }

    /// Whether it is, or is to be, a token for an agent.
    #[must_use]
    pub fn is_of_agent(self) -> bool {
        !matches!(self, Self::Other | Self::None)
    }
}

/// Who vouches for the certificate of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Certificates in a file.
    File(PathBuf),
    /// Certificates in PEM.
    Pem(Vec<u8>),
    /// What is no base64.
    Unreadable,
}

/// A context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Its name.
    pub name: String,
    /// Where requests go.
    pub server: Option<String>,
    /// The authority that is named for the server's certificate; `None` for those of the system.
    pub authority: Option<Authority>,
    /// Whether kubectl and helm take any certificate of the server (`insecure-skip-tls-verify`).
    pub takes_any_certificate: bool,
    /// Of what form the token is.
    pub token: TokenForm,
    /// The token itself, as clients send it.
    pub bearer: Option<Token>,
}

/// A kubeconfig.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kubeconfig {
    /// Its contexts.
    pub contexts: Vec<Context>,
    /// The context that is chosen; GitLab chooses none for agents.
    pub current: Option<String>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    contexts: Option<Vec<NamedContext>>,
    #[serde(default)]
    clusters: Option<Vec<NamedCluster>>,
    #[serde(default)]
    users: Option<Vec<NamedUser>>,
    #[serde(default, rename = "current-context")]
    current: Option<String>,
}

#[derive(Deserialize)]
struct NamedContext {
    name: String,
    #[serde(default)]
    context: ContextOf,
}

#[derive(Default, Deserialize)]
struct ContextOf {
    #[serde(default)]
    cluster: Option<String>,
    #[serde(default)]
    user: Option<String>,
}

#[derive(Deserialize)]
struct NamedCluster {
    name: String,
    #[serde(default)]
    cluster: ClusterOf,
}

#[derive(Default, Deserialize)]
struct ClusterOf {
    #[serde(default)]
    server: Option<String>,
    #[serde(default, rename = "certificate-authority")]
    authority: Option<String>,
    #[serde(default, rename = "certificate-authority-data")]
    authority_data: Option<String>,
    #[serde(default, rename = "insecure-skip-tls-verify")]
    takes_any_certificate: bool,
}

#[derive(Deserialize)]
struct NamedUser {
    name: String,
    #[serde(default)]
    user: UserOf,
}

#[derive(Default, Deserialize)]
struct UserOf {
    #[serde(default)]
    token: Option<String>,
}

impl Kubeconfig {
    /// Adds what another file has, behind this one.
    pub fn add(&mut self, other: Self) {
        for context in other.contexts {
            if self.contexts.iter().all(|known| known.name != context.name) {
                self.contexts.push(context);
            }
        }
        self.current = self.current.take().or(other.current);
    }

    /// Reads one; paths in it are from the folder in which it lies.
    ///
    /// # Errors
    /// When it is none; with the place, and nothing of what stands there.
    pub fn read(text: &str, folder: &Path) -> Result<Self, String> {
        let written: Written = serde_yaml::from_str(text).map_err(|error| match error.location() {
            Some(place) => format!("it is no kubeconfig, line {}", place.line()),
            None => "it is no kubeconfig".to_owned(),
        })?;
        let (clusters, users) = (written.clusters.unwrap_or_default(), written.users.unwrap_or_default());
        let contexts = written.contexts.unwrap_or_default().into_iter().map(|NamedContext { name, context }| {
            let cluster = clusters.iter().find(|known| Some(&known.name) == context.cluster.as_ref());
            let user = users.iter().find(|known| Some(&known.name) == context.user.as_ref());
            let token = user.and_then(|user| user.user.token.as_deref()).filter(|token| !token.is_empty());
            let cluster = cluster.map(|cluster| &cluster.cluster);
            Context {
                name,
                server: cluster.and_then(|cluster| cluster.server.clone()),
                authority: cluster.and_then(|cluster| authority(cluster, folder)),
                takes_any_certificate: cluster.is_some_and(|cluster| cluster.takes_any_certificate),
                token: token.map_or(TokenForm::None, TokenForm::of),
                bearer: token.map(|token| Token::OAuth(token.into())),
            }
        });
        Ok(Self { contexts: contexts.collect(), current: written.current.filter(|current| !current.is_empty()) })
    }
}

/// The data goes before the file (`k8s.io/client-go/tools/clientcmd`).
fn authority(cluster: &ClusterOf, folder: &Path) -> Option<Authority> {
    let named = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    match (named(&cluster.authority_data), named(&cluster.authority)) {
        (Some(data), _) => {
            let data: String = data.split_whitespace().collect();
            let pem = base64::engine::general_purpose::STANDARD.decode(data);
            Some(pem.map_or(Authority::Unreadable, Authority::Pem))
        }
        (None, Some(file)) => Some(Authority::File(folder.join(file))),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_by_their_form_and_not_told() {
        let text = "\
apiVersion: v1
clusters: [{name: gitlab, cluster: {server: 'https://kas.example.com/k8s-proxy'}}]
users: [{name: 'agent:1', user: {token: 'ci:1:secret'}}, {name: me, user: {token: secret}}]
contexts:
- {name: 'acme/agents:prod', context: {cluster: gitlab, user: 'agent:1'}}
- {name: other, context: {cluster: nowhere, user: me}}
- {name: bare}
current-context: ''
";
        let read = Kubeconfig::read(text, Path::new("")).unwrap();
        let forms: Vec<TokenForm> = read.contexts.iter().map(|context| context.token).collect();
        assert_eq!(forms, [TokenForm::Job(1), TokenForm::Other, TokenForm::None]);
        for (token, form) in
            [("pat:7:x", TokenForm::Person(7)), ("ci:x:y", TokenForm::Malformed), ("ci:1", TokenForm::Malformed)]
        {
            assert_eq!(TokenForm::of(token), form, "{token}");
        }
        assert_eq!(read.contexts[0].server.as_deref(), Some("https://kas.example.com/k8s-proxy"));
        assert_eq!(read.current, None);
        assert!(!format!("{read:?}").contains("secret"));
        let error = Kubeconfig::read("users: secret", Path::new("")).unwrap_err();
        assert!(!error.contains("secret"), "{error}");
        assert_eq!(Kubeconfig::read("apiVersion: v1\ncontexts: null\n", Path::new("")).unwrap(), Kubeconfig::default());
    }
}
