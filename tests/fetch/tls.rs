//! Certificates and proxies, through the binary: a server with TLS that refuses every token, and proxies that write down what they are asked.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::gitlab::TOKEN;
use crate::{Place, error, kaslint};

fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fetch/certificates").join(name)
}

/// Serves each connection in a thread of its own; the port.
fn serve(answer: impl Fn(TcpStream) -> Option<()> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || answer(stream));
        }
    });
    port
}

/// The lines of a request up to the empty one.
fn head(reader: impl Read) -> Vec<String> {
    BufReader::new(reader).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect()
}

/// A server that shows a certificate, and takes no token.
fn tls(name: &str) -> u16 {
    let chain = CertificateDer::pem_file_iter(certificate(name)).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(certificate("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    serve(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).ok()?, stream);
        // A client that does not trust it says nothing.
        if head(&mut stream).is_empty() {
            return None;
        }
        let body = r#"{"message":"401 Unauthorized"}"#;
        let length = body.len();
        let head = format!(
            "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all((head + body).as_bytes()).ok()?;
        stream.conn.send_close_notify();
        stream.flush().ok()
    })
}

/// A proxy that leads everybody to one port or, without one, nobody anywhere; what it was asked.
fn proxy(to: Option<u16>) -> (String, Arc<Mutex<Vec<Vec<String>>>>) {
    let asked: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
    let heads = Arc::clone(&asked);
    let port = serve(move |mut stream| {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?;
            bytes.extend(byte);
        }
        heads.lock().unwrap().push(head(&bytes[..]));
        let Some(to) = to else {
            return stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").ok();
        };
        let mut server = TcpStream::connect(("127.0.0.1", to)).ok()?;
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
        let (mut there, mut back) = (stream.try_clone().ok()?, server.try_clone().ok()?);
        std::thread::spawn(move || {
            std::io::copy(&mut there, &mut back).ok();
            back.shutdown(std::net::Shutdown::Write).ok()
        });
        std::io::copy(&mut server, &mut stream).ok();
        stream.shutdown(std::net::Shutdown::Write).ok()
    });
    (format!("http://127.0.0.1:{port}"), asked)
}

/// What a fetch from an address comes to.
fn fetch(place: &Place, url: &str, change: impl Fn(&mut Command)) -> String {
    let mut command = kaslint(place.folder.path());
    command.args(["inventory", "fetch", "--group", "acme", "--output", "inventory", "--token-file", "token"]);
    command.args(["--url", url]);
    change(&mut command);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = error(&output);
    assert!(!said.contains(TOKEN));
    said
}

const REFUSED: &str = "401: GitLab does not know the token";

