//! Input that means harm: the server goes on where it can, ends where it cannot, and does not wait for ever.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::client::{CONFIG, Client, initialize_params, uri};

/// Sends bytes behind which nothing can be read, and expects the end with a word about why.
fn fatal(bytes: &[u8], words: &str) {
    let mut client = Client::ready(&[]);
    client.settle();
    client.send_bytes(bytes);
    let refusal = client.refused();
    assert_eq!(refusal.code, -32700);
    assert!(refusal.message.contains(words), "{}", refusal.message);
    client.ends_with(1);
}

#[test]
fn headers_that_are_none_are_the_end() {
    for (header, words) in [
        ("Content-Length: -1\r\n\r\n{}", "no Content-Length"),
        ("Content-Length: 99999999999999999999999999\r\n\r\n{}", "no Content-Length"),
        ("Content-Length: seven\r\n\r\n{}", "no Content-Length"),
        ("Content-Length: 0x10\r\n\r\n{}", "no Content-Length"),
        ("Content-Length:\r\n\r\n{}", "no Content-Length"),
        ("Content-Length: 100000000\r\n\r\n", "too large"),
        ("Content-Length: 18446744073709551615\r\n\r\n", "too large"),
        ("Content-Type: x\r\n\r\n{}", "without Content-Length"),
        ("\r\n\r\n{}", "without Content-Length"),
        ("GET / HTTP/1.1\r\n\r\n", "no header"),
        ("{\"jsonrpc\"}\r\n", "no header"),
        ("\u{0}\u{1}\u{2}\r\n", "no header"),
    ] {
        fatal(header.as_bytes(), words);
    }
}

#[test]
fn a_header_without_end_is_not_kept() {
    fatal(&vec![b'x'; 100 << 20], "a header of more than");
    // Many short lines are no better than a long one.
    fatal("X-Header: 1\r\n".repeat(100_000).as_bytes(), "a header of more than");
}

#[test]
fn a_message_that_ends_in_the_middle_is_the_end() {
    for (bytes, words) in [
        ("Content-Length: 100\r\n\r\n{\"jsonrpc\": \"2.0\", ", "within a message"),
        ("Content-Length: 100\r\n\r\n", "within a message"),
        ("Content-Length: 10", "within a header"),
        ("Content-Length: 10\r\n", "within a header"),
    ] {
        let mut client = Client::ready(&[]);
        client.send_bytes(bytes.as_bytes());
        client.hang_up();
        assert!(client.refused().message.contains(words), "{bytes}");
        client.ends_with(1);
    }
}

#[test]
fn headers_may_be_written_in_other_ways() {
    let mut client = Client::ready(&[]);
    let body = json!({"jsonrpc": "2.0", "id": "a", "method": "nobody/knows"}).to_string();
    let size = body.len();
    for header in [
        format!("content-length: {size}\r\n\r\n"),
        format!("Content-Length:{size}\n\n"),
        format!("Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: {size}\r\n\r\n"),
    ] {
        client.send_bytes(header.as_bytes());
        client.ask_with_bytes(&json!("a"), body.as_bytes());
    }
    // A byte at a time.
    for byte in format!("Content-Length: {size}\r\n\r\n").bytes() {
        client.send_bytes(&[byte]);
    }
    client.ask_with_bytes(&json!("a"), body.as_bytes());
}

#[test]
fn bodies_that_are_no_messages_are_refused_and_the_next_is_read() {
    let mut client = Client::ready(&[]);
    let deep = "[".repeat(100_000);
    let deep_object = "{\"a\":".repeat(100_000);
    let deep_params = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":{}{}}}",
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    for (body, code) in [
        (&b"{"[..], -32700),
        (b"", -32700),
        (b"no JSON", -32700),
        (b"\xFF\xFE\x00", -32700),
        (b"{\"jsonrpc\":\"2.0\",\"method\":\"\xC3\x28\"}", -32700),
        (b"{\"jsonrpc\":\"2.0\",\"method\":\"x\"} {}", -32700),
        (b"{\"method\":\"\\ud800\"}", -32700),
        (deep.as_bytes(), -32700),
        (deep_object.as_bytes(), -32700),
        (deep_params.as_bytes(), -32700),
        (b"[]", -32600),
        (b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"shutdown\"}]", -32600),
        (b"7", -32600),
        (b"null", -32600),
        (b"{}", -32600),
        (b"{\"id\":1}", -32600),
        (b"{\"method\":7}", -32600),
    ] {
        client.send_body(body);
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]);
        assert_eq!(client.refused().code, code, "{shown}");
    }
    client.open(&uri(CONFIG), "foo: 1\n");
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 0:0-0:3 unknown-key")]);
}

#[cfg(unix)]
#[test]
fn the_server_ends_with_the_process_that_started_it() {
    // The pipe stays open, as a process that the editor left behind may hold it.
    for rest in [&b""[..], b"Content-Length: 100\r\n\r\n{\"jsonrpc\""] {
        let mut editor =
            Command::new("sleep").arg("600").stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("sleep");
        let mut client = Client::start(&[]);
        let mut params = initialize_params(json!({}), &[""]);
        params["processId"] = editor.id().into();
        client.ask("initialize", params).expect("an answer");
        client.notify("initialized", json!({}));
        client.open(&uri(CONFIG), "foo: 1\n");
        assert_eq!(client.told_lines().len(), 1);
        let mut pipe = client.take_pipe();
        pipe.write_all(rest).and_then(|()| pipe.flush()).expect("the pipe is read");
        editor.kill().expect("a process");
        editor.wait().expect("a process");
        assert!(client.refused().message.contains("the editor is gone"));
        client.ends_with(1);
        drop(pipe);
    }
}

