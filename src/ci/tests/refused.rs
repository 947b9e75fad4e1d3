//! What GitLab refuses of keys and values that decide whether and where a job runs.

use super::*;

/// The messages without the path and what GitLab does.
fn told(text: &str) -> Vec<String> {
    let bare =
        |message: &String| message.replacen(".gitlab-ci.yml:", "", 1).replace(": GitLab refuses the configuration", "");
    messages(&read(text)).iter().map(bare).collect()
}

fn notes(text: &str) -> Vec<String> {
    read(text).unverified.iter().map(Problem::message).collect()
}

#[test]
fn keys_that_are_near_a_known_one_are_refused() {
    assert_eq!(
        told("a: { scripts: [x] }\nb: { script: x, tag: [y], enviroment: z }\n"),
        ["1: `scripts` is no key of a job", "2: `tag` is no key of a job", "2: `enviroment` is no key of a job"]
    );
    let known = read("a: { script: x, tag: [y] }\n");
    assert_eq!(known.problems[0].meant(), Some("tags"));
    let other = "a: { script: x, frobnicate: y }\ndefault: { frobnicate: x }\n";
    assert_eq!(told(other), [""; 0]);
    assert_eq!(notes(other).len(), 2, "{:?}", notes(other));
    assert!(notes(other)[0].ends_with("unless its release knows it"));
}

#[test]
fn keys_that_no_job_comes_to_have_are_let_be() {
    for silent in [
        ".hidden: { tag: [x], frobnicate: y }\na: { script: x }\n",
        ".hidden: [a, b]\n.text: words\na: { script: x }\n",
        "pages: { script: x, publish: public, pages: { path_prefix: x } }\n",
        "a: &a { script: x }\nb: { <<: *a, stage: test }\n",
        "default: { image: x, hooks: {}, id_tokens: {}, interruptible: true, retry: 1, timeout: 1h, tags: [x] }\na: { script: x }\n",
        "default: { script: it is a job, stage: test }\n",
        "a: { script: x, dast_configuration: {}, secrets: {}, identity: google_cloud, manual_confirmation: x, inputs: {} }\n",
        "a: { run: [{ name: x, script: y }] }\n",
        "a: { script: x, \"$[[ inputs.key ]]\": y }\n",
    ] {
        assert_eq!((told(silent), notes(silent)), (vec![], vec![]), "{silent}");
    }
}

#[test]
fn a_key_of_a_hidden_job_counts_where_jobs_extend_it() {
    assert_eq!(
        told(".base: { tag: [x] }\na: { extends: .base, script: x }\nb: { extends: .base, script: y }\n").len(),
        1
    );
}

#[test]
fn keys_that_stand_in_the_wrong_place() {
    assert_eq!(
        told("a: { trigger: { include: [{ local: b.yml }] }, image: x, tags: [y], stage: test }\n"),
        [
            "1: a job that starts a pipeline must not have `image`",
            "1: a job that starts a pipeline must not have `tags`"
        ]
    );
    assert_eq!(told("a: { script: x, trigger: acme/shop }\n"), ["1: `trigger` must not stand beside `script`"]);
    assert_eq!(
        told("default: { variables: { A: b }, rules: [] }\na: { script: x }\n"),
        ["1: `variables` is no key of `default`", "1: `rules` is no key of `default`"]
    );
}

#[test]
fn only_stands_not_beside_rules() {
    let rules = "rules: [{ if: $A }]";
    for keyword in ["only: [main]", "except: [main]", "start_in: 1 day"] {
        let name = keyword.split(':').next().unwrap();
        let expected = [format!("1: `{name}` must not stand beside `rules`")];
        assert_eq!(told(&format!("a: {{ script: x, {keyword}, {rules} }}\n")), expected);
        assert_eq!(told(&format!(".b: {{ {keyword} }}\na: {{ extends: .b, script: x, {rules} }}\n")), expected);
    }
    for silent in [
        format!("a: {{ script: x, only: ~, {rules} }}\n"),
        format!(".b: {{ only: [main] }}\na: {{ extends: .b, script: x, only: null, {rules} }}\n"),
        format!("a: {{ script: x, when: manual, allow_failure: true, {rules} }}\n"),
        // What is included may come above the parent and take `only` out.
        format!("include: [{{ template: x.yml }}]\n.b: {{ only: [main] }}\na: {{ extends: .b, script: x, {rules} }}\n"),
    ] {
        assert_eq!(told(&silent), [""; 0], "{silent}");
    }
    let own = format!("include: [{{ template: x.yml }}]\na: {{ script: x, only: [main], {rules} }}\n");
    assert_eq!(told(&own), ["2: `only` must not stand beside `rules`"]);
}

