//! Scripts that jobs run, in an editor.

use crate::client::{Client, uri};

const CI: &str = "job:\n  script: [./x.sh]\n";

#[test]
fn what_a_script_does_is_told_in_it() {
    let files = [
        (".kaslint.yaml", "project: acme/shop\n"),
        (".gitlab/agents/prod/config.yaml", "ci_access: {}\n"),
        (".gitlab-ci.yml", CI),
        ("x.sh", "kubectl get pods\n"),
    ];
    let mut client = Client::ready(&files);
    client.open(&uri("x.sh"), "#!/bin/sh\nkubectl get pods\n");
    assert_eq!(client.told_lines(), ["x.sh@1: 1:0-1:7 no-context-selected"]);
    client.replace(&uri("x.sh"), 2, "#!/bin/sh\nkubectl --context acme/shop:prod get pods\n");
    assert_eq!(client.told_lines(), ["x.sh@2:"]);
    // Files that nobody runs are nobody's matter.
    client.open(&uri("y.sh"), "kubectl get pods\n");
    client.open(&uri(".gitlab-ci.yml"), CI);
    client.told();
    client.replace(&uri(".gitlab-ci.yml"), 2, "job:\n  script: [./y.sh]\n");
    let told = client.told();
    assert_eq!(told.get("y.sh").map(|told| told.lines()), Some(vec!["0:0-0:7 no-context-selected".into()]));
}
