//! Which project a git remote stands for.

use super::full_path::path_fault;

/// The full path behind the URL of a git remote; `None` where it cannot be a project of a GitLab instance.
///
/// Takes `git@host:group/project.git`, `https://host/group/project.git` and `ssh://git@host:22/group/project.git`. What is written
/// wrongly, as `user:password@host:group/project`, names no project.
#[must_use]
pub fn path_of_remote(url: &str) -> Option<String> {
    let (host, path) = match url.split_once("://") {
        Some((scheme, rest)) => {
            if scheme.eq_ignore_ascii_case("file") {
                return None;
            }
            let address = rest.split(['?', '#']).next().unwrap_or_default();
            address.split_once('/')?
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
    (path.contains('/') && !path.contains("..") && path_fault(path).is_none()).then(|| path.to_owned())
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
            ("user:secret@gitlab.example.com:acme/shop.git", None),
            ("https://user:sec/ret@gitlab.example.com/acme/shop.git", None),
            ("https://gitlab.example.com/acme/shop.git?private_token=secret", Some("acme/shop")),
            ("gitlab.example.com:acme/shop.git?private_token=secret", None),
        ] {
            assert_eq!(path_of_remote(url).as_deref(), path, "{url}");
        }
    }
}
