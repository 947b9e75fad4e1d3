//! The kubeconfig of a job. Tokens are looked at for their form alone, and are not kept.
//!
//! Source: `app/services/ci/generate_kubeconfig_service.rb`: one cluster `gitlab`, and for each visible agent a user with the token
//! `ci:<agent id>:<token of the job>` and a context `<full path of the configuration project>:<agent name>`.

use base64::Engine as _;
use serde::Deserialize;

use super::live::agent_of;

/// Of what form the token of a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenForm {
    /// `ci:<agent id>:…`: for the agent, by the job.
    Job,
    /// `pat:<agent id>:…`: for the agent, by a person.
    Person,
    /// Something else, or a certificate: not by way of an agent.
    Other,
    /// There is none.
    None,
}

/// A context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Its name.
    pub name: String,
    /// Where requests go.
    pub server: Option<String>,
    /// Whether an authority is named for the server's certificate.
    pub has_authority: bool,
    /// Of what form the token is.
    pub token: TokenForm,
    /// The number of the agent that the token is for.
    pub agent: Option<i64>,
}

/// What it takes to reach the cluster of a context. Nothing prints the token.
pub struct Access {
    /// The address.
    pub server: String,
    /// The token.
    pub token: Box<str>,
    /// Who vouches for the server's certificate, where the kubeconfig says so.
    pub authority: Option<Authority>,
}

/// A certificate of an authority.
pub enum Authority {
    /// In the kubeconfig.
    Data(Vec<u8>),
    /// In a file, relative to the kubeconfig's folder.
    File(String),
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

impl Written {
    fn read(text: &str) -> Result<Self, String> {
        serde_yaml::from_str(text).map_err(|error| match error.location() {
            Some(place) => format!("it is no kubeconfig, line {}", place.line()),
            None => "it is no kubeconfig".to_owned(),
        })
    }
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

    /// What it takes to reach the cluster of a context; `None` where that context is not there, or is none of an agent for a job.
    ///
    /// # Errors
    /// As for [`Kubeconfig::read`].
    pub fn access(text: &str, wanted: &str) -> Result<Option<Access>, String> {
        let written = Written::read(text)?;
        let context = written.contexts.into_iter().flatten().find(|known| known.name == wanted);
        let Some(ContextOf { cluster: Some(cluster), user: Some(user) }) = context.map(|known| known.context) else {
            return Ok(None);
        };
        let cluster = written.clusters.into_iter().flatten().find(|known| known.name == cluster);
        let user = written.users.into_iter().flatten().find(|known| known.name == user);
        let Some((cluster, token)) = cluster.zip(user.and_then(|user| user.user.token)) else { return Ok(None) };
        let ClusterOf { server: Some(server), authority, authority_data } = cluster.cluster else { return Ok(None) };
        if agent_of(&token).is_none() {
            return Ok(None);
        }
        let data = authority_data.and_then(|data| base64::engine::general_purpose::STANDARD.decode(data).ok());
        let authority = data.map(Authority::Data).or(authority.map(Authority::File));
        Ok(Some(Access { server, token: token.into(), authority }))
    }

    /// Reads one.
    ///
    /// # Errors
    /// When it is none; with the place, and nothing of what stands there.
    pub fn read(text: &str) -> Result<Self, String> {
        let written = Written::read(text)?;
        let (clusters, users) = (written.clusters.unwrap_or_default(), written.users.unwrap_or_default());
        let contexts = written.contexts.unwrap_or_default().into_iter().map(|NamedContext { name, context }| {
            let cluster = clusters.iter().find(|known| Some(&known.name) == context.cluster.as_ref());
            let user = users.iter().find(|known| Some(&known.name) == context.user.as_ref());
            let token = match user.and_then(|user| user.user.token.as_deref()) {
                Some(token) if token.starts_with("ci:") => TokenForm::Job,
                Some(token) if token.starts_with("pat:") => TokenForm::Person,
                Some(_) => TokenForm::Other,
                None => TokenForm::None,
            };
            let cluster = cluster.map(|cluster| &cluster.cluster);
            Context {
                name,
                server: cluster.and_then(|cluster| cluster.server.clone()),
                has_authority: cluster
                    .is_some_and(|cluster| cluster.authority.is_some() || cluster.authority_data.is_some()),
                token,
                agent: user.and_then(|user| agent_of(user.user.token.as_deref()?)),
            }
        });
        Ok(Self { contexts: contexts.collect(), current: written.current.filter(|current| !current.is_empty()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_by_their_form_and_not_kept() {
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
        let read = Kubeconfig::read(text).unwrap();
        let forms: Vec<TokenForm> = read.contexts.iter().map(|context| context.token).collect();
        assert_eq!(forms, [TokenForm::Job, TokenForm::Other, TokenForm::None]);
        assert_eq!(read.contexts[0].server.as_deref(), Some("https://kas.example.com/k8s-proxy"));
        assert_eq!(read.current, None);
        assert!(!format!("{read:?}").contains("secret"));
        let error = Kubeconfig::read("users: secret").unwrap_err();
        assert!(!error.contains("secret"), "{error}");
        assert_eq!(Kubeconfig::read("apiVersion: v1\ncontexts: null\n").unwrap(), Kubeconfig::default());
    }
}