#[test]
fn keywords_are_no_names_of_jobs() {
    assert_eq!(
        told("image: { image: x, script: y }\ncache: { script: x }\na: { script: x }\n"),
        ["1: `image` is a keyword and cannot be a job's name", "2: `cache` is a keyword and cannot be a job's name"]
    );
    let silent = "image: { name: x }\nvariables: { script: x }\nworkflow: { script: x }\na: { script: x }\n";
    assert_eq!(told(silent), [""; 0]);
}

#[test]
fn rules_are_some() {
    assert_eq!(told("a: { script: x, rules: [] }\n"), ["1: `rules` must not be empty"]);
    assert_eq!(told("a: { script: x, rules: ~ }\n.b: { rules: [] }\n.c: { rules: [x] }\n"), [""; 0]);
}

#[test]
fn values_of_when_and_of_tiers() {
    assert_eq!(
        told(
            "workflow: { rules: [{ when: manual }] }
a: { script: x, when: never }
b: { script: x, rules: [{ when: allways }] }
c: { script: x, when: delayed }
d: { script: x, environment: { name: x, deployment_tier: Production } }
e: { script: x, environment: { name: x, deployment_tier: 1 } }
f: { script: x, rules: [{ ifs: $A }, { frobnicate: x }] }
"
        ),
        [
            "1: `workflow:rules:when` cannot be `manual`",
            "2: `when` cannot be `never`",
            "3: `rules:when` cannot be `allways`",
            "4: `when: delayed` needs `start_in`",
            "5: `environment:deployment_tier` cannot be `Production`",
            "6: `environment:deployment_tier` must be text",
            "7: `ifs` is no key of a rule",
        ]
    );
    for silent in [
        "a: { script: x, when: delayed, start_in: 1 day }\n",
        "a: { script: x, when: \"$[[ inputs.when ]]\", environment: { name: x, deployment_tier: $TIER } }\n",
        "a: { script: x, rules: [{ when: never }, { when: delayed, start_in: 1 day }] }\n",
        "a: { trigger: { include: b.yml }, when: always }\n",
        "workflow: { rules: [{ if: $A, when: never, auto_cancel: {} }, { when: always }] }\na: { script: x }\n",
    ] {
        assert_eq!((told(silent), notes(silent)), (vec![], vec![]), "{silent}");
    }
}

#[test]
fn on_stop_names_a_job_that_stops_the_same_environment() {
    let deploy = "a: { script: x, environment: { name: review/$CI_COMMIT_REF_SLUG, on_stop: stop } }\n";
    let with = |stop: &str| told(&format!("{deploy}{stop}\n"));
    assert_eq!(with("stopp: { script: x }"), ["1: `on_stop` names `stop`, which is no job of this pipeline"]);
    assert_eq!(with(".stop: { script: x }"), ["1: `on_stop` names `stop`, which is no job of this pipeline"]);
    assert_eq!(with("stop: { script: x }"), ["1: `on_stop` names `stop`, which has no `environment`"]);
    assert_eq!(
        with("stop: { script: x, environment: { name: other, action: stop } }"),
        ["1: `on_stop` names `stop`, whose environment is `other`"]
    );
    assert_eq!(
        with("stop: { script: x, environment: { name: review/$CI_COMMIT_REF_SLUG } }"),
        ["1: `on_stop` names `stop`, which does not have `action: stop`"]
    );
    let right = "stop: { script: x, environment: { name: review/$CI_COMMIT_REF_SLUG, action: stop } }\n";
    assert_eq!(with(right), [""; 0]);
    // Near mistakes elsewhere hide nothing.
    assert_eq!(with("stop: { script: x, tag: [x] }").len(), 2);
    for silent in [
        "include: [{ template: x.yml }]".to_owned(),
        "stop: { script: x, extends: .unknown }\ninclude: [{ template: x.yml }]".to_owned(),
        "stop: { script: x, parallel: { matrix: [{ A: [b] }] } }".to_owned(),
    ] {
        assert_eq!(with(&silent), [""; 0], "{silent}");
    }
    assert_eq!(told(&deploy.replace("stop }", "\"$[[ inputs.stop ]]\" }")), [""; 0]);
}

