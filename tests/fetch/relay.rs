//! A relay between a client and a GitLab, which stops after so many bytes, or hands them on one by one.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

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