#[test]
fn a_process_that_never_was_ends_nothing() {
    for process in [json!(999_999_999), json!(-1), json!(0), json!(i64::MAX), json!("x"), json!(1.5)] {
        let mut client = Client::start(&[]);
        let mut params = initialize_params(json!({}), &[""]);
        params["processId"] = process;
        client.ask("initialize", params).expect("an answer");
        client.open(&uri(CONFIG), "foo: 1\n");
        assert_eq!(client.told_lines().len(), 1);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_idle_server_uses_no_cpu() {
    /// User and system time so far, in ticks of the clock.
    fn ticks(pid: u32) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
        let behind_name = stat.rsplit_once(')').expect("a name").1;
        let fields: Vec<&str> = behind_name.split_whitespace().collect();
        fields[11].parse::<u64>().expect("a number") + fields[12].parse::<u64>().expect("a number")
    }
    let mut client = Client::ready_with(json!({"workspace": {"configuration": true}}), &[(CONFIG, "foo: 1\n")]);
    let question = client.asked("workspace/configuration");
    client.open(&uri(CONFIG), "foo: 1\n");
    // Nor while it waits for settings that never come, nor after it has given up.
    let before = ticks(client.pid());
    client.notified("window/logMessage");
    let told = client.notified("textDocument/publishDiagnostics");
    assert_eq!(told["version"], 1);
    client.settle();
    let waited = ticks(client.pid());
    std::thread::sleep(Duration::from_secs(1));
    let idle = ticks(client.pid()) - waited;
    assert!(idle <= 1, "{idle} ticks within an idle second");
    assert!(waited - before < 60, "{} ticks while waiting two seconds", waited - before);
    client.ignore(question);
}

#[test]
fn ten_thousand_documents_can_be_open() {
    let mut client = Client::ready(&[]);
    for number in 0..9_000 {
        client.open(&uri(&format!("values/{number}.yaml")), "a: [\n");
    }
    for number in 0..1_000 {
        client.open(&uri(&format!("p/.gitlab/agents/a{number}/config.yaml")), "foo: 1\n");
    }
    client.settle();
    let mut told = std::collections::BTreeSet::new();
    while let Some((path, one)) = client.next_told() {
        assert_eq!(one.lines(), ["0:0-0:3 unknown-key"], "{path}");
        told.insert(path);
    }
    assert_eq!(told.len(), 1_000);
    client.replace(&uri("p/.gitlab/agents/a7/config.yaml"), 2, "ci_access: {}\n");
    assert_eq!(client.told_lines(), ["p/.gitlab/agents/a7/config.yaml@2:"]);
}

#[test]
fn a_line_of_five_megabytes_is_a_line() {
    let mut client = Client::ready(&[]);
    // Without optimization the readers of the others take their time.
    let (most, some) = (5 << 20, 256 << 10);
    for (path, size) in [
        (CONFIG, most),
        ("values.yaml", most),
        (".gitlab-ci.yml", some),
        (".kaslint.yaml", some),
        ("inventory.yaml", some),
    ] {
        let text = format!("projects: [\"{}\"]", "x".repeat(size));
        client.open(&uri(path), &text);
        client.settle();
        let at = json!({"line": 0, "character": size});
        let params = json!({"textDocument": {"uri": uri(path)}, "position": at});
        let _ = client.ask("textDocument/hover", params);
        client.change(&uri(path), 2, &[json!({"range": {"start": at, "end": at}, "text": "é"})]);
        client.settle();
        client.close(&uri(path));
        client.settle();
        // What is said of such a file is short all the same.
        for message in client.all() {
            assert!(message.to_string().len() < 100_000, "a long message for {path}");
        }
    }
    client.open(&uri(CONFIG), "foo: 1\n");
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 0:0-0:3 unknown-key")]);
}

#[test]
fn bombs_do_not_go_off() {
    let mut client = Client::ready(&[]);
    let mut aliases = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (before, name) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        aliases.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(",")));
    }
    let nested = "[".repeat(2_000);
    let items = "- ".repeat(20_000);
    let mut extends = String::from(".e0: {variables: {A: x}}\n");
    for number in 1..40 {
        let before = number - 1;
        extends.push_str(&format!(".e{number}: {{extends: [.e{before}, .e{before}, .e{before}]}}\n"));
    }
    for text in [&aliases, &nested, &items, &extends] {
        for path in [CONFIG, ".gitlab-ci.yml", ".kaslint.yaml", "inventory.yaml"] {
            client.open(&uri(path), text);
            client.settle();
            client.close(&uri(path));
            client.settle();
        }
    }
    client.open(&uri(CONFIG), &"[".repeat(100_000));
    client.settle();
    client.close(&uri(CONFIG));
    client.settle();
    let said = client.all();
    assert!(said.iter().any(|message| message.to_string().contains("invalid-yaml")));
    client.open(&uri(CONFIG), "foo: 1\n");
    client.settle();
    assert_eq!(client.last_told().lines(), ["0:0-0:3 unknown-key"]);
}