#[test]
fn jobs_that_are_needed() {
    assert_eq!(
        told(
            "build: { script: x }\na: { script: x, needs: [biuld, { job: lint }] }\nb: { script: x, needs: [biuld] }\n"
        ),
        [
            "2: `needs` names `biuld`, which is no job of this pipeline",
            "2: `needs` names `lint`, which is no job of this pipeline"
        ]
    );
    for silent in [
        "a: { script: x, needs: [] }\n",
        "a: { script: x, needs: [{ job: lint, optional: true }, { project: acme/shop, job: y, ref: main }] }\n",
        "m: { script: x, parallel: { matrix: [{ A: [b, c] }] } }\na: { script: x, needs: [\"m: [b]\", m] }\n",
        "m: { script: x, parallel: 2 }\na: { script: x, needs: [\"m 1/2\"] }\n",
        "include: [{ template: x.yml }]\na: { script: x, needs: [lint] }\n",
    ] {
        assert_eq!(told(silent), [""; 0], "{silent}");
    }
}

#[test]
fn a_block_text_that_ends_too_early() {
    let with = |script: &str| told(&format!("a:\n  script:\n    - |\n      one\n{script}"));
    let at = |line: usize| {
        vec![format!(
            "{line}: this line is indented less than the block text that starts in line 3, so that the text ends here and no YAML follows"
        )]
    };
    assert_eq!(with("git push && git push --tags\n"), at(5));
    assert_eq!(with("git push\nEOF\n"), at(5));
    assert_eq!(with("\n\n  git push\n"), at(7));
    assert_eq!(with("      two\n     three\n"), at(6));
    assert_eq!(with("      cat <<EOF\napiVersion: v1\nkind: Secret\nEOF\n"), at(6));
    assert_eq!(with("      cat <<-'END' | kubectl apply -f -\nkind: Secret\nEND\n"), at(6));
    assert_eq!(with("\ttwo\n"), at(5));
    let folded = "a:\n  script: >-\n    one\n   two\n";
    assert_eq!(told(folded).len(), 1);
    assert!(told(folded)[0].contains("block text that starts in line 2"), "{:?}", told(folded));
    // Other mistakes below a block text are what they are.
    for other in ["b: { script: [x\n", "b:\n  script: *nothing\n", "    - \"x\n", "b:\n  script: x\n stage: y\n"] {
        let told = with(other);
        assert!(!told.is_empty() && !told[0].contains("block text"), "{other}: {told:?}");
    }
}

#[test]
fn a_line_of_a_block_text_that_became_a_key() {
    let help = |text: &str| read(text).problems[0].help();
    let expected = Some("if it belongs to the block text that starts in line 3, indent it by 6 blanks".to_owned());
    assert_eq!(help("a:\n  script:\n    - |\n      cat <<EOF\nkind: Secret\n"), expected);
    assert_eq!(help("a:\n  script:\n    - |-\n      if x\n        y\n      fi\n\nname: x\n"), expected);
    assert_eq!(help("a:\n  script:\n    - x\nname: x\n"), None);
    assert_eq!(help("a:\n  script: x\n# the text |\nname: x\n"), None);
}

#[test]
fn jobs_without_script_that_wait_for_no_pipeline() {
    assert_eq!(told("build: { script: x }\na: { needs: [build] }\n"), ["2: `a` has no `script`, `run` or `trigger`"]);
    for silent in [
        "a: { needs: [{ pipeline: acme/shop }] }\n",
        "a: { needs: { pipeline: $PARENT, job: x } }\n",
        "a: { needs: [x], trigger: acme/shop }\nx: { script: x }\n",
        "include: [{ template: x.yml }]\na: { needs: [x] }\n",
    ] {
        assert_eq!(told(silent), [""; 0], "{silent}");
    }
}

#[test]
fn a_parent_whose_name_is_near() {
    let pipeline = read(".deploy: { script: x }\na: { extends: .deploi }\n");
    assert_eq!(pipeline.problems[0].meant(), Some(".deploy"));
}
