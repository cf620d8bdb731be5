//! The recorded conversations of `captures/`, played by a plain HTTP origin and a plain client.

use std::fmt::Write as _;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// How long a device waits for an answer that must come; never how long it measures.
const PATIENCE: Duration = Duration::from_mins(2);

/// One recorded exchange.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    /// `003_Provision_initial`.
    pub(crate) label: String,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) request_headers: Vec<(String, String)>,
    pub(crate) request: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) response_headers: Vec<(String, String)>,
    pub(crate) response: Vec<u8>,
}

/// Loads a folder below `captures/`, in order.
pub(crate) fn load(folder: &str) -> Vec<Recorded> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(folder);
    let mut requests: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with("_request.json"))
        .collect();
    requests.sort();
    requests.iter().map(|path| recorded(path)).collect()
}

fn recorded(path: &Path) -> Recorded {
    let stem = path.to_string_lossy().replace("_request.json", "");
    let json = |leg: &str| -> Value {
        serde_json::from_slice(&std::fs::read(format!("{stem}_{leg}.json")).unwrap()).unwrap()
    };
    let (request, response) = (json("request"), json("response"));
    let url = request["url"].as_str().unwrap();
    let after_scheme = url.split_once("://").unwrap().1;
    let target = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
    Recorded {
        label: Path::new(&stem).file_name().unwrap().to_string_lossy().into_owned(),
        method: request["method"].as_str().unwrap().to_owned(),
        target: target.to_owned(),
        request_headers: headers(&request),
        request: std::fs::read(format!("{stem}_request.bin")).unwrap(),
        status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
        response_headers: headers(&response),
        response: std::fs::read(format!("{stem}_response.bin")).unwrap(),
    }
}

fn headers(sidecar: &Value) -> Vec<(String, String)> {
    let list = sidecar["headers"].as_array().unwrap();
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    list.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

/// Framing that is written anew because the bodies were stored without it.
fn is_framing(name: &str) -> bool {
    ["content-length", "transfer-encoding", "connection", "proxy-connection", "host", "expect"]
        .contains(&name.to_ascii_lowercase().as_str())
}

/// An origin that answers the n-th request with the n-th recorded answer, until the test ends.
pub(crate) fn origin(exchanges: Vec<Recorded>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let answers = Arc::new(Mutex::new(exchanges.into_iter().cycle()));
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let answers = Arc::clone(&answers);
            thread::spawn(move || serve(stream, &answers));
        }
    });
    address
}

fn serve(stream: TcpStream, answers: &Mutex<impl Iterator<Item = Recorded>>) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while read_message(&mut reader).is_some() {
        let Some(answer) = answers.lock().unwrap().next() else { return };
        let mut head = format!("HTTP/1.1 {} Recorded\r\n", answer.status);
        for (name, value) in answer.response_headers.iter().filter(|(name, _)| !is_framing(name)) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(head, "Content-Length: {}\r\n\r\n", answer.response.len());
        if writer.write_all(&[head.as_bytes(), &answer.response].concat()).is_err() {
            return;
        }
    }
}

/// Reads one message with a `Content-Length` (or none); gives start line and body.
pub(crate) fn read_message(reader: &mut impl std::io::BufRead) -> Option<(String, Vec<u8>)> {
    let mut start = String::new();
    reader.read_line(&mut start).ok().filter(|n| *n > 0)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((start.trim().to_owned(), body))
}

/// A device that keeps one connection to `proxy` (a reverse listener).
pub(crate) struct Device {
    writer: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Device {
    pub(crate) fn connect(proxy: SocketAddr) -> Self {
        let writer = TcpStream::connect(proxy).unwrap();
        writer.set_read_timeout(Some(PATIENCE)).unwrap();
        let reader = BufReader::new(writer.try_clone().unwrap());
        Self { writer, reader }
    }

    /// Sends a recorded request; gives the answer's start line and body.
    pub(crate) fn send(&mut self, exchange: &Recorded) -> Option<(String, Vec<u8>)> {
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: mail.lab.test\r\n", exchange.method, exchange.target);
        for (name, value) in exchange.request_headers.iter().filter(|(name, _)| !is_framing(name)) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(head, "Content-Length: {}\r\n\r\n", exchange.request.len());
        self.writer.write_all(&[head.as_bytes(), &exchange.request].concat()).ok()?;
        read_message(&mut self.reader)
    }
}
