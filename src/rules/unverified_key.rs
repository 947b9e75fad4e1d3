//! `unverified-key`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::Finding;
use crate::gitlab::NEWEST;
use crate::schema::{self, ProblemKind};
use crate::words::brief;

rule! {
    /// Public sources do not settle whether this release of GitLab reads the key.
    ///
    /// For a few keys the release in which they came is known only within one or two, or their name or fate is not public.
    /// kaslint takes them as known and says that it does not know. If the release at hand does not read the key, it
    /// refuses the whole file. The same goes for a key that is near none of the known ones, where the release is newer than all that kaslint
    /// knows: it may have come with that release.
    ///
    /// Source: the table of keys.
    ///
    /// Releases: from 17.0.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// custom_data:
    ///   owner: platform
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// # owner: platform
    /// ci_access: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Look at the log of the agent server after the change, or leave the key out.
    UnverifiedKey = "unverified-key", Note in Keys
}

impl Rule for UnverifiedKey {
    fn check_problem(&self, problem: &schema::Problem, cx: &FileContext<'_>, findings: &mut Findings) {
        let (name, reason) = match &problem.kind {
            ProblemKind::UnverifiedKey(key) => {
                let reason = match key.unverified {
                    Some(reason) => reason.to_owned(),
                    None => format!("it came with {}", key.since),
                };
                (brief(&key.name), reason)
            }
            ProblemKind::PerhapsNewKey(key) => (brief(key), format!("no release up to {NEWEST} knows such a key")),
            _ => return,
        };
        let message = format!("{name} may be unknown to GitLab {}: {reason}", cx.gitlab().version);
        let finding =
            Finding::new(&INFO, &cx.file.source, problem.span, message).label("may be unknown").route(&problem.route);
        findings.report(
            finding.help("if GitLab does not know the key, it refuses the whole file; the agent server's log says so"),
        );
    }
}
