use proptest::prelude::*;

use super::prefixes::PREFIXES;
use super::*;

/// What stands for the random part of a token.
const RANDOM: &str = "Zq7Lw2Xk9Vb4Tn6Rm3Yp";

/// What is found, each as its text, with a mark in front of what is not certain.
fn found(text: &str) -> Vec<String> {
    let one = |secret: &Secret| {
        let mark = if secret.is_certain { "" } else { "? " };
        format!("{mark}{}", &text[secret.span.start..secret.span.end])
    };
    find(text).iter().map(one).collect()
}

#[test]
fn no_sign_reaches_over_a_line_break() {
    let names = values::NAMES.iter().map(|(name, _)| *name);
    let prefixes = PREFIXES.iter().map(|known| known.text);
    let signs = SIGNS.iter().map(|(sign, _)| *sign).chain(prefixes).chain(names);
    assert!(signs.into_iter().all(|sign| !sign.is_empty() && !sign.contains('\n')));
}

proptest! {
    #[test]
    fn every_secret_begins_on_a_marked_line(
        text in proptest::collection::vec("(token|key|s\\.|@|://|x|é| |\n|: |bearer |glpat-[a-z0-9]{20}){0,6}", 0..8)
    ) {
        let text = text.concat();
        let marked = marked_lines(&text, Span::new(0, text.len()));
        prop_assert!(marked.iter().zip(marked.iter().skip(1)).all(|(one, next)| one.end < next.start));
        prop_assert_eq!(find(&text), find_on(&text, &marked));
    }
}

#[test]
fn secrets_are_found_by_their_form() {
    let token = "glpat-aAbBcCdDeEfFgGhHiIjJ";
    let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n-----END RSA PRIVATE KEY-----";
    let text = format!("a: {token}\nb: |\n  {key}\nc: x");
    let kinds: Vec<&str> = find(&text).iter().map(|secret| secret.kind).collect();
    assert_eq!(kinds, ["a GitLab personal access token", "a private key"]);
    assert_eq!(&text[find(&text)[0].span.start..find(&text)[0].span.end], token);
    assert!(find("a: glpat-xxxxxxxxxxxxxxxxxxxx\nb: my-glpat-thing\nc: AKIA\nd: eyJhbGciOi").is_empty());
}

#[test]
fn every_published_kind_of_token_is_known() {
    let hex = "0f4b9a7c2e8d1356".repeat(4);
    let long = RANDOM.repeat(10);
    let capitals = RANDOM.to_ascii_uppercase();
    for known in PREFIXES {
        let bodies = [RANDOM, &long, &hex, &capitals.repeat(4), &capitals[..16]];
        let of_prefix =
            |body: &&str| find(&format!("a: {}{body}\n", known.text)).iter().any(|secret| secret.is_certain);
        assert!(bodies.iter().any(of_prefix), "{}", known.text);
    }
    for token in [
        format!("glpat-{RANDOM}Hd5Jf8Qs.01.1a0b7k2xq"),
        format!("glrt-t1_{RANDOM}Hd5Jf8Qs.01.1a0b7k2xq"),
        format!("glcbt-64_{RANDOM}"),
        format!("GR1348941{RANDOM}"),
        format!("_gitlab_session={}", &hex[..32]),
        format!("github_pat_11A{RANDOM}_{long}"),
        format!("xoxb-1234567890-1234567890-{RANDOM}"),
        format!("https://hooks.slack.com/services/T0AB1CD2E/B0FG3HI4J/{RANDOM}"),
        format!("hvs.CAESI{long}"),
        format!("s.{RANDOM}Jd5f"),
        format!("{}.atlasv1.{}", &RANDOM[..14], &long[..67]),
        format!("bP88Q~{}", &long[..34]),
        format!("AGE-SECRET-KEY-1{}", &capitals.repeat(3)[..58]),
        format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqb2UifQ.{RANDOM}"),
        "AKIAZQ7LW2XK5VB4TN6R".to_owned(),
    ] {
        for text in [format!("a: {token}\n"), format!("a: \"{token}\", b"), format!("x={token}"), format!("# {token}.")]
        {
            let all = find(&text);
            let is_whole =
                |secret: &Secret| token.ends_with(&text[secret.span.start..secret.span.end]) && secret.is_certain;
            assert!(all.len() == 1 && all.iter().all(is_whole), "{text}: {:?}", found(&text));
        }
    }
}

