//! An HTTP receiver of notifications that answers as it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// What came in one request.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// The path.
    pub(super) path: String,
    /// The headers, by lower-case name.
    pub(super) headers: BTreeMap<String, String>,
    /// The body.
    pub(super) body: String,
}

impl Received {
    /// The body as JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A receiver that lives as long as the test.
pub(super) struct Receiver {
    /// Its URL, without a path.
    pub(super) url: String,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    /// Answers with these statuses in turn, then with the last one for ever.
    pub(super) fn answering(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let answers = Arc::new(Mutex::new(statuses.to_vec()));
        let (kept, told) = (Arc::clone(&received), Arc::clone(&answers));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(request) = read(&stream) else { continue };
                kept.lock().unwrap().push(request);
                let mut told = told.lock().unwrap();
                let status = if told.len() > 1 { told.remove(0) } else { told[0] };
                drop(told);
                let _ = write!(&stream, "HTTP/1.1 {status} X\r\ncontent-length: 4\r\nconnection: close\r\n\r\nsaid");
            }
        });
        Receiver { url, received, answers }
    }

    /// Answers so from now on.
    pub(super) fn answer(&self, status: u16) {
        *self.answers.lock().unwrap() = vec![status];
    }

    /// What has come so far.
    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split_whitespace().nth(1)?.to_string();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_string());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Received { path, headers, body: String::from_utf8(body).ok()? })
}
