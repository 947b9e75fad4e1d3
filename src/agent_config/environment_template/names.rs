//! What an environment template may name: kinds of objects, variables, functions.
//!
//! Source: `doc/user/clusters/agent/managed_kubernetes_resources.md` of GitLab; the functions that every template has are those of Go's
//! `text/template`.

use crate::schema::nearest;

/// The kinds of objects that GitLab makes: Kubernetes' own, and behind them Flux's.
pub const KINDS: [&str; 13] = [
    "Namespace",
    "ServiceAccount",
    "RoleBinding",
    "GitRepository",
    "HelmRepository",
    "HelmChart",
    "Bucket",
    "OCIRepository",
    "Kustomization",
    "HelmRelease",
    "Alert",
    "Provider",
    "Receiver",
];

/// GitLab's own functions.
pub const FUNCTIONS: [&str; 6] = ["lower", "substr", "replace", "trimPrefix", "trimSuffix", "slugify"];

/// The functions of Go's `text/template`.
const GO_FUNCTIONS: [&str; 19] = [
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf",
    "println", "slice", "urlquery",
];

/// The variables below each first name; none for one that is a text itself.
pub const VARIABLES: [(&str, &[&str]); 7] = [
    ("agent", &["id", "name", "url"]),
    ("environment", &["id", "name", "slug", "url", "page_url", "tier"]),
    ("project", &["id", "slug", "path", "url"]),
    ("ci_pipeline", &["id"]),
    ("ci_job", &["id"]),
    ("user", &["id", "username"]),
    ("legacy_namespace", &[]),
];

/// Whether a template may call a function of this name.
pub(super) fn is_function(name: &str) -> bool {
    FUNCTIONS.contains(&name) || GO_FUNCTIONS.contains(&name)
}

/// The function that was probably meant.
pub(super) fn nearest_function(name: &str) -> Option<&'static str> {
    let same = FUNCTIONS.into_iter().find(|known| known.eq_ignore_ascii_case(&name.replace('_', "")));
    same.or_else(|| nearest(name, FUNCTIONS.into_iter()))
}

/// Whether there is a variable `.a.b`, or a mapping of such that holds more.
pub(super) fn is_variable(path: &[&str]) -> bool {
    let [first, rest @ ..] = path else { return true };
    let Some((_, below)) = VARIABLES.iter().find(|(name, _)| name == first) else { return false };
    match rest {
        [] => true,
        [last] => below.contains(last),
        _ => false,
    }
}

/// The variable that was probably meant, with its dot.
pub(super) fn nearest_variable(path: &[&str]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    let alike = |wanted: &str, names: &mut dyn Iterator<Item = &'static str>| -> Option<&'static str> {
        let names: Vec<&str> = names.collect();
        names
            .iter()
            .find(|name| plain(name) == plain(wanted))
            .copied()
            .or_else(|| nearest(wanted, names.iter().copied()))
    };
    // `.environment_slug` for `.environment.slug`.
    let joined = plain(&path.concat());
    let all = || VARIABLES.iter().flat_map(|(first, below)| below.iter().map(move |last| (*first, *last)));
    if let Some((first, last)) = all().find(|(first, last)| plain(&format!("{first}{last}")) == joined) {
        return Some(format!(".{first}.{last}"));
    }
    let group = alike(first, &mut VARIABLES.iter().map(|(name, _)| *name))?;
    let (_, below) = VARIABLES.iter().find(|(name, _)| *name == group)?;
    match rest {
        [] if below.is_empty() => Some(format!(".{group}")),
        [last] => Some(format!(".{group}.{}", alike(last, &mut below.iter().copied())?)),
        _ => None,
    }
}

/// All variables, with their dots.
#[must_use]
pub fn variables() -> Vec<String> {
    let of = |(first, below): &(&str, &[&str])| match below {
        [] => vec![format!(".{first}")],
        below => below.iter().map(|last| format!(".{first}.{last}")).collect(),
    };
    VARIABLES.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_known_as_far_as_they_go() {
        for path in [&["agent"][..], &["agent", "id"], &["environment", "page_url"], &["legacy_namespace"]] {
            assert!(is_variable(path), "{path:?}");
        }
        for path in [&["Agent"][..], &["agent", "slug"], &["agent", "id", "x"], &["legacy_namespace", "x"]] {
            assert!(!is_variable(path), "{path:?}");
        }
    }

    #[test]
    fn what_was_meant_is_found() {
        for (path, meant) in [
            (&["Environment", "Slug"][..], Some(".environment.slug")),
            (&["environment_slug"], Some(".environment.slug")),
            (&["ci", "job", "id"], Some(".ci_job.id")),
            (&["enviroment", "slug"], Some(".environment.slug")),
            (&["environment", "pageUrl"], Some(".environment.page_url")),
            (&["legacyNamespace"], Some(".legacy_namespace")),
            (&["Values", "name"], None),
            (&["environment", "branch"], None),
        ] {
            assert_eq!(nearest_variable(path).as_deref(), meant, "{path:?}");
        }
        assert_eq!(nearest_function("trim_prefix"), Some("trimPrefix"));
        assert_eq!(nearest_function("slugfy"), Some("slugify"));
        assert_eq!(nearest_function("toYaml"), None);
    }
}
