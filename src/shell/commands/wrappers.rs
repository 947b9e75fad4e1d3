//! Commands that run another command, in one table.

use std::sync::LazyLock;

use super::super::words::Word;
use super::names::Names;

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

/// How a command says what it runs.
struct Wrapper {
    names: &'static [&'static str],
    /// The sub-command with which it runs something, alternatives parted by `|`; empty where it needs none.
    sub: &'static str,
    /// Options whose value is the next word.
    valued: &'static [&'static str],
    /// Options whose value is a script: `su -c`.
    scripts: &'static [&'static str],
    /// Options behind which the command stands: `nix develop -c`.
    commands: &'static [&'static str],
    before: Before,
    /// Whether one word that holds blanks is a script.
    takes_script: bool,
}

/// What stands between a wrapper's options and the command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// An argument: `timeout 30s`, `aws-vault exec PROFILE`.
    One,
    /// Numbers and durations: `retry 5 10s`.
    Numbers,
    /// Variables: `env A=b`.
    Variables,
    /// Arguments up to `--`, or to an option that names the command or script.
    Any,
    /// The sub-command itself is the program: `werf kubectl`.
    Itself,
}

const PLAIN: Wrapper = Wrapper {
    names: &[],
    sub: "",
    valued: &[],
    scripts: &[],
    commands: &[],
    before: Before::Nothing,
    takes_script: false,
};

