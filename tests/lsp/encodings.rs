//! What a column counts: the same place in every unit that a client may count in.

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, uri};
use crate::text::{edit, text_of};

const ENCODINGS: [&str; 4] = ["utf-8", "utf-16", "utf-32", ""];

fn client(encoding: &str) -> Client {
    let mut client = Client::start(&[]);
    let capabilities = match encoding {
        "" => json!({}),
        name => json!({"general": {"positionEncodings": [name]}}),
    };
    let result = client.greet(capabilities, &[""]);
    assert_eq!(result["capabilities"]["positionEncoding"], if encoding.is_empty() { "utf-16" } else { encoding });
    client
}

fn marked(text: &str, diagnostics: &[Json], encoding: &str) -> Vec<String> {
    let one = |diagnostic: &Json| {
        let rule = diagnostic["code"].as_str().expect("a rule");
        format!("{rule} {}", text_of(text, &diagnostic["range"], encoding))
    };
    diagnostics.iter().map(one).collect()
}

#[test]
fn ranges_mean_the_same_text_in_every_encoding() {
    let text = "# 😀\nci_access:\n  projects:\n    - {id: acme/web/shop, environments: [é, 日, 😀, on, \"日😀\", off]} # é\n\
                \x20   - {\"id\": \"https://gitlab.example.com/é日😀/shop\", default_namespace: 😀, environment: x}\n😀foo: 1\n";
    for encoding in ENCODINGS {
        let mut client = client(encoding);
        client.open(&uri(CONFIG), text);
        let told = client.told_of(CONFIG);
        let marked = marked(text, &told.diagnostics, encoding);
        for wanted in ["wrong-type on", "wrong-type off", "unknown-key environment", "unknown-key 😀foo"] {
            assert!(marked.iter().any(|one| one == wanted), "{encoding}: {wanted} in {marked:?}");
        }
        insta::allow_duplicates! { insta::assert_snapshot!(marked.join("\n")); }
    }
}

#[test]
fn changes_behind_wide_letters_meet_their_place() {
    for encoding in ENCODINGS {
        let mut client = client(encoding);
        let mut text = "ci_access: {projects: [{id: acme/web/shop, environments: [é, 日, 😀, x]}]}\n".to_owned();
        client.open(&uri(CONFIG), &text);
        assert_eq!(client.told_of(CONFIG).diagnostics, [Json::Null; 0]);
        let changes = [
            edit(&mut text, "x]", "on, \"é日😀\", y]", encoding),
            edit(&mut text, "y]", "off]", encoding),
            edit(&mut text, "日, ", "", encoding),
            edit(&mut text, "}]}\n", "}], foo😀: 1}\n# 😀é\nbar: 1", encoding),
            edit(&mut text, "é\nb", "\r\nc", encoding),
        ];
        assert!(text.ends_with("# 😀\r\ncar: 1"));
        client.change(&uri(CONFIG), 2, &changes);
        let told = client.told_of(CONFIG);
        let mut marked = marked(&text, &told.diagnostics, encoding);
        marked.sort();
        assert_eq!(marked, ["unknown-key car", "unknown-key foo😀", "wrong-type off", "wrong-type on"], "{encoding}");
    }
}

#[test]
fn a_byte_order_mark_counts_as_any_letter() {
    for encoding in ENCODINGS {
        let mut client = client(encoding);
        let mut text = "\u{feff}foo: 1\n".to_owned();
        client.open(&uri(CONFIG), &text);
        let told = client.told_of(CONFIG);
        assert_eq!(marked(&text, &told.diagnostics, encoding), ["unknown-key foo"], "{encoding}");
        let change = edit(&mut text, "foo", "bar", encoding);
        client.change(&uri(CONFIG), 2, &[change]);
        let told = client.told_of(CONFIG);
        assert_eq!(marked(&text, &told.diagnostics, encoding), ["unknown-key bar"], "{encoding}");
    }
}

#[test]
fn the_server_chooses_among_what_is_offered() {
    for (offered, chosen) in [
        (json!(["utf-16", "utf-8", "utf-32"]), "utf-8"),
        (json!(["utf-16", "utf-32"]), "utf-32"),
        (json!(["utf-16"]), "utf-16"),
        (json!(["utf-7"]), "utf-16"),
        (json!([7, null]), "utf-16"),
    ] {
        let mut client = Client::start(&[]);
        let result = client.greet(json!({"general": {"positionEncodings": offered}}), &[""]);
        assert_eq!(result["capabilities"]["positionEncoding"], chosen);
    }
}
