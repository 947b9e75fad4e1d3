//! `kaslint doctor --live`: one question to GitLab, one to the cluster.

use std::path::{Path, PathBuf};

use crate::access::Index;
use crate::api::{Authorities, Method, Request, Token};
use crate::cli::live::settings;
use crate::cli::remote::{line_with, text_of, without_core_files};
use crate::doctor::{
    Asked, Authority, Code, Line, Live, Observed, Prediction, Question, Seen, allowed_agents, version_of_cluster,
};
use crate::live::{Compared, Configurations, Stored, compare};
use crate::project::Unusable;
use crate::project::files::{Content, Disk, FileSource as _};

/// The largest answer that is read, in bytes.
const MOST_BYTES: u64 = 4 << 20;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "GitLab")]
pub(super) struct LiveArguments {
    /// Ask as well: GitLab which agents let the job in, by CI_JOB_TOKEN, and the cluster for its version, by KUBECONFIG.
    #[arg(long)]
    pub live: bool,
    /// Trust the authorities in this file for GitLab, and no others [default: CI_SERVER_TLS_CA_FILE, else those of the system].
    #[arg(long, value_name = "FILE", requires = "live")]
    ca_file: Option<PathBuf>,
    /// Let the tokens go over http.
    #[arg(long, requires = "live")]
    insecure_http: bool,
}

impl LiveArguments {
    /// Asks, if it is to; each question is sent once, and no redirect is followed.
    ///
    /// # Errors
    /// Where nothing may be asked, or the file of authorities is none.
    pub fn ask(&self, observed: &Observed, is_offline: bool) -> Result<Option<Live>, Unusable> {
        if !self.live {
            return Ok(None);
        }
        if is_offline {
            return Err(Unusable::new("`doctor --live` asks GitLab, and --offline forbids that"));
        }
        without_core_files();
        let (token, of_runner) = of_job();
        let authorities = self.ca_file.as_deref().map(|file| text_of("file of authorities", file)).transpose()?;
        let allowed = match allowed_agents(observed, token, self.insecure_http) {
            Err(line) => Asked::Not(line),
            Ok(question) => {
                let authority = authorities.map(|text| Authority::Pem(text.into_bytes())).or(of_runner);
                asked(Question { authority, ..question }, self.insecure_http, Code::GitlabAuthorities)?
            }
        };
        let version = match version_of_cluster(observed, self.insecure_http) {
            Err(line) => Asked::Not(line),
            Ok(question) => asked(question, self.insecure_http, Code::AgentServerAuthority)?,
        };
        Ok(Some(Live { allowed, version }))
    }
}

/// The token of the job, and the authority that its runner was told.
#[allow(clippy::disallowed_methods, reason = "the job has it in a variable")]
fn of_job() -> (Option<Token>, Option<Authority>) {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let token = variable("CI_JOB_TOKEN").filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
    let authority = variable("CI_SERVER_TLS_CA_FILE").map(|file| Authority::File(file.into()));
    (token.map(|token| Token::Job(token.into())), authority)
}

fn asked(question: Question, insecure_http: bool, code: Code) -> Result<Asked, Unusable> {
    let unusable = |seen: String| {
        let todo = "give it a certificate of an authority in PEM".to_owned();
        Ok(Asked::Not(Line { code, seen, todo }))
    };
    let pem = match &question.authority {
        None => None,
        Some(Authority::Pem(pem)) => Some(pem.clone()),
        Some(Authority::Unreadable) => {
            return unusable("the certificate-authority-data of KUBECONFIG is no base64".to_owned());
        }
        Some(Authority::File(file)) => match authorities_in(file) {
            Ok(pem) => Some(pem),
            Err(why) => return unusable(format!("the file of authorities {} cannot be read: {why}", file.display())),
        },
    };
    let authorities = pem.as_deref().map_or(Authorities::System, Authorities::Only);
    match line_with(authorities, insecure_http, "doctor --live")? {
        Err(why) => unusable(format!("{} cannot be asked, for its file of authorities: {why}", question.url)),
        Ok((transport, _)) => {
            let (name, value) = question.token.header();
            let headers = [(name, value.as_str())];
            let request =
                Request { method: Method::Get, url: &question.url, headers: &headers, body: None, limit: MOST_BYTES };
            let answer = transport.send(&request);
            Ok(Asked::Sent(question.url, answer))
        }
    }
}

fn authorities_in(file: &Path) -> Result<Vec<u8>, String> {
    match Disk.read(file, MOST_BYTES) {
        Ok(Content::Text(source)) => Ok(source.text().as_bytes().to_vec()),
        Ok(content) => Err(content.in_words().to_owned()),
        Err(error) => Err(error.kind().to_string()),
    }
}

/// Holds the settings that GitLab has for the agents of the job against those that are predicted. Which agents there are is not compared here:
/// GitLab's list is that of the job's environment and ref.
pub(super) fn compare_settings(index: &Index<'_>, project: &str, observed: &Observed, predicted: &mut Prediction) {
    let Some(allowed) = observed.allowed() else { return };
    let in_kubeconfig = |id: u64| match &observed.kubeconfig {
        Seen::Read(kubeconfig) => kubeconfig.contexts.iter().find(|context| context.token.agent() == Some(id)),
        _ => None,
    };
    let listed =
        |id: u64| index.agents().iter().find(|agent| agent.id.is_some_and(|known| u64::try_from(known) == Ok(id)));
    // GitLab gives an agent's number and not its name.
    let stored: Vec<Stored> = allowed
        .agents
        .into_iter()
        .filter_map(|agent| {
            let context = in_kubeconfig(agent.id).map(|context| context.name.clone());
            let context = context.or_else(|| listed(agent.id).map(|agent| agent.context()))?;
            Some(Stored { context, config: agent.configuration })
        })
        .collect();
    for (context, compared) in compare(index, &Configurations::of(index), project, &stored) {
        if stored.iter().all(|stored| !stored.context.eq_ignore_ascii_case(&context)) {
            continue;
        }
        match compared {
            Compared::Same(_) => predicted.same_settings += 1,
            Compared::Differs(difference) if difference.predicted.is_some() => {
                let (stored, wanted) = (settings(difference.stored.as_ref()), settings(difference.predicted.as_ref()));
                predicted.other_settings.push((context, stored, wanted));
            }
            Compared::Differs(_) | Compared::NotCompared(_) => {}
        }
    }
}
