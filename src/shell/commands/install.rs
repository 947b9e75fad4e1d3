//! Which kubectl a script installs.

use super::super::action::{ActionKind, Argument};
use super::super::words::Word;
use super::{Call, Recognized};
use crate::gitlab::PartialText;

pub(super) fn recognize(call: &Call<'_>) -> Vec<Recognized> {
    let words = call.arguments;
    let found: Vec<Argument> = match call.program {
        "curl" | "wget" | "aria2c" => words.iter().filter_map(downloaded).collect(),
        "apk" | "apt" | "apt-get" | "dnf" | "yum" | "zypper" | "conda" | "microdnf" => {
            words.iter().filter_map(|word| packaged(word, &["kubectl=", "kubectl-", "kubectl~="])).collect()
        }
        "asdf" | "mise" | "brew" | "choco" => words
            .windows(2)
            .filter(|pair| pair[0].is("kubectl"))
            .filter_map(|pair| version_in(&pair[1], 0))
            .chain(words.iter().filter_map(|word| packaged(word, &["kubectl@"])))
            .collect(),
        _ => Vec::new(),
    };
    let range = |version: &Argument| Some(version.range.clone());
    found
        .into_iter()
        .map(|version| (range(&version), version))
        .map(|(range, version)| (ActionKind::KubectlVersion { version }, range))
        .collect()
}

/// The addresses of releases: `…/release/v1.27.1/bin/linux/amd64/kubectl`
/// (<https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/>).
fn downloaded(word: &Word) -> Option<Argument> {
    let text = word.known();
    if !text.ends_with("/kubectl") && !text.ends_with("/kubectl.exe") {
        return None;
    }
    let at = text.find("/v1.").or_else(|| text.find("release/1."))?;
    let start = at + text.get(at..)?.find('1')?;
    version_in(word, start)
}

fn packaged(word: &Word, prefixes: &[&str]) -> Option<Argument> {
    let text = word.known();
    let prefix = prefixes.iter().find(|prefix| text.starts_with(**prefix))?;
    version_in(word, prefix.len())
}

/// The `1.27.1` that starts at this byte of a known word, a `v` before it and the package's revision behind it taken off.
fn version_in(word: &Word, start: usize) -> Option<Argument> {
    let text = word.known();
    let rest = text.get(start..)?;
    let start = start + rest.len() - rest.trim_start_matches(['v', '=']).len();
    let rest = text.get(start..)?;
    let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let version = rest.get(..length)?.trim_end_matches('.');
    let is_whole = version.split('.').count() == 3 && version.split('.').all(|part| !part.is_empty());
    let place = word.after(start).range();
    // Where the value stands in a variable or in several pieces, the whole word is its place.
    let is_literal = word.pieces.len() == 1 && word.pieces.iter().all(|piece| piece.literal);
    let range = if is_literal { place.start..place.start + version.len() } else { word.range() };
    is_whole.then(|| Argument { text: PartialText::known(version), range })
}
