//! Scripts of a repository as jobs run them, and what they come to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::tests::{Known, NOTHING};
use super::super::*;
use crate::gitlab::{PartialText, Shape};
use crate::source::Source;

/// A repository in memory that counts what it is asked for.
struct Memory {
    files: BTreeMap<String, Arc<Source>>,
    asked: RefCell<Vec<String>>,
}

impl Repository for Memory {
    fn file(&self, path: &str) -> RepositoryFile {
        self.asked.borrow_mut().push(path.to_owned());
        match self.files.get(path) {
            Some(source) => RepositoryFile::Text(Arc::clone(source)),
            None => RepositoryFile::Not(NotRead::Missing),
        }
    }

    fn files_in(&self, folder: &str, ending: &str) -> Vec<String> {
        let is_there = |path: &&String| super::paths::folder_of(path) == folder && path.ends_with(ending);
        self.files.keys().filter(is_there).cloned().collect()
    }
}

fn repository(files: &[(&str, &str)]) -> Memory {
    let source = |(path, text): &(&str, &str)| ((*path).to_owned(), Arc::new(Source::new(*path, *text)));
    Memory { files: files.iter().map(source).collect(), asked: RefCell::default() }
}

fn of(files: &Memory, lines: &[&str], lookup: &dyn Lookup) -> Script {
    let section = |text: &str| if text.starts_with("after:") { Section::AfterScript } else { Section::Script };
    let items: Vec<Item<'_>> =
        lines.iter().map(|text| Item { text: text.trim_start_matches("after: "), section: section(text) }).collect();
    let library = Library::new(files);
    let script = read_with(&items, lookup, &library);
    check_ranges(&items, &script);
    script
}

/// Every range lies on characters of what holds it.
fn check_ranges(items: &[Item<'_>], script: &Script) {
    for action in &script.actions {
        let text = match action.file {
            Some(file) => script.files[file].source.text(),
            None => items[action.item].text,
        };
        let mut ranges = vec![action.range.clone(), action.command.clone()];
        action.kind.clone().each_range(&mut |range| ranges.push(range.clone()));
        for range in ranges {
            assert!(text.get(range.clone()).is_some(), "{range:?} of {text:?} in {action:?}");
        }
    }
}

/// The context of each call that talks to a cluster, with the file and the words that stand there; then what was not read.
fn told(files: &[(&str, &str)], lines: &[&str], lookup: &dyn Lookup) -> String {
    let script = of(&repository(files), lines, lookup);
    let place = |file: Option<usize>| match file {
        Some(file) => script.files[file].path.clone(),
        None => "job".to_owned(),
    };
    let mut parts: Vec<String> = Vec::new();
    for (number, command, force) in script.cluster_commands() {
        let action = &script.actions[number];
        let doubt = if action.certain { "" } else { "?" };
        let force = match force {
            InForce::Selected { context, .. } => context.text.to_string(),
            InForce::Unknown(why) => format!("{why:?}"),
            InForce::Nothing => "nothing".to_owned(),
            other => format!("{other:?}"),
        };
        parts.push(format!("{doubt}{}: {} {force}", place(action.file), command.verb));
    }
    let not_read =
        script.not_read.iter().map(|here| format!("not {} in {}: {:?}", here.name, place(here.file), here.why));
    parts.extend(not_read);
    parts.extend(script.not_understood.iter().map(|item| format!("not understood {item}")));
    parts.join("; ")
}

/// The files of a repository, the lines of a job, and what is told of them.
type Case<'c> = (&'c [(&'c str, &'c str)], &'c [&'c str], &'c str);

