//! Full paths of projects and groups, as GitLab compares them.

/// A full path: segments separated by slashes, compared without regard to letter case.
#[derive(Clone, Debug)]
pub struct FullPath {
    written: String,
    lower: String,
}

impl FullPath {
    /// The path as written; surrounding slashes are dropped.
    #[must_use]
    pub fn new(path: &str) -> Self {
        let written = path.trim_matches('/').to_owned();
        let lower = written.to_lowercase();
        Self { written, lower }
    }

    /// The path as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The path in lower case, as GitLab looks it up.
    #[must_use]
    pub fn lower(&self) -> &str {
        &self.lower
    }

    /// The top-level group or user namespace, in lower case.
    #[must_use]
    pub fn top_level(&self) -> &str {
        self.lower.split('/').next().unwrap_or_default()
    }

    /// The path of the namespace that holds it, in lower case; empty for a top-level path.
    #[must_use]
    pub fn parent(&self) -> &str {
        self.lower.rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// Whether it lies below `ancestor`, a path in lower case.
    #[must_use]
    pub fn is_below(&self, ancestor: &str) -> bool {
        self.lower.strip_prefix(ancestor).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl PartialEq for FullPath {
    fn eq(&self, other: &Self) -> bool {
        self.lower == other.lower
    }
}

impl Eq for FullPath {}

impl std::fmt::Display for FullPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written)
    }
}

/// The full path behind the URL of a git remote; `None` where it cannot be a project of a GitLab instance.
///
/// Takes `git@host:group/project.git`, `https://host/group/project.git` and `ssh://git@host:22/group/project.git`.
#[must_use]
pub fn path_of_remote(url: &str) -> Option<String> {
    let (host, path) = match url.split_once("://") {
        Some((scheme, rest)) => {
            if scheme.eq_ignore_ascii_case("file") {
                return None;
            }
            rest.split_once('/')?
        }
        // The scp-like form; a Windows drive has no host of that kind.
        None => url.split_once(':').filter(|(host, _)| host.len() > 1 && !host.contains('/'))?,
    };
    let host = host.rsplit('@').next()?.split(':').next()?.to_ascii_lowercase();
    // Mirrors elsewhere say nothing about the path on GitLab.
    if host.is_empty() || ["github.com", "bitbucket.org", "codeberg.org", "dev.azure.com"].contains(&host.as_str()) {
        return None;
    }
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (path.contains('/') && !path.contains("..")).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_tell_the_project() {
        for (url, path) in [
            ("git@gitlab.com:acme/web/shop.git", Some("acme/web/shop")),
            ("https://user:secret@gitlab.example.com:8443/acme/shop.git", Some("acme/shop")),
            ("ssh://git@gitlab.example.com:22/acme/shop", Some("acme/shop")),
            ("https://github.com/acme/shop.git", None),
            ("/srv/git/shop.git", None),
            ("file:///srv/git/shop.git", None),
            ("C:/work/shop", None),
        ] {
            assert_eq!(path_of_remote(url).as_deref(), path, "{url}");
        }
    }

    #[test]
    fn paths_compare_without_letter_case() {
        let path = FullPath::new("Acme/Web/shop");
        assert_eq!(path, FullPath::new("acme/web/SHOP"));
        assert_eq!((path.top_level(), path.parent()), ("acme", "acme/web"));
        assert!(path.is_below("acme") && !path.is_below("ac") && !path.is_below("acme/web/shop"));
    }
}
