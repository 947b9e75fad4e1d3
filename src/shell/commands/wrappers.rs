//! Commands that run another command.

use super::super::words::Word;

/// What a command runs.
pub(in super::super) enum Inner {
    /// Another command, with variables that are set for it.
    Words {
        /// The command.
        words: Vec<Word>,
        /// The variables.
        set: Vec<(String, Word)>,
    },
    /// A text that is a script: `bash -c`.
    Script(Word),
    /// Nothing: it is the command itself.
    None,
}

/// Takes one wrapper off.
pub(in super::super) fn unwrap(program: &str, arguments: &[Word]) -> Inner {
    // The options that take a value.
    let valued: &[&str] = match program {
        "command" | "builtin" | "nohup" | "setsid" | "stdbuf" | "unbuffer" => &[],
        "exec" => &["-a"],
        "time" => &["-f", "-o"],
        "sudo" | "doas" => &["-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "--user", "--group"],
        "nice" | "ionice" => &["-n", "-c"],
        "timeout" => &["-s", "-k", "--signal", "--kill-after"],
        "xargs" => &["-I", "-n", "-P", "-L", "-d", "-s", "-a", "-E"],
        "env" => &["-u", "-C", "--unset", "--chdir"],
        "watch" | "retry" => &["-n", "-t", "-d", "--interval"],
        "bash" | "sh" | "dash" | "ash" | "zsh" | "ksh" => return shell(arguments),
        _ => return Inner::None,
    };
    if program == "command" && arguments.first().is_some_and(|word| word.is("-v") || word.is("-V")) {
        return Inner::None;
    }
    let mut rest = skip_options(arguments, valued);
    if program == "timeout" {
        rest = rest.get(1..).unwrap_or_default();
    }
    let mut set = Vec::new();
    if matches!(program, "env" | "sudo" | "doas") {
        while let Some((word, name)) = rest.first().and_then(|word| Some((word, assigned(word)?))) {
            set.push((name.clone(), word.after(name.len() + 1)));
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    if rest.is_empty() { Inner::None } else { Inner::Words { words: rest.to_vec(), set } }
}

fn assigned(word: &Word) -> Option<String> {
    let start = word.start();
    let (name, _) = start.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_name.then(|| name.to_owned())
}

fn skip_options<'w>(mut words: &'w [Word], valued: &[&str]) -> &'w [Word] {
    while let Some((word, rest)) = words.split_first() {
        let start = word.start();
        if word.is("--") {
            return rest;
        }
        if !start.starts_with('-') {
            return words;
        }
        let takes_next = valued.contains(&&*start);
        words = if takes_next { rest.get(1..).unwrap_or_default() } else { rest };
    }
    words
}

/// `bash -c TEXT`, also `bash -euo pipefail -c TEXT`.
fn shell(arguments: &[Word]) -> Inner {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let start = word.start();
        if !start.starts_with(['-', '+']) {
            return Inner::None;
        }
        if !start.starts_with("--") && start.contains('c') {
            return words.find(|word| !word.start().starts_with('-')).cloned().map_or(Inner::None, Inner::Script);
        }
        if start.ends_with('o') || start == "-O" || start == "--rcfile" {
            words.next();
        }
    }
    Inner::None
}
