//! The bodies of `captures/` with their sidecars.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use synctap::codec::{Hints, decode};
use synctap::model::{Decoded, Leg};

/// One body and what its sidecar says of it.
pub(crate) struct Capture {
    /// Path under `captures/`, without extension.
    pub(crate) name: String,
    /// The body as sent.
    pub(crate) body: Bytes,
    /// `Content-Type`; may be empty.
    pub(crate) content_type: String,
    /// `Content-Encoding`; may be empty.
    pub(crate) content_encoding: String,
    /// URL of the request; may be empty.
    pub(crate) target: String,
    /// Request or response.
    pub(crate) leg: Leg,
}

impl Capture {
    /// What the headers say.
    pub(crate) fn hints(&self) -> Hints<'_> {
        Hints {
            content_type: &self.content_type,
            content_encoding: &self.content_encoding,
            target: &self.target,
            leg: Some(self.leg),
            truncated: false,
            ..Hints::default()
        }
    }

    /// The body decoded.
    pub(crate) fn decode(&self) -> Decoded {
        decode(self.body.clone(), &self.hints())
    }
}

/// All of them, in order of their names.
pub(crate) fn captures() -> Vec<Capture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut found = Vec::new();
    for protocol in entries(&root).into_iter().filter(|path| path.is_dir()) {
        for case in entries(&protocol).into_iter().filter(|path| path.is_dir()) {
            let bodies = entries(&case).into_iter();
            let bodies = bodies.filter(|path| path.extension().is_some_and(|ext| ext == "bin"));
            found.extend(bodies.map(|path| load(&root, &path)));
        }
    }
    assert!(found.len() > 300, "only {} captures", found.len());
    found
}

fn load(root: &Path, path: &Path) -> Capture {
    let sidecar = fs::read_to_string(path.with_extension("json")).unwrap();
    let sidecar: serde_json::Value = serde_json::from_str(&sidecar).unwrap();
    let header = |name: &str| {
        let headers = sidecar["headers"].as_array().unwrap();
        let found =
            headers.iter().find(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case(name));
        found.map(|pair| pair[1].as_str().unwrap().to_owned()).unwrap_or_default()
    };
    let request = path.to_string_lossy().contains("_request");
    Capture {
        name: path.strip_prefix(root).unwrap().with_extension("").display().to_string(),
        body: fs::read(path).unwrap().into(),
        content_type: header("content-type"),
        content_encoding: header("content-encoding"),
        target: sidecar["url"].as_str().unwrap_or_default().to_owned(),
        leg: if request { Leg::Request } else { Leg::Response },
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    paths
}