/// By the manual or reference of each.
const WRAPPERS: &[Wrapper] = &[
    Wrapper { names: &["command", "builtin", "nohup", "setsid", "unbuffer", "chronic", "busybox"], ..PLAIN },
    Wrapper { names: &["exec"], valued: &["-a"], ..PLAIN },
    Wrapper { names: &["time"], valued: &["-f", "-o"], ..PLAIN },
    Wrapper { names: &["stdbuf"], valued: &["-i", "-o", "-e"], ..PLAIN },
    Wrapper {
        names: &["sudo", "doas"],
        valued: &["-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "--user", "--group"],
        before: Before::Variables,
        ..PLAIN
    },
    Wrapper { names: &["runuser"], valued: &["-u", "-g", "-G"], scripts: &["-c", "--command"], ..PLAIN },
    Wrapper {
        names: &["su"],
        valued: &["-s", "-g", "-G"],
        scripts: &["-c", "--command"],
        before: Before::Any,
        ..PLAIN
    },
    Wrapper { names: &["gosu", "su-exec", "chroot", "setpriv"], before: Before::One, ..PLAIN },
    Wrapper { names: &["nice", "ionice"], valued: &["-n", "-c"], ..PLAIN },
    Wrapper { names: &["timeout"], valued: &["-s", "-k", "--signal", "--kill-after"], before: Before::One, ..PLAIN },
    Wrapper { names: &["flock"], valued: &["-w", "-E"], scripts: &["-c"], before: Before::One, ..PLAIN },
    Wrapper { names: &["xargs"], valued: &["-I", "-n", "-P", "-L", "-d", "-s", "-a", "-E"], ..PLAIN },
    Wrapper {
        names: &["parallel"],
        valued: &["-j", "--jobs", "-P", "-a", "-n", "-N", "--delay", "--retries"],
        ..PLAIN
    },
    Wrapper { names: &["find"], commands: &["-exec", "-execdir", "-ok"], before: Before::Any, ..PLAIN },
    Wrapper { names: &["env"], valued: &["-u", "-C", "--unset", "--chdir"], before: Before::Variables, ..PLAIN },
    Wrapper { names: &["watch"], valued: &["-n", "--interval"], takes_script: true, ..PLAIN },
    Wrapper {
        names: &["retry"],
        valued: &["-n", "-t", "-d", "-s", "-m", "--times", "--tries", "--delay", "--max", "--sleep", "--interval"],
        before: Before::Numbers,
        takes_script: true,
        ..PLAIN
    },
    Wrapper {
        names: &["script"],
        valued: &["-I", "-O", "-B", "-T"],
        scripts: &["-c", "--command"],
        before: Before::Any,
        ..PLAIN
    },
    Wrapper {
        names: &["dumb-init", "tini", "catatonit", "xvfb-run", "ssh-agent", "winpty"],
        valued: &["-p", "-s", "-t", "-e"],
        ..PLAIN
    },
    Wrapper { names: &["strace", "ltrace"], valued: &["-e", "-o", "-p", "-s", "-u"], ..PLAIN },
    // Proxies.
    Wrapper { names: &["proxychains4", "proxychains", "proxychains-ng", "proxychains3"], valued: &["-f"], ..PLAIN },
    Wrapper { names: &["torsocks", "torify", "tsocks"], valued: &["-a", "-P", "-u", "-p"], ..PLAIN },
    // Secrets and credentials.
    Wrapper {
        names: &["aws-vault", "aws-okta"],
        sub: "exec",
        valued: &["-d", "--duration", "-t", "--mfa-token", "--region", "--backend", "--prompt", "--assume-role-ttl"],
        before: Before::One,
        ..PLAIN
    },
    Wrapper {
        names: &["saml2aws"],
        sub: "exec",
        valued: &["-a", "--idp-account", "-p", "--profile", "--exec-profile"],
        ..PLAIN
    },
    Wrapper { names: &["assume"], scripts: &["--exec"], before: Before::Any, ..PLAIN },
    Wrapper {
        names: &["doppler"],
        sub: "run",
        valued: &[
            "-p",
            "--project",
            "-c",
            "--config",
            "-t",
            "--token",
            "--scope",
            "--fallback",
            "--mount",
            "--preserve-env",
        ],
        scripts: &["--command"],
        ..PLAIN
    },
    Wrapper { names: &["op"], sub: "run", valued: &["--account", "--env-file", "--environment", "--config"], ..PLAIN },
    Wrapper {
        names: &["infisical"],
        sub: "run",
        valued: &["--env", "--path", "--projectId", "--token", "--domain", "--tags"],
        scripts: &["--command"],
        ..PLAIN
    },
    Wrapper { names: &["chamber"], sub: "exec", before: Before::Any, ..PLAIN },
    Wrapper { names: &["teller", "secrethub"], sub: "run", valued: &["-c", "--config"], ..PLAIN },
    Wrapper { names: &["vals", "berglas"], sub: "exec", valued: &["-f", "-i"], ..PLAIN },
    Wrapper { names: &["sops"], sub: "exec-env", before: Before::One, takes_script: true, ..PLAIN },
    Wrapper { names: &["vault-env"], ..PLAIN },
    Wrapper { names: &["summon"], valued: &["-p", "-f", "-D", "-e", "--provider", "--environment"], ..PLAIN },
    Wrapper { names: &["dotenv"], sub: "run", valued: &["-f", "-e"], ..PLAIN },
    Wrapper { names: &["dotenv"], valued: &["-f", "-e", "-c", "-v"], ..PLAIN },
    Wrapper { names: &["direnv"], sub: "exec", before: Before::One, ..PLAIN },
    // Environments of languages and packages.
    Wrapper {
        names: &["poetry", "pipenv", "uv", "pdm", "rye", "hatch", "pixi", "devbox"],
        sub: "run",
        valued: &["-C", "-p", "-e", "--with"],
        ..PLAIN
    },
    Wrapper {
        names: &["conda", "mamba", "micromamba"],
        sub: "run",
        valued: &["-n", "-p", "--name", "--prefix", "--cwd"],
        ..PLAIN
    },
    Wrapper { names: &["bundle", "asdf", "rbenv", "pyenv"], sub: "exec", ..PLAIN },
    Wrapper { names: &["mise", "rtx"], sub: "exec|x", before: Before::Any, ..PLAIN },
    Wrapper { names: &["nix"], sub: "develop|shell|run", commands: &["-c", "--command"], before: Before::Any, ..PLAIN },
    Wrapper { names: &["nix-shell"], scripts: &["--run", "--command"], before: Before::Any, ..PLAIN },
    // Programs that hold another one.
    Wrapper { names: &["werf"], sub: "kubectl|helm", before: Before::Itself, ..PLAIN },
];

/// Takes one wrapper off.
pub(in super::super) fn unwrap(program: &str, arguments: &[Word]) -> Inner {
    match program {
        "bash" | "sh" | "dash" | "ash" | "zsh" | "ksh" => return shell(arguments),
        "command" if arguments.first().is_some_and(|word| word.is("-v") || word.is("-V")) => return Inner::None,
        _ => {}
    }
    static NAMES: LazyLock<Names> = LazyLock::new(|| Names::of(WRAPPERS.iter().map(|row| row.names)));
    let rows = NAMES.rows(program).filter_map(|row| WRAPPERS.get(row));
    let mut found = rows.map(|row| row.unwrap(arguments)).filter(|inner| !matches!(inner, Inner::None));
    match found.next().unwrap_or(Inner::None) {
        Inner::Words { words, set } => Inner::Words { words: with_input(program, arguments, words), set },
        other => other,
    }
}

/// Of what is read from the input or found, nothing is known: it stands behind the command, or in place of `{}`.
///
/// Source: the manuals of `xargs`, `find` and GNU parallel.
fn with_input(program: &str, arguments: &[Word], mut words: Vec<Word>) -> Vec<Word> {
    if !matches!(program, "xargs" | "parallel" | "find") {
        return words;
    }
    let chosen = arguments.windows(2).find(|pair| pair[0].is("-I")).map(|pair| pair[1].known().into_owned());
    let attached = || arguments.iter().find_map(|word| word.start().strip_prefix("-I").map(str::to_owned));
    let sign = chosen.or_else(attached).filter(|sign| !sign.is_empty()).unwrap_or_else(|| "{}".to_owned());
    let mut has_sign = false;
    for word in &mut words {
        if word.known().contains(&sign) {
            *word = Word::of_unknown(program, word.range());
            has_sign = true;
        }
    }
    if !has_sign && program != "find" {
        let end = words.last().map_or(0, |word| word.whole.end);
        words.push(Word::of_unknown(program, end..end));
    }
    words
}

impl Wrapper {
    fn unwrap(&self, arguments: &[Word]) -> Inner {
        let mut rest = arguments;
        if !self.sub.is_empty() {
            let is_option = |word: &&Word| word.begins_with("-");
            rest = rest.get(rest.iter().take_while(is_option).count()..).unwrap_or_default();
            let Some((sub, behind)) = rest.split_first() else { return Inner::None };
            if !self.sub.split('|').any(|name| sub.is(name)) {
                return Inner::None;
            }
            rest = if self.before == Before::Itself { rest } else { behind };
        }
        let mut set = Vec::new();
        let mut may_pass = !matches!(self.before, Before::Nothing | Before::Itself);
        while let Some((word, behind)) = rest.split_first() {
            if word.is("--") {
                rest = behind;
                break;
            }
            let is_env = self.before == Before::Variables;
            if word.begins_with("-") && (is_env || !word.is("-")) {
                let start = word.start();
                let (name, value) = match start.split_once('=') {
                    Some((name, _)) => (name, Some(word.after(name.len() + 1))),
                    None => (&*start, behind.first().cloned()),
                };
                if self.scripts.contains(&name) {
                    return value.map_or(Inner::None, Inner::Script);
                }
                if self.commands.contains(&name) {
                    rest = behind;
                    break;
                }
                set.extend(self.taken_away(name, value.as_ref()));
                let takes_next = self.valued.contains(&&*start);
                rest = if takes_next { behind.get(1..).unwrap_or_default() } else { behind };
                continue;
            }
            let variable = assigned(word).filter(|_| is_env);
            let passes = match self.before {
                Before::Nothing | Before::Itself => false,
                Before::One | Before::Any => true,
                Before::Numbers => word.start().starts_with(|first: char| first.is_ascii_digit()),
                Before::Variables => variable.is_some(),
            };
            if !(passes && may_pass) {
                break;
            }
            set.extend(variable.map(|name| (name.clone(), word.after(name.len() + 1))));
            may_pass = self.before != Before::One;
            rest = behind;
        }
        match rest {
            [] => Inner::None,
            [one] if self.takes_script && one.known().contains(char::is_whitespace) => Inner::Script(one.clone()),
            _ => Inner::Words { words: rest.to_vec(), set },
        }
    }

    /// The variable that `env -u NAME` or `env -i` takes away, of those that matter.
    fn taken_away(&self, option: &str, value: Option<&Word>) -> Option<(String, Word)> {
        let is_taken = match option {
            "-u" | "--unset" => value.is_some_and(|name| name.is("KUBECONFIG")),
            "-i" | "-" | "--ignore-environment" => true,
            _ => false,
        };
        (self.names.contains(&"env") && is_taken).then(|| ("KUBECONFIG".to_owned(), Word::default()))
    }
}

fn assigned(word: &Word) -> Option<String> {
    let start = word.start();
    let (name, _) = start.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_name.then(|| name.to_owned())
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
