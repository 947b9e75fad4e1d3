//! `kaslint diff --post`: the report as a comment of a merge request, of which there is one, however often it is written.

use serde_json::{Value, json};

use crate::api::{ApiError, Client};
use crate::cli::remote::{Connection, RemoteArguments};
use crate::diff_report::{DiffReport, Format, NOTE_MARKER};
use crate::outlet::Outlet;
use crate::project::Unusable;
use crate::source::visible;

/// How many pages of a hundred comments are looked through for the one before.
const MOST_PAGES: usize = 100;

/// A merge request.
#[derive(Clone, Debug, PartialEq, Eq)]
struct MergeRequest {
    /// The id of its project, or the full path.
    project: String,
    iid: u64,
}

impl MergeRequest {
    /// The one that is named, else that of the job.
    fn of(named: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Unusable> {
        let (project, iid) = if named.is_empty() {
            // In the pipeline of a fork, CI_PROJECT_ID may be that of the fork.
            let project = variable("CI_MERGE_REQUEST_PROJECT_ID").or_else(|| variable("CI_PROJECT_ID"));
            let (Some(project), Some(iid)) = (project, variable("CI_MERGE_REQUEST_IID")) else {
                return Err(Unusable::new(
                    "`--post` is for the pipeline of a merge request, and CI_MERGE_REQUEST_IID is not set; name one: --post='acme/agents!12'",
                ));
            };
            (project, iid)
        } else {
            let (project, iid) = named.rsplit_once('!').unwrap_or_default();
            (project.to_owned(), iid.to_owned())
        };
        let is_path = |text: &str| {
            let allowed = |character: char| character.is_ascii_alphanumeric() || "_./-".contains(character);
            !text.is_empty() && text.chars().all(allowed) && !text.starts_with('/') && !text.ends_with('/')
        };
        match iid.parse() {
            Ok(iid) if is_path(&project) && iid > 0 => Ok(Self { project, iid }),
            _ => Err(Unusable::new(format!(
                "`{}` is no merge request; write the project's path or id and the number: --post='acme/agents!12'",
                if named.is_empty() {
                    format!("{}!{}", visible(&project), visible(&iid))
                } else {
                    visible(named).into_owned()
                }
            ))),
        }
    }

    /// The path of its comments in the API.
    fn notes(&self) -> String {
        let project = self.project.replace('/', "%2F");
        format!("/api/v4/projects/{project}/merge_requests/{}/notes", self.iid)
    }
}

/// Where the report is to go, and by which token.
pub(super) struct Post {
    connection: Connection,
    to: MergeRequest,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Posted,
    Updated,
    Same,
}

impl Post {
    /// Finds out where to. No socket is opened yet.
    ///
    /// # Errors
    /// Where no merge request is named, or there is no token that may comment.
    pub(super) fn to(named: &str, remote: &RemoteArguments, is_offline: bool) -> Result<Self, Unusable> {
        #[allow(clippy::disallowed_methods, reason = "the job says there which merge request it is for")]
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let to = MergeRequest::of(named, variable)?;
        let connection = remote.connect_to_write("diff --post", is_offline)?;
        Ok(Self { connection, to })
    }

    /// Writes the report there, and says what became of it.
    ///
    /// # Errors
    /// Where it was not written, or that is not known.
    pub(super) fn send(&self, report: &DiffReport<'_>) -> Result<String, Unusable> {
        let mut text = Vec::new();
        let written = report.write(Format::Markdown, &mut Outlet::without_tones(&mut text));
        let text = written.map(|()| String::from_utf8_lossy(&text).into_owned());
        let text = text.map_err(|error| Unusable::new(format!("cannot write the comment: {error}")))?;
        let MergeRequest { project, iid } = &self.to;
        let place = format!("{project}!{iid} of {}", self.connection.base());
        match put(&self.connection.client(), &self.to.notes(), text.trim_end()) {
            Ok(Done::Posted) => Ok(format!("Commented on {place}.")),
            Ok(Done::Updated) => Ok(format!("Updated the comment on {place}.")),
            Ok(Done::Same) => Ok(format!("The comment on {place} says this already.")),
            Err(error) => Err(Unusable::new(format!("cannot comment on {place}: {error}"))),
        }
    }
}

/// Puts a text in the place of the comment that the same user made before, or makes one.
fn put(client: &Client<'_>, notes: &str, text: &str) -> Result<Done, ApiError> {
    // Project and group access tokens are users too.
    let (user, _) = client.get_json("/api/v4/user")?;
    let user =
        user["id"].as_u64().ok_or_else(|| ApiError::Malformed("it does not say whose token this is".to_owned()))?;
    if let Some((id, body)) = earlier(client, notes, user)? {
        // GitLab keeps no blanks at the end.
        if body.trim_end() == text {
            return Ok(Done::Same);
        }
        client.replace(&format!("{notes}/{id}"), &json!({ "body": text }))?;
        return Ok(Done::Updated);
    }
    match client.create(notes, &json!({ "body": text })) {
        Ok(_) => Ok(Done::Posted),
        Err(error @ (ApiError::Transport(_) | ApiError::Overloaded(_))) => {
            // It may have been carried out all the same, and is not to be there twice.
            match earlier(client, notes, user) {
                Ok(Some(_)) => Ok(Done::Posted),
                _ => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// The first comment of a user that is a report: its id and text.
fn earlier(client: &Client<'_>, notes: &str, user: u64) -> Result<Option<(u64, String)>, ApiError> {
    let is_report = |note: &&Value| {
        note["author"]["id"].as_u64() == Some(user)
            && note["system"].as_bool() != Some(true)
            && note["body"].as_str().is_some_and(|body| body.trim_start().starts_with(NOTE_MARKER))
    };
    let mut page = "1".to_owned();
    for _ in 0..MOST_PAGES {
        let (answer, response) =
            client.get_json(&format!("{notes}?per_page=100&sort=asc&order_by=created_at&page={page}"))?;
        let all = answer.as_array().ok_or_else(|| ApiError::Malformed("it is no list of comments".to_owned()))?;
        if let Some(note) = all.iter().find(is_report) {
            let id = note["id"].as_u64().ok_or_else(|| ApiError::Malformed("a comment has no id".to_owned()))?;
            return Ok(Some((id, note["body"].as_str().unwrap_or_default().to_owned())));
        }
        match response.header("x-next-page").map(str::trim) {
            Some(next) if !next.is_empty() && next.bytes().all(|byte| byte.is_ascii_digit()) && next != page => {
                page = next.to_owned();
            }
            _ => return Ok(None),
        }
    }
    Err(ApiError::Malformed(format!(
        "there are more than {} comments, and one before is not to be found among them",
        MOST_PAGES * 100
    )))
}
