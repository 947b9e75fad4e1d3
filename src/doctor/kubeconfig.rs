//! The kubeconfig of a job. Tokens are looked at for their form alone, and are not kept.
//!
//! Source: `app/services/ci/generate_kubeconfig_service.rb`: one cluster `gitlab`, and for each visible agent a user with the token
//! `ci:<agent id>:<token of the job>` and a context `<full path of the configuration project>:<agent name>`.

use serde::Deserialize;

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

    /// Reads one.
    ///
    /// # Errors
    /// When it is none; with the place, and nothing of what stands there.
    pub fn read(text: &str) -> Result<Self, String> {
        let written: Written = serde_yaml::from_str(text).map_err(|error| match error.location() {
            Some(place) => format!("it is no kubeconfig, line {}", place.line()),
            None => "it is no kubeconfig".to_owned(),
        })?;
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
