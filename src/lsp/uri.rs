//! Addresses of files, as editors name them.

use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stands for itself in the path of an address.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The path behind a `file:` address; `None` for anything else.
pub(super) fn to_path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file:")?;
    // An authority other than this machine names a share of the network.
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
        None => rest,
    };
    let path = percent_decode_str(path).decode_utf8().ok()?;
    if !path.starts_with('/') || path.contains('\0') {
        return None;
    }
    let has_drive =
        path.as_bytes().get(2) == Some(&b':') && path.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic);
    let path = if cfg!(windows) && has_drive { path.get(1..)? } else { &*path };
    // `..` would make two addresses of one file.
    let mut plain = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    Some(plain)
}

/// The address of a file.
pub(super) fn from_path(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut uri = "file://".to_owned();
    for component in absolute.components() {
        match component {
            Component::RootDir | Component::CurDir => {}
            Component::Prefix(prefix) => {
                uri.push('/');
                uri.push_str(&prefix.as_os_str().to_string_lossy());
            }
            other => {
                uri.push('/');
                uri.extend(utf8_percent_encode(&other.as_os_str().to_string_lossy(), PATH));
            }
        }
    }
    if uri == "file://" {
        uri.push('/');
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn addresses_become_paths_and_back() {
        for (uri, path) in [
            ("file:///w/.gitlab/agents/prod/config.yaml", "/w/.gitlab/agents/prod/config.yaml"),
            ("file:///w/a%20b/%C3%A9%E6%97%A5.yaml", "/w/a b/é日.yaml"),
            ("file:///w/100%25.yaml", "/w/100%.yaml"),
            ("file:///", "/"),
        ] {
            assert_eq!(to_path(uri).as_deref(), Some(Path::new(path)));
            assert_eq!(from_path(Path::new(path)), uri);
        }
        assert_eq!(to_path("file://localhost/w/a").as_deref(), Some(Path::new("/w/a")));
        assert_eq!(to_path("file:/w/b/../a").as_deref(), Some(Path::new("/w/a")));
        for uri in ["untitled:Untitled-1", "file://server/w/a", "file:///w/%FF", "file:///w/%00", "kaslint:rules/x", ""]
        {
            assert_eq!(to_path(uri), None, "{uri}");
        }
    }
}
