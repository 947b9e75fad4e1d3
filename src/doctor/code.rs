//! The lines that doctor has, each by a code that does not change.

use super::Verdict;

macro_rules! codes {
    ($($group:literal { $($(#[$documentation:meta])+ $code:ident $name:literal $verdict:ident,)+ })+) => {
        /// What a line says, in one word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($($(#[$documentation])+ $code,)+)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$($(Self::$code,)+)+];

            /// The word, as machine formats have it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $($(Self::$code => $name,)+)+
                }
            }

            /// What was looked at.
            #[must_use]
            pub fn group(self) -> &'static str {
                match self {
                    $($(Self::$code => $group,)+)+
                }
            }

            /// What is made of it.
            #[must_use]
            pub fn verdict(self) -> Verdict {
                match self {
                    $($(Self::$code => Verdict::$verdict,)+)+
                }
            }
        }
    };
}

codes! {
    "job" {
        /// This is no CI job.
        NoJob "no-job" Unknown,
        /// Project, environment and ref of the job.
        Job "job" Fine,
    }
    "kubeconfig" {
        /// The file has no context.
        NoContext "no-context" Wrong,
        /// How many contexts the file has.
        Kubeconfig "kubeconfig" Fine,
        /// The file cannot be read, or is no kubeconfig.
        KubeconfigUnreadable "kubeconfig-unreadable" Wrong,
        /// The variable is not set.
        KubeconfigNotSet "kubeconfig-not-set" Wrong,
        /// The file has contexts, and none of an agent.
        KubeconfigOfOthers "kubeconfig-of-others" Doubtful,
        /// `~/.kube/config` is there, and is not read.
        HomeKubeconfig "home-kubeconfig" Doubtful,
    }
    "context" {
        /// No configuration of an agent is at hand.
        NothingPredicted "nothing-predicted" Unknown,
        /// There, as predicted.
        ContextPredicted "context-predicted" Fine,
        /// Not there, and predicted on conditions.
        ContextOnCondition "context-on-condition" Doubtful,
        /// Not there, and predicted.
        ContextMissing "context-missing" Wrong,
        /// There, and predicted not to be.
        ContextUnexpected "context-unexpected" Wrong,
        /// Not there, as predicted, and neither is another.
        ContextDenied "context-denied" Doubtful,
        /// Not there, as predicted, where others are for the job.
        ContextOfOthers "context-of-others" Fine,
        /// Nothing can be told of it.
        ContextNotKnown "context-not-known" Unknown,
        /// There, and named by nothing at hand.
        ContextNotAtHand "context-not-at-hand" Doubtful,
    }
    "selected-context" {
        /// The one of `KUBE_CONTEXT` is there.
        KubeContext "kube-context" Fine,
        /// It is not.
        KubeContextGone "kube-context-gone" Wrong,
        /// No context is chosen.
        NoneChosen "none-chosen" Doubtful,
        /// The one that is chosen is not there.
        ChosenGone "chosen-gone" Wrong,
        /// The one that is chosen is not an agent's.
        ChosenOfNoAgent "chosen-of-no-agent" Doubtful,
    }
    "server" {
        /// A server without TLS, to which clients send no token.
        ServerWithoutTls "server-without-tls" Wrong,
        /// The authorities of the system count.
        SystemAuthorities "system-authorities" Fine,
    }
    "licence" {
        /// The prediction goes by a licence that is not there.
        LicenceMissing "licence-missing" Wrong,
        /// The prediction goes by none, and one is there.
        LicenceNotPredicted "licence-not-predicted" Wrong,
        /// There is none.
        NoLicence "no-licence" Fine,
        /// There is one.
        Licence "licence" Fine,
    }
    "release" {
        /// The prediction goes by another release.
        OtherRelease "other-release" Doubtful,
    }
    "merge-request" {
        /// The job is one of a fork.
        Fork "fork" Doubtful,
    }
    "debug-trace" {
        /// The log shows all variables.
        DebugTrace "debug-trace" Wrong,
    }
    "kubeconfig-mode" {
        /// Others may read the kubeconfig.
        KubeconfigMode "kubeconfig-mode" Doubtful,
    }
    "cache" {
        /// `~/.kube/cache` cannot be written.
        CacheNotWritable "cache-not-writable" Doubtful,
        /// There is no home folder.
        NoHome "no-home" Doubtful,
    }
    "kubectl" {
        /// kubectl is not there, or says nothing.
        NoKubectl "no-kubectl" Unknown,
        /// A kubectl that cannot validate by way of an agent.
        BrokenKubectl "broken-kubectl" Wrong,
        /// Its version.
        Kubectl "kubectl" Fine,
    }
    "helm" {
        /// Its version.
        Helm "helm" Fine,
    }
    "allowed-agents" {
        /// There is no token of a job.
        NoJobToken "no-job-token" Unknown,
        /// GitLab's address is not known.
        NoServerUrl "no-server-url" Unknown,
        /// GitLab's address is none.
        BadServerUrl "bad-server-url" Unknown,
        /// GitLab's API is said to be on another host.
        OtherApiHost "other-api-host" Unknown,
        /// GitLab is reached by http.
        GitlabWithoutTls "gitlab-without-tls" Unknown,
        /// The file of GitLab's authorities cannot be used.
        GitlabAuthorities "gitlab-authorities" Wrong,
        /// GitLab gave no answer.
        GitlabSilent "gitlab-silent" Unknown,
        /// GitLab lets the job to no agent.
        NoAgentAllowed "no-agent-allowed" Wrong,
        /// To how many agents GitLab lets it.
        AgentsAllowed "agents-allowed" Fine,
        /// One of them has no context.
        AllowedWithoutContext "allowed-without-context" Doubtful,
        /// A context's agent is none of them.
        ContextNotAllowed "context-not-allowed" Wrong,
        /// GitLab has no environment stored for the job.
        NoStoredEnvironment "no-stored-environment" Doubtful,
        /// GitLab has other settings than predicted.
        OtherSettings "other-settings" Doubtful,
        /// GitLab has the settings that are predicted.
        SameSettings "same-settings" Fine,
        /// GitLab redirects.
        GitlabRedirects "gitlab-redirects" Unknown,
        /// GitLab does not take the token of the job.
        JobTokenRefused "job-token-refused" Wrong,
        /// GitLab refuses to say.
        GitlabForbids "gitlab-forbids" Unknown,
        /// There is no such address, or the token is no job's.
        NoSuchAddress "no-such-address" Unknown,
        /// GitLab wants no more requests.
        TooManyRequests "too-many-requests" Unknown,
        /// What answers is not GitLab.
        NotGitlab "not-gitlab" Unknown,
        /// GitLab cannot say.
        GitlabBroken "gitlab-broken" Unknown,
        /// GitLab answers with another status.
        GitlabOther "gitlab-other" Unknown,
    }
    "agent-server" {
        /// There is no context to ask by.
        NoContextToAsk "no-context-to-ask" Unknown,
        /// Which of several contexts is meant is not known.
        WhichContext "which-context" Unknown,
        /// The token is of no form that the agent server takes.
        TokenForm "token-form" Wrong,
        /// The context has no token for an agent.
        NoAgentToken "no-agent-token" Unknown,
        /// The server of the context is no address.
        BadServer "bad-server" Wrong,
        /// The agent server is reached by http.
        AgentServerWithoutTls "agent-server-without-tls" Unknown,
        /// The authority that KUBECONFIG names cannot be used.
        AgentServerAuthority "agent-server-authority" Wrong,
        /// A certificate that nobody vouches for is taken all the same.
        AnyCertificate "any-certificate" Doubtful,
        /// Nobody that is trusted here vouches for the certificate.
        UnknownAuthority "unknown-authority" Wrong,
        /// The certificate is not valid.
        BadCertificate "bad-certificate" Wrong,
        /// The certificate is an authority's own, which kaslint cannot try.
        CertificateOfAuthority "certificate-of-authority" Unknown,
        /// The server cannot be reached.
        Unreachable "unreachable" Wrong,
        /// A proxy lets nothing through.
        ProxyRefuses "proxy-refuses" Wrong,
        /// The server gave no answer in time.
        NoAnswer "no-answer" Wrong,
        /// The answer is broken.
        BrokenAnswer "broken-answer" Wrong,
        /// The agent server's address redirects.
        AgentServerRedirects "agent-server-redirects" Wrong,
        /// The cluster answers.
        Cluster "cluster" Fine,
        /// What answers is no Kubernetes.
        NotKubernetes "not-kubernetes" Wrong,
        /// 426.
        UpgradeRequired "upgrade-required" Wrong,
        /// The path is not below that of the proxy.
        ProxyPath "proxy-path" Wrong,
        /// The agent server does not take the job's token.
        JobTokenNotTaken "job-token-not-taken" Wrong,
        /// It does not let the person in.
        PersonNotTaken "person-not-taken" Wrong,
        /// It does not take the token in this form.
        TokenNotTaken "token-not-taken" Wrong,
        /// It does not let the job to the agent, and GitLab does by now.
        AgentAllowedByNow "agent-allowed-by-now" Doubtful,
        /// The job is not let to the agent.
        AgentNotAllowed "agent-not-allowed" Wrong,
        /// GitLab refuses the job.
        JobRefused "job-refused" Wrong,
        /// GitLab knows no such job.
        JobNotFound "job-not-found" Wrong,
        /// The agent server cannot write what is asked for.
        MediaType "media-type" Doubtful,
        /// The agent server cannot ask GitLab.
        GitlabNotAsked "gitlab-not-asked" Wrong,
        /// The agent is not connected.
        AgentNotConnected "agent-not-connected" Wrong,
        /// The way through the agent broke.
        WayBroke "way-broke" Wrong,
        /// The agent server cannot answer.
        AgentServerBroken "agent-server-broken" Wrong,
        /// The cluster does not take the agent's identity.
        IdentityNotTaken "identity-not-taken" Wrong,
        /// The cluster's RBAC refuses.
        ClusterForbids "cluster-forbids" Doubtful,
        /// The cluster answers with another status.
        ClusterOther "cluster-other" Doubtful,
        /// The agent takes no `--as`.
        NestedImpersonation "nested-impersonation" Wrong,
        /// 404 of nobody that should answer.
        NotFoundOfOthers "not-found-of-others" Wrong,
        /// 401, 403 or 407 of something in between.
        RefusedOfOthers "refused-of-others" Wrong,
        /// 429 of something in between.
        TooManyOfOthers "too-many-of-others" Doubtful,
        /// 502, 503 or 504 of something in between.
        NothingBehind "nothing-behind" Wrong,
        /// Another status of something in between.
        OtherOfOthers "other-of-others" Wrong,
    }
}
