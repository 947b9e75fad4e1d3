//! Several files in one input: `-- path --` on a line of its own begins the next one, as in Go's txtar.

/// The files of an input in their order. What stands before the first line of a path has the path that is given.
#[must_use]
pub fn files<'t>(text: &'t str, first: &'t str) -> Vec<(&'t str, &'t str)> {
    let mut files = Vec::new();
    let (mut path, mut start) = (first, 0);
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if let Some(next) = path_of(line) {
            files.push((path, text.get(start..offset).unwrap_or_default()));
            (path, start) = (next, offset + line.len());
        }
        offset += line.len();
    }
    files.push((path, text.get(start..).unwrap_or_default()));
    files.retain(|(path, text)| *path != first || !text.is_empty());
    files
}

fn path_of(line: &str) -> Option<&str> {
    let line = line.trim_end_matches(['\n', '\r']);
    line.strip_prefix("-- ")?.strip_suffix(" --").filter(|path| !path.is_empty())
}