/// Authorities of the system that have signed none of what is shown here.
fn of_others(command: &mut Command) {
    command.env("SSL_CERT_FILE", certificate("own.pem"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_is_trusted_by_its_authority() {
    let (place, port) = (Place::new(), tls("server.pem"));
    let url = format!("https://localhost:{port}");
    let untrusted = fetch(&place, &url, of_others);
    insta::assert_snapshot!("certificate_of_nobody", untrusted.replace(&url, "https://gitlab.example.com"));
    let by_variable = fetch(&place, &url, |command| {
        command.env("SSL_CERT_FILE", certificate("authority.pem"));
    });
    assert!(by_variable.contains(REFUSED), "{by_variable}");
    let by_file = fetch(&place, &url, |command| {
        of_others(command);
        command.arg("--ca-file").arg(certificate("authority.pem"));
    });
    assert!(by_file.contains(REFUSED), "{by_file}");
    // A file of authorities comes to those of the system.
    let by_both = fetch(&place, &url, |command| {
        command.env("SSL_CERT_FILE", certificate("authority.pem"));
        command.arg("--ca-file").arg(certificate("own.pem"));
    });
    assert!(by_both.contains(REFUSED), "{by_both}");
    // The right authority for the wrong name.
    let (address, _) = proxy(Some(port));
    let other_name = fetch(&place, "https://git.example.com", |command| {
        command.env("HTTPS_PROXY", &address).arg("--ca-file").arg(certificate("authority.pem"));
    });
    insta::assert_snapshot!("certificate_of_another_name", other_name);
    let no_certificate = fetch(&place, &url, |command| {
        command.args(["--ca-file", "token"]);
    });
    assert_eq!(no_certificate, "error: cannot use token: it holds no certificate in PEM\n");
}

#[cfg(target_os = "linux")]
#[test]
fn a_certificate_that_is_its_own_authority_has_words_of_its_own() {
    let (place, port) = (Place::new(), tls("own.pem"));
    let url = format!("https://localhost:{port}");
    let said = fetch(&place, &url, |command| {
        command.arg("--ca-file").arg(certificate("own.pem"));
    });
    insta::assert_snapshot!("certificate_of_authority", said.replace(&url, "https://gitlab.example.com"));
}

#[test]
fn a_proxy_is_asked_to_connect_and_sees_no_token() {
    let (place, server) = (Place::new(), tls("server.pem"));
    let url = "https://gitlab.example.com";
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let (address, asked) = proxy(Some(server));
        let said = fetch(&place, url, |command| {
            command.env(variable, &address).arg("--ca-file").arg(certificate("authority.pem"));
        });
        assert!(said.contains(REFUSED), "{variable}: {said}");
        let asked = asked.lock().unwrap().clone();
        assert!(!asked.is_empty(), "{variable}");
        for head in asked {
            assert_eq!(head[0], "CONNECT gitlab.example.com:443 HTTP/1.1", "{variable}");
            assert!(!head.join("\n").contains(TOKEN), "{variable}: {head:?}");
        }
    }
    let (address, _) = proxy(None);
    let said = fetch(&place, url, |command| {
        command.env("HTTPS_PROXY", &address);
    });
    insta::assert_snapshot!("proxy_refuses", said);
}

#[test]
fn a_proxy_is_gone_around_where_the_environment_says_so() {
    let (place, server) = (Place::new(), tls("server.pem"));
    let url = format!("https://localhost:{server}");
    for around in ["localhost", "example.com,localhost", "*"] {
        let (address, asked) = proxy(None);
        let said = fetch(&place, &url, |command| {
            command.env("HTTPS_PROXY", &address).env("NO_PROXY", around);
            command.arg("--ca-file").arg(certificate("authority.pem"));
        });
        assert!(said.contains(REFUSED), "{around}: {said}");
        assert!(asked.lock().unwrap().is_empty(), "{around}");
    }
}

/// The line of doctor about an agent server behind a context like this.
fn doctor(place: &Place, cluster: &str, change: impl Fn(&mut Command)) -> String {
    let kubeconfig = place.folder.path().join("kubeconfig");
    let text = format!(
        "clusters: [{{name: gitlab, cluster: {{{cluster}}}}}]\nusers: [{{name: agent, user: {{token: 'ci:1:{TOKEN}'}}}}]\n\
        contexts: [{{name: 'acme/agents:prod', context: {{cluster: gitlab, user: agent}}}}]\n"
    );
    std::fs::write(&kubeconfig, text).unwrap();
    let mut command = kaslint(place.folder.path());
    command.args(["doctor", "--live", "--format", "json"]).env("KUBECONFIG", &kubeconfig);
    change(&mut command);
    let told = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(!told.contains(TOKEN), "{told}");
    let report: serde_json::Value = serde_json::from_str(&told).unwrap();
    let row = report["rows"].as_array().unwrap().iter().find(|row| row["name"] == "agent-server").unwrap();
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    format!("{}  {} [{}]\n    → {}\n", text("severity"), text("message"), text("code"), text("help"))
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_tells_certificates_and_proxies_apart() {
    let place = Place::new();
    let (by_authority, by_itself) = (tls("server.pem"), tls("own.pem"));
    let server = |port: u16| format!("server: 'https://localhost:{port}/k8s-proxy'");
    let authority = |name: &str| format!(", certificate-authority: '{}'", certificate(name).display());
    let (refuses, _) = proxy(None);
    let (leads_on, _) = proxy(Some(by_authority));
    let elsewhere = "server: 'https://kas.example.com/k8s-proxy'";
    let told = [
        ("the right authority", doctor(&place, &(server(by_authority) + &authority("authority.pem")), of_others)),
        ("no authority", doctor(&place, &server(by_authority), of_others)),
        ("another authority", doctor(&place, &(server(by_authority) + &authority("own.pem")), of_others)),
        ("any certificate", doctor(&place, &(server(by_authority) + ", insecure-skip-tls-verify: true"), of_others)),
        ("its own authority", doctor(&place, &(server(by_itself) + &authority("own.pem")), of_others)),
        (
            "another name",
            doctor(&place, &(elsewhere.to_owned() + &authority("authority.pem")), |command| {
                command.env("HTTPS_PROXY", &leads_on);
            }),
        ),
        (
            "a proxy",
            doctor(&place, elsewhere, |command| {
                command.env("HTTPS_PROXY", &refuses);
            }),
        ),
    ];
    let told: String = told.iter().map(|(name, told)| format!("{name}:\n{told}")).collect();
    let told = told.replace(&by_authority.to_string(), "1").replace(&by_itself.to_string(), "2");
    insta::assert_snapshot!("doctor_certificates", told);
}
