//! Whether programs of this machine trust the authority: asked of the programs themselves, by a
//! server of our own on the loopback. OpenSSL and curl may read different stores.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustls::sign::SingleCertAndKey;
use rustls::{ServerConfig, ServerConnection, Stream};

use super::check::Check;
use crate::pki::{Authority, KeyKind, LeafMint, PkiError, crypto_provider};

/// The name the server is certified for and asked by.
const HOST: &str = "localhost";
/// Longest wait of the server for one visitor's bytes.
const PATIENCE: Duration = Duration::from_secs(5);
/// curl's exit code for a certificate it does not trust (curl(1), EXIT CODES).
const CURL_UNTRUSTED: i32 = 60;

/// A line for each program.
pub(super) fn checks(authority: Authority) -> Vec<Check> {
    let server = match Server::start(authority) {
        Ok(server) => server,
        Err(error) => {
            let found = format!("no server could be started to ask with: {error}");
            return vec![Check::warn("trusted here", found, "see the other checks")];
        }
    };
    vec![curl(server.address.port()), openssl(server.address.port())]
}

fn curl(port: u16) -> Check {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--noproxy", "*", "--max-time", "5", "--output", "/dev/null"])
        .arg(format!("https://{HOST}:{port}/"));
    match code(&mut curl) {
        Ok(Some(0)) => Check::ok("curl", "trusts the authority"),
        Ok(Some(CURL_UNTRUSTED)) => Check::warn(
            "curl",
            "does not trust the authority: devices are another matter",
            "only to test from here: `curl --cacert <(synctap ca export)`, or copy it to \
             /usr/local/share/ca-certificates/synctap.crt and run `update-ca-certificates`",
        ),
        Ok(code) => unclear("curl", code),
        Err(error) => missing("curl", &error),
    }
}

fn openssl(port: u16) -> Check {
    let mut openssl = Command::new("openssl");
    openssl
        .args(["s_client", "-brief", "-verify_return_error", "-servername", HOST, "-connect"])
        .arg(format!("{}:{port}", Ipv4Addr::LOCALHOST));
    match code(&mut openssl) {
        Ok(Some(0)) => Check::ok("openssl", "its store trusts the authority"),
        Ok(Some(1)) => Check::warn(
            "openssl",
            "its store does not hold the authority: devices are another matter",
            "only to test from here: `openssl … -CAfile FILE`, or add it to the system's store \
             as for curl (`openssl version -d` says where that is)",
        ),
        Ok(code) => unclear("openssl", code),
        Err(error) => missing("openssl", &error),
    }
}

fn unclear(program: &str, code: Option<i32>) -> Check {
    let code = code.map_or("a signal".to_owned(), |code| format!("code {code}"));
    let found = format!("could not be asked: it ended with {code}");
    Check::warn(program, found, "run it by hand to see why")
}

fn missing(program: &str, error: &io::Error) -> Check {
    match error.kind() {
        io::ErrorKind::NotFound => Check::ok(program, "is not installed here"),
        _ => Check::warn(program, format!("cannot be started: {error}"), "check its permissions"),
    }
}

fn code(command: &mut Command) -> io::Result<Option<i32>> {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(silent.status()?.code())
}

/// An HTTPS server that the authority certified; it stops when dropped.
struct Server {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
enum Unserved {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Pki(#[from] PkiError),
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

impl Server {
    fn start(authority: Authority) -> Result<Self, Unserved> {
        let leaf = LeafMint::new(Arc::new(authority)).leaf(HOST, KeyKind::P256)?;
        let config = ServerConfig::builder_with_provider(crypto_provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&leaf.key))));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (config, over) = (Arc::new(config), Arc::new(AtomicBool::new(false)));
        let ended = Arc::clone(&over);
        thread::Builder::new().name("doctor".into()).spawn(move || {
            for visitor in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                // A visitor that does not trust us goes away: that is what is asked here.
                let _ = visitor.and_then(|visitor| answer(&config, visitor));
            }
        })?;
        Ok(Self { address, over })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread; when that fails it goes with the process.
        let _ = TcpStream::connect(self.address);
    }
}

fn answer(config: &Arc<ServerConfig>, mut visitor: TcpStream) -> io::Result<()> {
    visitor.set_read_timeout(Some(PATIENCE))?;
    visitor.set_write_timeout(Some(PATIENCE))?;
    let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other);
    let mut connection = connection?;
    let mut stream = Stream::new(&mut connection, &mut visitor);
    // One look at the request is enough; a client that only shakes hands sends none.
    let mut request = [0; 4096];
    if stream.read(&mut request)? > 0 {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    }
    stream.conn.send_close_notify();
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    #[test]
    fn programs_that_were_told_nothing_trust_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let checks = checks(Authority::open(folder.path()).unwrap());
        assert_eq!(checks.len(), 2);
        for check in checks {
            let absent = check.found == "is not installed here";
            assert!(absent || check.verdict == Verdict::Warn, "{check:?}");
            assert!(absent || check.found.contains("does not "), "{check:?}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_no_trouble() {
        let error = code(&mut Command::new("no-such-program-of-ours")).unwrap_err();
        assert_eq!(missing("it", &error).verdict, Verdict::Ok);
        assert_eq!(unclear("it", None).verdict, Verdict::Warn);
    }
}