fn check(cases: &[Case<'_>]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(files, lines, wanted)| {
            let found = told(files, lines, &NOTHING);
            (found != *wanted).then(|| format!("{files:?}\n{lines:?}\n  wanted {wanted}\n  found  {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

const USE: &str = "kubectl config use-context a/b:c\n";
const GET: &str = "kubectl get pods\n";
const BOTH: &str = "#!/bin/sh\nset -eu\nkubectl config use-context a/b:c\nkubectl get pods\n";

#[test]
fn scripts_are_followed() {
    check(&[
        (&[("x.sh", BOTH)], &["./x.sh"], "x.sh: get a/b:c"),
        (&[("x.sh", BOTH)], &["chmod +x x.sh && ./x.sh prod"], "x.sh: get a/b:c"),
        (&[("d/x", BOTH)], &["d/x"], "d/x: get a/b:c"),
        (&[("d/x", BOTH)], &["bash -eu d/x prod"], "d/x: get a/b:c"),
        (&[("d/x", BOTH)], &["sh ./d/x"], "d/x: get a/b:c"),
        (&[("d/x", BOTH)], &["bash -o pipefail d/x"], "d/x: get a/b:c"),
        (&[("d/x", BOTH)], &["time sudo -E d/x"], "d/x: get a/b:c"),
        (&[("d/x", BOTH)], &["$CI_PROJECT_DIR/d/x"], "d/x: get a/b:c"),
        (&[("d/x", BOTH)], &["\"${CI_PROJECT_DIR}\"/d/x"], "d/x: get a/b:c"),
        (&[("d/x", BOTH)], &["$PWD/d/x"], "d/x: get a/b:c"),
        (&[("d/x", BOTH)], &["cd d", "./x"], "d/x: get a/b:c"),
        (&[("d/x", BOTH)], &["cd d && ./x && cd .. && d/x"], "d/x: get a/b:c; d/x: get a/b:c"),
        (&[("d/x", BOTH)], &["(cd d; ./x)", "d/x"], "d/x: get a/b:c; d/x: get a/b:c"),
        (&[("d/x", BOTH)], &["pushd d; ./x; popd; d/x"], "d/x: get a/b:c; d/x: get a/b:c"),
        (&[("d/x", BOTH)], &["cd d", "cd -", "d/x"], "d/x: get a/b:c"),
        (&[("x.sh", BOTH)], &["bash -c './x.sh'"], "x.sh: get a/b:c"),
        (&[("x.sh", GET)], &[USE, "./x.sh"], "x.sh: get a/b:c"),
        (&[("x.sh", GET)], &["./x.sh"], "x.sh: get nothing"),
        (&[("x.sh", USE)], &["./x.sh", GET], "job: get a/b:c"),
        (&[("x.sh", USE)], &["source x.sh", GET], "job: get a/b:c"),
        (&[("x.sh", USE)], &[". ./x.sh", GET], "job: get a/b:c"),
        (&[("x.sh", USE)], &["./x.sh", "after: kubectl get pods"], "job: get Forgotten { selection: 0 }"),
        (&[("x.sh", "#!/usr/bin/env bash\r\nkubectl get pods\r\n")], &["./x.sh"], "x.sh: get nothing"),
    ]);
}

#[test]
fn what_is_sourced_stays_and_what_is_started_does_not() {
    check(&[
        (&[("e.sh", "C=a/b:c\n")], &[". ./e.sh", "kubectl --context $C get x"], "job: get a/b:c"),
        (&[("e.sh", "export C=a/b:c\n")], &["./e.sh", "kubectl --context $C get x"], "job: get $C"),
        (&[("l.sh", "go() { kubectl --context \"$1\" get x; }\n")], &["source l.sh", "go a/b:c"], "l.sh: get a/b:c"),
        // Functions that nobody calls are not what the job does.
        (&[("l.sh", "go() { kubectl get x; }\n")], &["source l.sh"], ""),
        (&[("l.sh", "go() { kubectl get x; }\n")], &["./l.sh", "go"], ""),
        (&[("x.sh", "kubectl --context $C get x\n")], &["export C=a/b:c", "./x.sh"], "x.sh: get a/b:c"),
        (&[("x.sh", "kubectl --context $C get x\n")], &["C=a/b:c ./x.sh"], "x.sh: get a/b:c"),
        // Not exported, so the script does not see it.
        (&[("x.sh", "kubectl --context $C get x\n")], &["C=a/b:c", "./x.sh"], "x.sh: get $C"),
        (&[("x.sh", "kubectl --context $C get x\n")], &["set -a; C=a/b:c", "./x.sh"], "x.sh: get a/b:c"),
        (&[("x.sh", "kubectl --context $C get x\n")], &["C=a/b:c", ". ./x.sh"], "x.sh: get a/b:c"),
        (&[("x.sh", "export KUBECONFIG=/tmp/k\n")], &["./x.sh", GET], "job: get nothing"),
        (&[("x.sh", "export KUBECONFIG=/tmp/k\n")], &[". ./x.sh", GET], "job: get OwnKubeconfig"),
        (&[("x.sh", "aws eks update-kubeconfig --name x\n")], &["./x.sh", GET], "job: get OwnKubeconfig"),
        (&[("x.sh", "cd d\n")], &["./x.sh", "cat y | ./y"], "not ./y in job: Missing"),
        (&[("x.sh", "cd d\n"), ("d/y", GET)], &[". ./x.sh", "./y"], "d/y: get nothing"),
    ]);
    let known = Known(&[("C", "a/b:c")]);
    assert_eq!(told(&[("x.sh", "kubectl --context $C get x\n")], &["./x.sh"], &known), "x.sh: get a/b:c");
    assert_eq!(told(&[("x.sh", "kubectl --context $C get x\n")], &["C=d/e:f", "./x.sh"], &known), "x.sh: get d/e:f");
}

#[test]
fn arguments_decide() {
    const CASE: &str = "case \"$1\" in\n  build) go build ;;\n  prod|p*) kubectl --context a/b:c get x ;;\n  *) kubectl get y ;;\nesac\n";
    const IF: &str =
        "if [ \"$1\" = deploy ]; then kubectl get x; elif [[ $1 == build ]]; then echo; else kubectl get y; fi\n";
    const MAIN: &str = "deploy() { kubectl --context \"a/b:${1:-c}\" get x; }\nbuild() { kubectl get y; }\n\"$@\"\n";
    check(&[
        (&[("x.sh", CASE)], &["./x.sh build"], ""),
        (&[("x.sh", CASE)], &["./x.sh prod"], "x.sh: get a/b:c"),
        (&[("x.sh", CASE)], &["./x.sh plan"], "x.sh: get a/b:c"),
        (&[("x.sh", CASE)], &["./x.sh z"], "x.sh: get nothing"),
        (&[("x.sh", CASE)], &["./x.sh $Z"], "?x.sh: get a/b:c; ?x.sh: get nothing"),
        (&[("x.sh", IF)], &["./x.sh deploy"], "x.sh: get nothing"),
        (&[("x.sh", IF)], &["./x.sh build"], ""),
        (&[("x.sh", IF)], &["./x.sh"], "x.sh: get nothing"),
        (&[("x.sh", IF)], &["./x.sh \"$Z\""], "?x.sh: get nothing; ?x.sh: get nothing"),
        (&[("x.sh", MAIN)], &["./x.sh build"], "x.sh: get nothing"),
        (&[("x.sh", MAIN)], &["./x.sh deploy d"], "x.sh: get a/b:d"),
        (&[("x.sh", MAIN)], &["./x.sh deploy"], "x.sh: get a/b:c"),
        (&[("x.sh", "[ -z \"$1\" ] && exit 1\n[ \"$1\" = a ] && kubectl get x\n")], &["./x.sh b"], ""),
        (&[("x.sh", "[ \"$1\" = a ] || kubectl get x\n")], &["./x.sh b"], "x.sh: get nothing"),
        (&[("x.sh", "shift\nkubectl --context $1 get x\n")], &["./x.sh b c"], "x.sh: get c"),
        (&[("x.sh", "kubectl --context $1 get x\n")], &["./x.sh $A b"], "x.sh: get $1"),
        (&[("x.sh", "kubectl --context $2 get x\n")], &["./x.sh $A b"], "x.sh: get $2"),
        (&[("x.sh", "kubectl --context $2 get x\n")], &["./x.sh \"$A\" b"], "x.sh: get b"),
        (&[("x.sh", "kubectl --context ${1:-a/b:c} get x\n")], &["./x.sh"], "x.sh: get a/b:c"),
        (&[("x.sh", "set -- a b\nkubectl --context $2 get x\n")], &["./x.sh"], "x.sh: get b"),
        (
            &[(
                "x.sh",
                "while [ $# -gt 0 ]; do case $1 in -c) C=$2; shift 2;; *) shift;; esac; done\nkubectl --context $C get x\n",
            )],
            &["./x.sh -c d"],
            "x.sh: get $C",
        ),
    ]);
}

#[test]
fn scripts_find_what_lies_beside_them() {
    const HERE: [&str; 9] = [
        ". \"$(dirname \"$0\")/l.sh\"\n",
        "source $(dirname $0)/l.sh\n",
        "cd \"$(dirname \"$0\")\"\n. ./l.sh\n",
        "cd \"$(dirname \"${BASH_SOURCE[0]}\")\" || exit 1\n. ./l.sh\n",
        "D=\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" >/dev/null 2>&1 && pwd)\"\nsource \"$D/l.sh\"\n",
        "D=$(dirname \"$(readlink -f \"$0\")\")\n. $D/l.sh\n",
        "ROOT=$(git rev-parse --show-toplevel)\n. $ROOT/d/l.sh\n",
        "D=\"$( cd \"$( dirname \"$0\" )/..\" && pwd )\"\n. \"$D/d/l.sh\"\n",
        "D=$(cd `dirname $0`; pwd)\n. ${CI_PROJECT_DIR}/d/l.sh\n",
    ];
    for script in HERE {
        assert_eq!(told(&[("d/x", script), ("d/l.sh", GET)], &["d/x"], &NOTHING), "d/l.sh: get nothing", "{script}");
    }
}

#[test]
fn what_is_not_followed_is_named() {
    check(&[
        (&[], &["scripts/deploy.sh", GET], "job: get Opaque; not scripts/deploy.sh in job: Missing"),
        (&[], &["make x"], "not make x in job: Missing"),
        (&[], &["../x.sh"], "not ../x.sh in job: Outside"),
        (&[], &["/opt/x.sh"], "not /opt/x.sh in job: Outside"),
        (&[], &["./$X.sh"], "not ./$X.sh in job: Variable"),
        (&[], &["cd $X", "./y.sh"], "not ./y.sh in job: Variable"),
        (&[("x", "\u{7f}ELF\0")], &["./x"], "not ./x in job: NoText"),
        (&[("x", "echo 'unclosed\n")], &["./x"], "not ./x in job: NoShell"),
        (&[("x", "#!/usr/bin/env python3\nimport os\n")], &["./x"], "not ./x in job: Language"),
        (&[("x.py", "import os\n")], &["python x.py"], "not x.py in job: Language"),
        (&[("x.sh", "./x.sh\n")], &["./x.sh"], "not ./x.sh in x.sh: Circle"),
        (&[("x.sh", "./y.sh\n"), ("y.sh", ". ./x.sh\n")], &["./x.sh"], "not ./x.sh in y.sh: Circle"),
        (&[("x.sh", GET)], &["echo a > x.sh", "./x.sh"], "not ./x.sh in job: Generated"),
        (&[("x.sh", GET)], &["sed -i s/a/b/ x.sh", "./x.sh"], "not ./x.sh in job: Generated"),
        (&[], &["curl -Lo y.sh https://x/y.sh", "sh y.sh"], "not y.sh in job: Generated"),
        (&[("x.sh", "./y.sh\n")], &["./x.sh"], "not ./y.sh in x.sh: Missing"),
    ]);
}

#[test]
fn what_is_nothing_of_the_repository_is_not_named() {
    for line in [
        "npm ci",
        "/usr/bin/true",
        "/kaniko/executor --context .",
        "./gradlew build",
        "./node_modules/.bin/eslint .",
        "source venv/bin/activate",
        ". /etc/profile",
        "source ~/.bashrc",
        "$BIN/tool x",
        "python -m pytest",
        "python3 -c 'print(1)'",
        "node --version",
        "bash",
        "bash -s -- x",
        "curl -L https://x/y.sh | bash",
        "docker build -t x .",
    ] {
        assert_eq!(told(&[], &[line], &NOTHING), "", "{line}");
    }
}

#[test]
fn programs_beside_the_files_are_what_they_are_called() {
    check(&[(&[], &["bin/kubectl get x"], "job: get nothing")]);
}

#[test]
fn much_is_bounded_and_each_file_is_read_once() {
    let many: Vec<(String, String)> =
        (0..10_000).map(|at| (format!("s/{at}.sh"), "kubectl get x\n".to_owned())).collect();
    let files: Vec<(&str, &str)> = many.iter().map(|(path, text)| (&**path, &**text)).collect();
    let lines: Vec<String> = many.iter().map(|(path, _)| format!("./{path}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let memory = repository(&files);
    let script = of(&memory, &lines, &NOTHING);
    assert!(script.actions.len() < 5_000 && script.not_read.len() <= super::MAX_NOT_READ);
    assert!(!script.not_read.is_empty() || !script.not_understood.is_empty());
    assert!(memory.asked.borrow().len() <= 2_001, "{}", memory.asked.borrow().len());

    let memory = repository(&[("x.sh", GET)]);
    let library = Library::new(&memory);
    for arguments in ["a", "b", "c"] {
        let text = format!("./x.sh {arguments}; ./x.sh");
        drop(read_with(&[Item { text: &text, section: Section::Script }], &NOTHING, &library));
    }
    assert_eq!(*memory.asked.borrow(), ["x.sh"]);
}

/// Counts what it is asked for.
struct Counting(RefCell<usize>);

impl Lookup for Counting {
    fn variable(&self, name: &str) -> PartialText {
        *self.0.borrow_mut() += 1;
        PartialText::unknown(name, Shape::Any)
    }
}

#[test]
fn what_is_behind_the_last_command_that_counts_is_not_worked_out() {
    let lines = |count: usize| (0..count).map(|at| format!("echo $V{at}\n")).collect::<String>();
    let asked = |files: &Memory, times: usize| {
        let (library, lookup) = (Library::new(files), Counting(RefCell::new(0)));
        for _ in 0..times {
            let script = read_with(&[Item { text: "./x.sh", section: Section::Script }], &lookup, &library);
            check_ranges(&[Item { text: "./x.sh", section: Section::Script }], &script);
        }
        lookup.0.into_inner()
    };
    // A job's own limit, then that of all jobs together.
    let of_one = asked(&repository(&[("x.sh", &lines(6_000))]), 1);
    assert!((3_990..4_010).contains(&of_one), "{of_one}");
    let of_all = asked(&repository(&[("x.sh", &lines(3_000))]), 60);
    assert!((119_000..122_000).contains(&of_all), "{of_all}");
}

#[test]
fn scripts_that_run_ever_more_scripts_end() {
    // Each runs the next twice: 2ⁿ runs.
    let many: Vec<(String, String)> =
        (0..20).map(|at| (format!("{at}.sh"), format!("./{0}.sh\n. ./{0}.sh\n", at + 1))).collect();
    let files: Vec<(&str, &str)> = many.iter().map(|(path, text)| (&**path, &**text)).collect();
    let script = of(&repository(&files), &["./0.sh"], &NOTHING);
    assert!(script.not_read.iter().any(|here| here.why == NotRead::TooMany));
    let deep = format!("{}:{}\n", "if a; then ".repeat(20), "; fi".repeat(20));
    let many: Vec<(String, String)> = (0..20)
        .map(|at| (format!("{at}.sh"), deep.replace(':', &format!("f() {{ . ./{}.sh; }}; f", at + 1))))
        .collect();
    let files: Vec<(&str, &str)> = many.iter().map(|(path, text)| (&**path, &**text)).collect();
    of(&repository(&files), &["./0.sh"], &NOTHING);
}

#[test]
fn makefiles_are_followed() {
    const PLAIN: &str = ".PHONY: deploy\nall: build\n\nbuild:\n\techo\n\ndeploy: build login\n\t@kubectl \\\n\t  get pods\n\nlogin:\n\tkubectl config use-context a/b:c\n";
    const VARIABLES: &str = "CTX := a/b:c\nENV ?= dev\nK = kubectl --context $(CTX)\ndeploy:\n\t-$(K) get $@\nother:\n\tkubectl --context a/b:$(ENV) get x\nthird:\n\tkubectl --context $(shell cat x) get x\nfourth:\n\tC=a/b:d; kubectl --context $$C get x\n";
    const BRANCHES: &str = "ifeq ($(CI),true)\nCTX = a/b:c\nelse\nCTX = d/e:f\nendif\nx:\n\tkubectl --context $(CTX) get x\nifdef Y\ny:\n\tkubectl get y\nendif\n";
    check(&[
        (&[("Makefile", PLAIN)], &["make deploy"], "Makefile: get a/b:c"),
        (&[("Makefile", PLAIN)], &["make"], ""),
        (&[("Makefile", PLAIN)], &["make -n deploy"], ""),
        (&[("Makefile", PLAIN)], &["make build deploy -j4"], "Makefile: get a/b:c"),
        (&[("d/Makefile", PLAIN)], &["make -C d deploy"], "d/Makefile: get a/b:c"),
        (&[("d/Makefile", PLAIN)], &["cd d", "make deploy"], "d/Makefile: get a/b:c"),
        (&[("d/x.mk", PLAIN)], &["make -f d/x.mk deploy"], "d/x.mk: get a/b:c"),
        (&[("Makefile", PLAIN)], &["make nothing"], "not make nothing in job: Missing"),
        (&[("Makefile", PLAIN)], &["make $TARGET"], "not make $TARGET in job: Variable"),
        (&[("Makefile", VARIABLES)], &["make"], "Makefile: get a/b:c"),
        (&[("Makefile", VARIABLES)], &["make CTX=d/e:f"], "Makefile: get d/e:f"),
        (&[("Makefile", VARIABLES)], &["make other ENV=c"], "Makefile: get a/b:c"),
        (&[("Makefile", VARIABLES)], &["ENV=c make other"], "Makefile: get a/b:c"),
        (&[("Makefile", VARIABLES)], &["make other"], "Makefile: get a/b:${ENV:-dev}"),
        (&[("Makefile", VARIABLES)], &["make third"], "Makefile: get $_of_make"),
        (&[("Makefile", VARIABLES)], &["make fourth"], "Makefile: get a/b:d"),
        (&[("Makefile", BRANCHES)], &["make x"], "Makefile: get $CTX_of_make"),
        (&[("Makefile", BRANCHES)], &["make y"], "?Makefile: get nothing"),
        (&[("Makefile", "include a.mk\n"), ("a.mk", PLAIN)], &["make deploy"], "a.mk: get a/b:c"),
        (
            &[("Makefile", "include a.mk\n-include b.mk\n"), ("a.mk", "include Makefile\nx:\n\tkubectl get x\n")],
            &["make x"],
            "a.mk: get nothing",
        ),
        (&[("Makefile", "include a.mk\n")], &["make x"], "not a.mk in job: Missing; not make x in job: Variable"),
        (
            &[("Makefile", "x:\n\t$(MAKE) -C d y\n"), ("d/Makefile", "y:\n\tkubectl get y\n")],
            &["make x"],
            "d/Makefile: get nothing",
        ),
        (&[("Makefile", "x:\n\t$(MAKE) x\n")], &["make x"], "not make x in Makefile: Circle"),
        (&[("Makefile", "x:\n\t./x.sh a\n"), ("x.sh", "kubectl --context $1 get y\n")], &["make x"], "x.sh: get a"),
        // Each line has a shell of its own.
        (&[("Makefile", "x:\n\texport KUBECONFIG=k\n\tkubectl get x\n")], &["make x"], "Makefile: get nothing"),
        (
            &[("Makefile", "export CTX = a/b:c\nx:\n\tkubectl --context $$CTX get x\n")],
            &["make x"],
            "Makefile: get a/b:c",
        ),
        (
            &[("Makefile", "x: CTX = a/b:c\nx: y\ny:\n\tkubectl --context $(CTX) get x\n")],
            &["make x"],
            "Makefile: get a/b:c",
        ),
        (&[("Makefile", "x: ; kubectl get x\n")], &["make x"], "Makefile: get nothing"),
        (&[("Makefile", "a: b\nb: a\n\tkubectl get x\n")], &["make a"], "Makefile: get nothing"),
    ]);
}

#[test]
fn named_scripts_are_followed() {
    const PACKAGE: &str = "{\n  \"scripts\": {\n    \"predeploy\": \"kubectl config use-context a/b:c\",\n    \"deploy\": \"kubectl get pods\",\n    \"quoted\": \"kubectl --context \\\"a/b:c\\\" get x\",\n    \"test\": \"kubectl get tests\",\n    \"all\": \"npm run deploy\"\n  }\n}\n";
    const TASKS: &str = "version: '3'\ntasks:\n  default: echo\n  deploy:\n    deps: [login]\n    cmds:\n      - kubectl get pods\n      - task: more\n  login: kubectl config use-context a/b:c\n  more:\n    cmd: kubectl --context {{.CTX}} get more\n  dir:\n    dir: d\n    env: {C: a/b:d}\n    cmds: ['./x.sh']\n";
    const JUST: &str = "ctx := \"a/b:c\"\n# lists\ndefault:\n    @just --list\ndeploy env='x': login\n    kubectl get pods\n    kubectl --context {{ctx}} get x\nlogin:\n    @kubectl config use-context a/b:c\nscript:\n    #!/usr/bin/env bash\n    C=a/b:d\n    kubectl --context $C get x\npython:\n    #!/usr/bin/env python3\n    kubectl get x\n";
    check(&[
        (&[("package.json", PACKAGE)], &["npm run deploy"], "package.json: get a/b:c"),
        (&[("package.json", PACKAGE)], &["npm run deploy -- --force"], "package.json: get a/b:c"),
        (&[("package.json", PACKAGE)], &["yarn deploy"], "package.json: get a/b:c"),
        (&[("package.json", PACKAGE)], &["pnpm run --silent deploy"], "package.json: get a/b:c"),
        (&[("package.json", PACKAGE)], &["npm run all"], "package.json: get a/b:c"),
        (&[("package.json", PACKAGE)], &["npm run quoted"], "package.json: get a/b:c"),
        (&[("package.json", PACKAGE)], &["npm test"], "package.json: get nothing"),
        (&[("d/package.json", PACKAGE)], &["npm --prefix d run deploy"], "d/package.json: get a/b:c"),
        (&[("d/package.json", PACKAGE)], &["cd d && npm run deploy"], "d/package.json: get a/b:c"),
        (&[("package.json", PACKAGE)], &["npm run nothing"], "not npm run nothing in job: Missing"),
        (&[], &["npm run deploy"], "not npm run deploy in job: Missing"),
        (&[("package.json", PACKAGE)], &["npm ci", "yarn tsc", "npm install", "yarn", "pnpm install"], ""),
        (&[], &["npm test", "yarn build"], ""),
        (&[("Taskfile.yml", TASKS)], &["task deploy"], "Taskfile.yml: get a/b:c; Taskfile.yml: get $_of_template"),
        (&[("Taskfile.yml", TASKS), ("d/x.sh", "kubectl --context $C get x\n")], &["task dir"], "d/x.sh: get a/b:d"),
        (&[("Taskfile.yml", TASKS)], &["task"], ""),
        (&[("Taskfile.yml", TASKS)], &["task none"], "not task none in job: Missing"),
        (&[], &["task deploy"], ""),
        (&[("justfile", JUST)], &["just deploy prod"], "justfile: get a/b:c; justfile: get $_of_template"),
        (&[("justfile", JUST)], &["just script"], "justfile: get a/b:d"),
        (&[("justfile", JUST)], &["just python"], ""),
        (&[("justfile", JUST)], &["just none"], "not just none in job: Missing"),
    ]);
}

#[test]
fn containers_have_kubeconfigs_of_their_own() {
    check(&[
        (&[], &["docker run --rm bitnami/kubectl get pods"], "job: get OwnKubeconfig"),
        (&[], &["docker run -it --rm -v $PWD:/w alpine/k8s:1.30 kubectl get pods"], "job: get OwnKubeconfig"),
        (
            &[],
            &["docker run --rm -v $KUBECONFIG:/k -e KUBECONFIG=/k bitnami/kubectl:1.30 --context a/b:c get pods"],
            "job: get a/b:c",
        ),
        (
            &[],
            &["podman run -v \"$KUBECONFIG:/root/.kube/config\" x/y sh -c 'kubectl --context a/b:c get x'"],
            "job: get a/b:c",
        ),
        (&[], &["docker build -t x .", "docker push x", "docker run x"], ""),
        (&[("x.sh", GET)], &["docker run -v $PWD:/w -w /w alpine ./x.sh"], "x.sh: get OwnKubeconfig"),
        (&[("x.sh", GET)], &["docker run alpine ./x.sh"], "not ./x.sh in job: Variable"),
    ]);
}

#[test]
fn helmfiles_and_skaffold_name_contexts() {
    const DEFAULTS: &str = "helmDefaults:\n  kubeContext: a/b:c\nreleases:\n  - name: x\n    chart: y\n";
    const RELEASES: &str = "helmDefaults:\n  kubeContext: a/b:c\nreleases:\n  - {name: x, kubeContext: 'd/e:f'}\n  - {name: y, kubeContext: d/e:g}\n";
    const ENVIRONMENTS: &str =
        "environments:\n  default:\n  prod:\n    kubeContext: a/b:c\n---\nreleases: [{name: x}]\n";
    const SKAFFOLD: &str = "apiVersion: skaffold/v4beta6\ndeploy:\n  kubeContext: a/b:c\nprofiles:\n  - name: prod\n    deploy: {kubeContext: d/e:f}\n";
    check(&[
        (&[("helmfile.yaml", DEFAULTS)], &["helmfile apply"], "helmfile.yaml: apply a/b:c"),
        (&[("d/helmfile.yaml", DEFAULTS)], &["helmfile -f d/helmfile.yaml sync"], "d/helmfile.yaml: sync a/b:c"),
        (&[("d/helmfile.yaml", DEFAULTS)], &["cd d", "helmfile sync"], "d/helmfile.yaml: sync a/b:c"),
        (&[("helmfile.yaml", DEFAULTS)], &["helmfile --kube-context x/y:z apply"], "job: apply x/y:z"),
        (&[("helmfile.yaml", DEFAULTS)], &["helmfile template"], "job: template ToolSettings"),
        (&[("helmfile.yaml", RELEASES)], &["helmfile apply"], "helmfile.yaml: apply d/e:f; helmfile.yaml: apply d/e:g"),
        (&[("helmfile.yaml", ENVIRONMENTS)], &["helmfile -e prod apply"], "helmfile.yaml: apply a/b:c"),
        (&[("helmfile.yaml", ENVIRONMENTS)], &["helmfile apply"], "job: apply nothing"),
        (&[("helmfile.yaml", ENVIRONMENTS)], &["helmfile -e $E apply"], "job: apply ToolSettings"),
        (&[("helmfile.yaml", ENVIRONMENTS)], &[USE, "helmfile apply"], "job: apply a/b:c"),
        (
            &[
                ("helmfile.yaml", "bases: [b.yaml]\nreleases: [{name: x}]\n"),
                ("b.yaml", "helmDefaults: {kubeContext: a/b:c}\n"),
            ],
            &["helmfile apply"],
            "b.yaml: apply a/b:c",
        ),
        (
            &[("helmfile.yaml", "releases:\n{{ if x }}\n- name: x\n{{ end }}\n")],
            &["helmfile apply"],
            "job: apply Opaque; not helmfile.yaml in job: NoYaml",
        ),
        (
            &[("helmfile.yaml", "helmDefaults:\n  kubeContext: '{{ requiredEnv \"C\" }}'\n")],
            &["export C=a/b:c", "helmfile apply"],
            "helmfile.yaml: apply a/b:c",
        ),
        (&[], &["helmfile apply"], "job: apply Opaque; not helmfile.yaml in job: Missing"),
        (&[("skaffold.yaml", SKAFFOLD)], &["skaffold run"], "skaffold.yaml: run a/b:c"),
        (&[("skaffold.yaml", SKAFFOLD)], &["skaffold run -p prod"], "skaffold.yaml: run d/e:f"),
        (&[("skaffold.yaml", SKAFFOLD)], &["skaffold run --kube-context x/y:z"], "job: run x/y:z"),
        (&[("skaffold.yaml", "apiVersion: skaffold/v4beta6\n")], &["skaffold run"], "job: run nothing"),
        (&[], &["skaffold run"], "job: run Opaque; not skaffold.yaml in job: Missing"),
    ]);
}

#[test]
fn providers_of_terraform_name_contexts() {
    const LITERAL: &str = "# provider \"kubernetes\" {}\nprovider \"kubernetes\" {\n  config_path    = var.kubeconfig\n  config_context = \"a/b:c\" // here\n}\nvariable \"kubeconfig\" {}\n";
    const VARIABLE: &str = "variable \"ctx\" {\n  default = \"a/b:c\"\n}\nprovider \"helm\" {\n  kubernetes {\n    config_path = var.kubeconfig\n    config_context = var.ctx\n  }\n}\n";
    const ALONE: &str =
        "variable \"ctx\" {\n  default = \"a/b:c\"\n}\nprovider \"helm\" {\n  config_context = var.ctx\n}\n";
    const ENV: &str = "export KUBE_CONFIG_PATH=$KUBECONFIG";
    const VAR: &str = "export TF_VAR_kubeconfig=$KUBECONFIG";
    check(&[
        (
            &[],
            &[ENV, "export KUBE_CTX=a/b:c", "terraform apply"],
            "job: apply a/b:c; not terraform apply in job: Missing",
        ),
        (&[], &[ENV, "KUBE_CTX=a/b:c tofu plan"], "job: plan a/b:c; not tofu plan in job: Missing"),
        (&[], &["export KUBE_CTX=a/b:c", "terraform apply"], "not terraform apply in job: Missing"),
        (&[], &[ENV, "export KUBE_CTX=a/b:c", "terraform init"], ""),
        (
            &[],
            &["export KUBE_CONFIG_PATH=/own", "export KUBE_CTX=a/b:c", "terraform apply"],
            "not terraform apply in job: Missing",
        ),
        (&[("main.tf", LITERAL)], &[VAR, "terraform apply -auto-approve"], "main.tf: apply a/b:c"),
        (&[("d/main.tf", LITERAL)], &[VAR, "cd d", "terraform plan"], "d/main.tf: plan a/b:c"),
        (&[("d/main.tf", LITERAL)], &[VAR, "terraform -chdir=d plan"], "d/main.tf: plan a/b:c"),
        (&[("main.tf", LITERAL)], &["terraform apply"], ""),
        (&[("main.tf", VARIABLE)], &[VAR, "terraform apply"], "main.tf: apply a/b:c"),
        (&[("main.tf", VARIABLE)], &[VAR, "TF_VAR_ctx=d/e:f terraform apply"], "main.tf: apply d/e:f"),
        (&[("main.tf", VARIABLE)], &[VAR, "terraform apply -var ctx=d/e:f"], "main.tf: apply $var.ctx"),
        (&[("main.tf", ALONE)], &[ENV, "terraform apply"], "main.tf: apply a/b:c"),
        (&[("main.tf", ALONE), ("x.auto.tfvars", "")], &[ENV, "terraform apply"], "main.tf: apply $var.ctx"),
        (&[("main.tf", ALONE), ("terraform.tfvars.json", "{}")], &[ENV, "terraform apply"], "main.tf: apply $var.ctx"),
        (&[("main.tf", ALONE)], &[ENV, "export TF_CLI_ARGS_apply=-x", "terraform apply"], "main.tf: apply $var.ctx"),
        (
            &[("main.tf", "provider \"kubernetes\" {\n  host = \"https://x\"\n}\n")],
            &[ENV, "KUBE_CTX=a/b:c terraform apply"],
            "",
        ),
        (
            &[(
                "main.tf",
                "provider \"kubernetes\" {\n  config_path = \"~/.kube/config\"\n  config_context = \"a/b:c\"\n}\n",
            )],
            &["terraform apply"],
            "",
        ),
        (
            &[("main.tf", "provider \"kubernetes\" {\n  config_context = \"${local.x}:c\"\n}\n")],
            &[ENV, "terraform apply"],
            "main.tf: apply $config_context",
        ),
        (
            &[("main.tf", "x = <<EOT\nprovider \"kubernetes\" {\nEOT\nprovider \"kubernetes\" {")],
            &["terraform apply"],
            "",
        ),
    ]);
}

#[test]
fn playbooks_name_contexts() {
    const PLAY: &str = "- hosts: localhost\n  tasks:\n    - name: x\n      kubernetes.core.k8s: {context: a/b:c, src: x.yml}\n    - block:\n        - kubernetes.core.helm:\n            context: d/e:f\n            kubeconfig: /own\n        - k8s_info: {context: \"{{ ctx }}\"}\n- hosts: all\n  tasks:\n    - k8s: {context: x/y:z}\n";
    check(&[
        (&[("p.yml", PLAY)], &["ansible-playbook p.yml"], "p.yml: k8s a/b:c; p.yml: k8s_info ${{ ctx }}"),
        (&[], &["ansible-playbook -i hosts p.yml"], "not p.yml in job: Missing"),
    ]);
}
