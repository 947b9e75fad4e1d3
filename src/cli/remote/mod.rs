//! Which instance is asked, and by which token.

mod choice;
mod glab;

use std::path::{Path, PathBuf};
#[cfg(feature = "network")]
use std::time::Duration;

use crate::api::{Authorities, Client, Clock, Token, Transport};
use crate::project::Unusable;
use crate::project::files::{Content, Disk, FileSource as _};

use choice::{Environment, Given, WOULD_READ, WOULD_WRITE};

/// The largest file of a token, of authorities or of glab that is read, in bytes.
const MAX_SIZE: u64 = 4 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct RemoteArguments {
    /// The instance. Else CI_SERVER_URL, GITLAB_HOST, glab's default host, or https://gitlab.com.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A file with the token. Else GITLAB_TOKEN, or the token of glab's configuration.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Trust the authorities in this file as well as the system's.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Let the token go over http.
    #[arg(long)]
    insecure_http: bool,
}

/// What requests go by, and the clock that they wait by.
pub(super) type Line = (Box<dyn Transport>, Box<dyn Clock>);

/// An instance that can be asked.
pub(super) struct Connection {
    transport: Box<dyn Transport>,
    clock: Box<dyn Clock>,
    base: String,
    token: Option<Token>,
}

impl Connection {
    /// A client that asks by the token.
    pub fn client(&self) -> Client<'_> {
        Client::new(&*self.transport, &*self.clock, &self.base, self.token.clone())
    }

    /// The address of the instance.
    pub fn base(&self) -> &str {
        &self.base
    }
}

impl RemoteArguments {
    /// Keeps a token from an instance that nobody named: `of`, which is where an inventory says that it comes from, has to be the one that would be asked,
    /// unless `--url` says otherwise. A repository's inventory chooses no instance, since its author may be a stranger.
    ///
    /// # Errors
    /// Where another one would be asked.
    pub fn hold(&self, connection: &Connection, of: Option<&str>) -> Result<(), Unusable> {
        let of = of.map(|url| url.trim_end_matches('/')).filter(|url| !url.eq_ignore_ascii_case(connection.base()));
        match of.filter(|_| self.url.is_none()) {
            None => Ok(()),
            Some(url) => Err(Unusable::new(format!(
                "the inventory is of {}, and {} would be asked: name the one that you mean with --url",
                crate::source::visible(url),
                connection.base()
            ))),
        }
    }

    /// Finds out which instance is meant and which token is to be used. No socket is opened yet.
    ///
    /// # Errors
    /// Where there is no token that would do, the address is none, or this build has no network.
    pub fn connect(&self, command: &str, is_offline: bool) -> Result<Connection, Unusable> {
        self.connect_for(command, WOULD_READ, is_offline)
    }

    /// The same for a command that writes.
    ///
    /// # Errors
    /// As for [`RemoteArguments::connect`].
    pub fn connect_to_write(&self, command: &str, is_offline: bool) -> Result<Connection, Unusable> {
        self.connect_for(command, WOULD_WRITE, is_offline)
    }

    fn connect_for(&self, command: &str, would_do: &str, is_offline: bool) -> Result<Connection, Unusable> {
        if is_offline {
            return Err(Unusable::new(format!("`{command}` asks GitLab, and --offline forbids that")));
        }
        without_core_files();
        let token = self.token_file.as_deref().map(|file| text_of("token file", file)).transpose()?;
        let given = Given { url: self.url.clone(), token, insecure_http: self.insecure_http };
        let environment = Environment::of_process();
        let glab = environment.glab_files.iter().find_map(|file| match Disk.read(file, MAX_SIZE) {
            Ok(Content::Text(source)) => Some(source.text().to_owned()),
            _ => None,
        });
        let chosen =
            choice::choose(&given, &environment, glab.as_deref(), (command, would_do)).map_err(Unusable::new)?;
        if let Some(note) = &chosen.note {
            super::output::complain(&format!("note: {note}"));
        }
        let (transport, clock) = line(self.ca_file.as_deref(), self.insecure_http, command)?;
        Ok(Connection { transport, clock, base: chosen.base, token: Some(chosen.token) })
    }
}

/// What requests go by; who vouches for certificates stands in a file, besides those whom the system knows.
///
/// # Errors
/// Where the file cannot be used, or this build has no network.
pub(super) fn line(ca_file: Option<&Path>, insecure_http: bool, command: &str) -> Result<Line, Unusable> {
    let pem = ca_file.map(|file| text_of("file of authorities", file)).transpose()?;
    let authorities = pem.as_deref().map_or(Authorities::System, |pem| Authorities::Also(pem.as_bytes()));
    let shown = || ca_file.unwrap_or(Path::new("")).display().to_string();
    line_with(authorities, insecure_http, command)?
        .map_err(|fault| Unusable::new(format!("cannot use {}: {fault}", shown())))
}

/// The same, with certificates of authorities; or what is the matter with these.
///
/// # Errors
/// Where this build has no network.
#[cfg(feature = "network")]
pub(super) fn line_with(
    authorities: Authorities<'_>,
    insecure_http: bool,
    _command: &str,
) -> Result<Result<Line, String>, Unusable> {
    let http = crate::network::Http::new(authorities, None::<Duration>).map(|http| http.taking_http(insecure_http));
    Ok(http.map(|http| (Box::new(http) as Box<dyn Transport>, Box::new(crate::network::Wall) as Box<dyn Clock>)))
}

#[cfg(not(feature = "network"))]
pub(super) fn line_with(
    _authorities: Authorities<'_>,
    _insecure_http: bool,
    command: &str,
) -> Result<Result<Line, String>, Unusable> {
    Err(Unusable::new(format!("`{command}` asks GitLab, and this kaslint was built without network")))
}

pub(super) fn text_of(what: &str, file: &Path) -> Result<String, Unusable> {
    let shown = file.display();
    match Disk.read(file, MAX_SIZE) {
        Ok(Content::Text(source)) => Ok(source.text().to_owned()),
        Ok(content) => Err(Unusable::new(format!("cannot read the {what} {shown}: {}", content.in_words()))),
        Err(error) => Err(Unusable::new(format!("cannot read the {what} {shown}: {}", crate::words::io_error(&error)))),
    }
}

/// Lets no core file of this process hold a token.
pub(super) fn without_core_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // Where it cannot be set, it is set by somebody who forbids more than that.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}
