//! A relay between a client and a GitLab, which stops after so many bytes, hands them on one by one, or changes what is told.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};

use crate::gitlab::{Gitlab, World};

/// How many bytes may still pass, and how many have.
#[derive(Debug, Default)]
struct Gate {
    left: Mutex<usize>,
    changed: Condvar,
    passed: AtomicUsize,
    is_one_by_one: AtomicBool,
    has_stopped: AtomicBool,
}

pub struct Relay {
    pub url: String,
    gate: Arc<Gate>,
}

impl Relay {
    /// A relay to the server at an address, through which everything passes.
    pub fn to(url: &str) -> Self {
        let server = url.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let gate = Arc::new(Gate { left: Mutex::new(usize::MAX), ..Gate::default() });
        let relay = Self { url, gate: Arc::clone(&gate) };
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(&server).unwrap();
                for stream in [&client, &server] {
                    stream.set_nodelay(true).unwrap();
                }
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                for (from, to) in [(client, server), back] {
                    let gate = Arc::clone(&gate);
                    std::thread::spawn(move || gate.hand_on(from, to));
                }
            }
        });
        relay
    }

    /// Lets so many bytes pass from now on, and then none.
    pub fn stop_after(&self, bytes: usize) {
        self.gate.has_stopped.store(false, Ordering::SeqCst);
        *self.gate.left.lock().unwrap() = bytes;
        self.gate.changed.notify_all();
    }

    /// Whether a byte waits that may not pass.
    pub fn has_stopped(&self) -> bool {
        self.gate.has_stopped.load(Ordering::SeqCst)
    }

    pub fn let_all_pass(&self) {
        self.stop_after(usize::MAX);
    }

    pub fn one_by_one(&self) {
        self.gate.is_one_by_one.store(true, Ordering::SeqCst);
    }

    /// How many bytes have passed, both ways.
    pub fn passed(&self) -> usize {
        self.gate.passed.load(Ordering::SeqCst)
    }
}

impl Gate {
    fn hand_on(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = [0; 4096];
        while let Ok(count) = from.read(&mut bytes) {
            let mut open = &bytes[..count];
            while !open.is_empty() {
                let may = self.may_pass(open.len());
                if to.write_all(&open[..may]).is_err() {
                    open = &[];
                    continue;
                }
                open = &open[may..];
            }
            if count == 0 {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }

    /// How many of so many bytes may pass; waits until one may.
    fn may_pass(&self, wanted: usize) -> usize {
        let mut left = self.left.lock().unwrap();
        while *left == 0 {
            self.has_stopped.store(true, Ordering::SeqCst);
            left = self.changed.wait(left).unwrap();
        }
        let most = if self.is_one_by_one.load(Ordering::SeqCst) { 1 } else { wanted };
        let may = most.min(*left);
        if *left != usize::MAX {
            *left -= may;
        }
        self.passed.fetch_add(may, Ordering::SeqCst);
        may
    }
}

/// A relay that asks one GitLab until so many pages of projects were told, and another from then on.
///
/// Cursors of projects are numbers of projects here, as GitLab's are (keyset pages): what goes or comes on a page does not move the next.
pub fn changing(before: World, after: World, pages: usize) -> String {
    let numbers = |world: &World| -> Vec<i64> { world.projects.iter().map(|project| project.id).collect() };
    let worlds = [before, after].map(|world| (numbers(&world), Gitlab::serve(world).url));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let told = Arc::new(AtomicUsize::new(0));
    let worlds = Arc::new(worlds);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (told, worlds) = (Arc::clone(&told), Arc::clone(&worlds));
            std::thread::spawn(move || {
                let mut reader = BufReader::new(client.try_clone().unwrap());
                while let Some((mut head, body)) = message(&mut reader) {
                    let mut asked: Value = serde_json::from_slice(&body).unwrap_or_default();
                    let is_page = asked["query"].as_str().is_some_and(|query| query.starts_with("query Projects("));
                    let has_changed = told.fetch_add(usize::from(is_page), Ordering::SeqCst) >= pages;
                    let (numbers, server) = &worlds[usize::from(has_changed)];
                    if let Some(after) = asked["variables"]["after"].as_str().filter(|_| is_page) {
                        let after: i64 = after.parse().unwrap();
                        let offset = numbers.iter().filter(|&&number| number <= after).count();
                        asked["variables"]["after"] = json!(offset.to_string());
                    }
                    let body = if asked.is_object() { asked.to_string().into_bytes() } else { body };
                    head.retain(|line| !line.to_ascii_lowercase().starts_with("content-length:"));
                    let mut stream = TcpStream::connect(server.strip_prefix("http://").unwrap()).unwrap();
                    send(&mut stream, &head, &body);
                    let (mut head, mut body) = message(&mut BufReader::new(stream)).unwrap();
                    if is_page {
                        let mut answer: Value = serde_json::from_slice(&body).unwrap();
                        let list = &mut answer["data"]["group"]["projects"];
                        let last = list["nodes"].as_array().unwrap().last().map(|node| node["id"].clone());
                        let number = last.as_ref().and_then(|id| id.as_str()?.rsplit('/').next());
                        list["pageInfo"]["endCursor"] = json!(number);
                        body = answer.to_string().into_bytes();
                    }
                    head.retain(|line| !line.to_ascii_lowercase().starts_with("content-length:"));
                    send(&mut &client, &head, &body);
                }
            });
        }
    });
    url
}

/// The lines of a head, and a body.
fn message(reader: &mut BufReader<TcpStream>) -> Option<(Vec<String>, Vec<u8>)> {
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|&length| length > 0)?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        if let Some(told) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = told.trim().parse().ok()?;
        }
        head.push(line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn send(to: &mut impl Write, head: &[String], body: &[u8]) {
    let head = format!("{}\r\ncontent-length: {}\r\n\r\n", head.join("\r\n"), body.len());
    let _ = to.write_all(head.as_bytes()).and_then(|()| to.write_all(body));
}