#[test]
fn a_prefix_counts_behind_a_word_too() {
    for (text, expected) in [
        (format!("X_glpat-{RANDOM}"), vec![format!("glpat-{RANDOM}")]),
        (format!("acme-glagent-{RANDOM}"), vec![format!("glagent-{RANDOM}")]),
        (format!("TOKEN_ghp_{RANDOM}{RANDOM}"), vec![format!("ghp_{RANDOM}{RANDOM}")]),
        (format!("Xglwt-{RANDOM}"), vec![format!("? glwt-{RANDOM}")]),
        // The words of others.
        (format!("xnpm_{RANDOM}{RANDOM}"), vec![]),
        ("BAKIAZQ7LW2XK5VB4TN6R".to_owned(), vec![]),
        ("my-glft-is-a-name-with-many-words".to_owned(), vec![]),
        ("glrt-your-token-goes-in-here-please-2".to_owned(), vec![]),
    ] {
        assert_eq!(found(&text), expected, "{text}");
    }
    // What AWS writes in its documentation is masked and not reported.
    assert_eq!(found("AKIAIOSFODNN7EXAMPLE"), ["? AKIAIOSFODNN7EXAMPLE"]);
}

#[test]
fn passwords_in_addresses_are_found() {
    for (text, expected) in [
        ("https://bob:hunterTwo9Qw@git.example.com/x", &["hunterTwo9Qw"][..]),
        ("- remote: 'https://bob:pw@git.example.com/x'", &["? pw"]),
        ("postgres://app:app@db:5432/app?sslmode=off", &["? app"]),
        ("redis://:s3cretWord7@cache", &["s3cretWord7"]),
        ("`git+https:/bob:hunterTwo9Qw@git.example.com/x`", &["hunterTwo9Qw"]),
        ("a/ssh:/bob:hunterTwo9Qw@git.example.com/x", &["hunterTwo9Qw"]),
        ("https:/bob:hunterTwo9Qw@h/https:/eve:hunterTwo9Qx@h/x", &["hunterTwo9Qw", "hunterTwo9Qx"]),
        ("https://bob:p@ss9Word@git.example.com", &["p@ss9Word"]),
        ("https://bob:p4/ss:9@git.example.com/x", &["? p4/ss:9"]),
        ("git clone https://oauth2:%2Fx9Yz7@host/x.git", &["%2Fx9Yz7"]),
        ("bob:hunterTwo9Qw@git.example.com:acme/x.git", &["hunterTwo9Qw"]),
        ("url = bob:pw@git.example.com:acme/x.git", &["? pw"]),
        ("bob:p4/w@git.example.com:acme/x.git", &["? p4/w"]),
        ("smtp: bob:hunter2Two@mail.example.com", &["? hunter2Two"]),
        // A user alone, variables, ports, and what else has a colon and an `@`.
        ("https://bob@git.example.com/x ssh://git@host:22/x git@host:acme/x", &[]),
        ("https://gitlab-ci-token:${CI_JOB_TOKEN}@gitlab.com/x", &[]),
        ("https://gitlab-ci-token:$CI_JOB_TOKEN@gitlab.com/x", &[]),
        ("https://{{ user }}:{{ password }}@host/x", &[]),
        ("https://user:<password>@host/x https://user:****@host https://user:xxxxx@host", &[]),
        ("https://host:8443/acme/ci@main http://host:80 https://host:8080/?mail=a@b", &[]),
        ("https://$HOST:$PORT/x@y", &[]),
        ("image: registry.example.com:5000/acme/app:1.2@sha256:0f4b9a7c2e8d1356", &[]),
        ("image: alpine:3.18@sha256:0f4b9a7c2e8d1356", &[]),
        ("component: $CI_SERVER_FQDN/acme/ci/deploy@1.0.0", &[]),
        ("mailto:jo9Ann7@example.com cc:jo.doe@example.com npm:lodash@4.17.21", &[]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn values_of_keys_that_are_called_as_secrets_are_found() {
    for (text, expected) in [
        ("DB_PASSWORD: aX7kq9Lm2Rz4Tv8W", &["aX7kq9Lm2Rz4Tv8W"][..]),
        ("export FOO_PASSWORD=aX7kq9Lm2Rz4Tv8W;", &["aX7kq9Lm2Rz4Tv8W"]),
        ("{\"client_secret\": \"aX7kq9Lm2Rz4Tv8W\", \"x\": 1}", &["aX7kq9Lm2Rz4Tv8W"]),
        ("{client-secret: aX7kq9Lm2Rz4Tv8W, x: 1}", &["aX7kq9Lm2Rz4Tv8W"]),
        ("{\\\"apiKey\\\": \\\"aX7kq9Lm2Rz4Tv8W\\\"}", &["aX7kq9Lm2Rz4Tv8W"]),
        ("AWS_SECRET_ACCESS_KEY=wJalrX+UtnFEMI/K7MDENGbPxRfiCYzz", &["wJalrX+UtnFEMI/K7MDENGbPxRfiCYzz"]),
        ("private_key: |\n  aX7kq9Lm2Rz4Tv8W\n", &["aX7kq9Lm2Rz4Tv8W"]),
        ("TOKEN_2 := aX7kq9Lm2Rz4Tv8W", &["aX7kq9Lm2Rz4Tv8W"]),
        ("kubectl --token aX7kq9Lm2Rz4Tv8W get pods", &["aX7kq9Lm2Rz4Tv8W"]),
        ("kubectl --token=aX7kq9Lm2Rz4Tv8W get pods", &["aX7kq9Lm2Rz4Tv8W"]),
        ("https://h/x?private_token=short&ref=main", &["? short"]),
        ("https://h/x?ref=main&job_token=aX7kq9Lm2Rz4Tv8W#top", &["aX7kq9Lm2Rz4Tv8W"]),
        ("https://a.blob.core.windows.net/x?sv=1&sig=aX7kq9Lm2Rz4Tv8W%3D", &["aX7kq9Lm2Rz4Tv8W%3D"]),
        ("curl -H 'PRIVATE-TOKEN: aX7kq9Lm'", &["? aX7kq9Lm"]),
        ("curl -H 'Authorization: Bearer aX7kq9Lm2Rz4Tv8W'", &["aX7kq9Lm2Rz4Tv8W"]),
        ("Authorization: Basic Ym9iOmh1bnRlclR3bzk=", &["Ym9iOmh1bnRlclR3bzk="]),
        ("\"auth\": \"Ym9iOmh1bnRlclR3bzk=\"", &["Ym9iOmh1bnRlclR3bzk="]),
        ("password: Summer2024!", &["? Summer2024!"]),
        ("password: 'it''s 4 Secret'", &["? it''s 4 Secret"]),
        ("password: \"a\\\"b4c D9\"", &["? a\\\"b4c D9"]),
        ("password: ~aX7kq9!", &["? ~aX7kq9!"]),
        ("--token \"ci:12:$job_token\"", &["? ci:12:$job_token"]),
        ("token: 123e4567-e89b-12d3-a456-426614174000", &["? 123e4567-e89b-12d3-a456-426614174000"]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn what_is_put_in_or_only_called_so_is_none() {
    for text in [
        "password: $DB_PASSWORD",
        "password: ${DB_PASSWORD:-none}",
        "TOKEN=$(vault read -field=token secret/x1)",
        "token: {{ .Values.token9 }}",
        "token: <your token 123>",
        "token: '%{TOKEN_1}'",
        "kubectl config set-credentials ci --token=\"ci:12:$CI_JOB_TOKEN\"",
        "password: ENC[AES256_GCM,data:O+5l4g==,iv:c1]",
        "password: changeme123",
        "password: xxxxxxxxxxxx",
        "password: '************'",
        "token: your-token-here-1234",
        "token: example-token-1234",
        "password: production",
        "secret: gitlab-agent-token-2",
        "secret: kv/data/production/db-password@secrets",
        "secretName: a1b2c3d4e5f6a7b8c9",
        "secret_file: /run/secrets/aX7kq9Lm2Rz4Tv8W",
        "token: /run/secrets/aX7kq9Lm2Rz4Tv8W",
        "private_key: deploy.aX7kq9Lm2Rz4Tv8W.pem",
        "token_expires: 2024-01-31T00:00:00Z",
        "token: 2024-01-31",
        "tokens: aX7kq9Lm2Rz4Tv8W",
        "public_key: aX7kq9Lm2Rz4Tv8W",
        "key: aX7kq9Lm2Rz4Tv8W",
        "design=aX7kq9Lm2Rz4Tv8W",
        "token: !reference [.base, token1]",
        "token: *token1a2b3c4d5",
        "secrets: {token: {vault: production/db/token@kv}}",
        "Authorization: Bearer $TOKEN",
        "a bearer token-2 is sent, with basic authentication",
        "# token: in the agent's Secret",
        "pwd: /home/user1",
        "#token: not_there_yet",
        "- &token a1b2c3d4e5f6",
    ] {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

#[test]
fn masking_keeps_length_and_lines() {
    let text = "é: glagent-aAbBcCdDeEfFgGhHiIjJ\nb: 1";
    let masked = mask(text);
    assert_eq!(masked.len(), text.len());
    assert!(!masked.contains("glagent") && masked.ends_with("\nb: 1"));
    assert_eq!(mask("https://bob:pässword@host/x"), "https://bob:*********@host/x");
}

#[test]
fn secrets_that_overlap_are_masked_as_a_whole() {
    let text = format!("https://bob:a1{RANDOM}glpat-{RANDOM}@host?token=glpat-{RANDOM}/x");
    assert!(
        !mask(&text).contains(|character: char| RANDOM.contains(character) && character.is_ascii_digit()),
        "{}",
        mask(&text)
    );
    let joined = find(&text);
    assert!(joined.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
}

#[test]
fn texts_of_json_are_masked_by_their_keys() {
    let mut json = serde_json::json!({
        "password": "Summer2024!",
        "tokens": ["aX7kq9Lm2Rz4Tv8W"],
        "token": ["aX7kq9Lm2Rz4Tv8W", 5, null],
        "text": "https://bob:pw@host",
        format!("glpat-{RANDOM}"): {"name": "production"},
    });
    mask_json(&mut json);
    let expected = format!(
        r#"{{"password":"***********","tokens":["aX7kq9Lm2Rz4Tv8W"],"token":["****************",5,null],"text":"https://bob:**@host","{}":{{"name":"production"}}}}"#,
        "*".repeat(26)
    );
    assert_eq!(json.to_string(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Whatever the text is, secrets lie in it, on the borders of characters and apart, and what is masked is as long as it was.
    #[test]
    fn secrets_of_any_text_lie_in_it(
        parts in prop::collection::vec(prop_oneof![
            4 => prop::sample::select(vec![
                "glpat-", "eyJ", "-----BEGIN ", "PRIVATE KEY-----", "-----END ", "://", "@", ":", "=", "token", "password", "key", "api_",
                "bearer ", "basic ", "Q~", ".atlasv1.", "s.", "client-key-data:", "?", "&", "\"", "'", "\\", "\n", " ", "|", "é", "日", "AKIA",
                "aX7kq9Lm2Rz4Tv8W", "Zq7Lw2Xk9Vb4Tn6Rm3Yp", "host.example.com", "/", "$", "{", "}", ",", "9",
            ]).prop_map(str::to_owned),
            1 => "[ -~é日\\n]{0,8}",
        ], 0..30),
    ) {
        let text = parts.concat();
        let secrets = find(&text);
        let mut end = 0;
        for secret in &secrets {
            prop_assert!(secret.span.start >= end && !secret.span.is_empty(), "{text:?} {secrets:?}");
            prop_assert!(text.get(secret.span.start..secret.span.end).is_some(), "{text:?} {secret:?}");
            end = secret.span.end;
        }
        let masked = mask(&text);
        prop_assert_eq!(masked.len(), text.len());
        prop_assert_eq!(masked.lines().count(), text.lines().count());
    }

    /// A token stands in no masked text, wherever it is put.
    #[test]
    fn tokens_are_masked_wherever_they_stand(
        body in "[A-Za-z0-9_-]{20}[0-9][A-Z][0-9]",
        known in prop::sample::select(PREFIXES.iter().filter(|known| known.text.starts_with("gl") && known.text.ends_with('-')).collect::<Vec<_>>()),
        before in prop_oneof![Just(""), Just("a: "), Just("'"), Just("X_"), Just("x"), Just("https://u:"), Just("?private_token="), Just("é"), Just("--token=")],
        behind in prop_oneof![Just(""), Just("\n"), Just("'"), Just("@host/x"), Just(" b"), Just("é"), Just(","), Just("/x")],
    ) {
        prop_assume!(!values::is_placeholder(&body));
        // Of a few characters over and over no token is made.
        prop_assume!(values::entropy(&body) >= 2.5);
        let text = format!("{before}{}{body}{behind}", known.text);
        let masked = mask(&text);
        prop_assert!(!masked.contains(body.trim_matches('-')), "{text:?} {masked:?}");
    }
}
