//! What is on the pages: from what is asked to what is answered, without a socket.

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::system::System;
use crate::model::CertificateFacts;
use crate::pki::Authority;

/// The name of the pages for devices that use the proxy. `.internal` is reserved for private use and
/// never delegated (ICANN board resolution 2024.07.29.06).
pub(in crate::proxy) const HOST: &str = "synctap.internal";

/// Scripts and styles are files of their own, nothing comes from elsewhere, and the only requests a
/// page makes are its two checks.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
    connect-src http://synctap.internal https://synctap.internal; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// One request for a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// Path without query.
    pub(super) path: &'a str,
    /// What the browser calls itself.
    pub(super) user_agent: &'a str,
    /// It came over TLS: the device took our certificate.
    pub(super) secure: bool,
    /// It came through the proxy.
    pub(super) proxied: bool,
    /// Where the device finds the explicit proxy; `None` when there is none.
    pub(super) proxy: Option<SocketAddr>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) media_type: &'static str,
    pub(super) body: Vec<u8>,
    /// Scripts of other origins may read it.
    pub(super) shared: bool,
    /// The content policy, for pages with markup.
    pub(super) policy: Option<&'static str>,
}

/// The pages of one authority.
#[derive(Debug)]
pub(in crate::proxy) struct Site {
    facts: CertificateFacts,
    pem: String,
    der: Vec<u8>,
    mobileconfig: String,
}

/// True for a path that is one of the pages.
pub(in crate::proxy) fn knows(path: &str) -> bool {
    PATHS.contains(&path)
}

const PATHS: [&str; 9] = [
    "/",
    "/page.css",
    "/page.js",
    "/proxy.pac",
    "/synctap.cer",
    "/synctap.mobileconfig",
    "/synctap.pem",
    "/trusted",
    "/via",
];

impl Site {
    /// The pages that hand out `authority`'s certificate; never its key.
    pub(in crate::proxy) fn new(authority: &Authority) -> Self {
        Self {
            facts: authority.facts().facts,
            pem: authority.export_pem().to_owned(),
            der: authority.export_der().to_vec(),
            mobileconfig: authority.export_mobileconfig(),
        }
    }

    /// The answer to `ask`.
    pub(super) fn page(&self, ask: &Ask<'_>) -> Page {
        match ask.path {
            "/" => Page { policy: Some(POLICY), ..ok(HTML, self.html(ask)) },
            "/page.css" => ok("text/css; charset=utf-8", include_str!("page.css")),
            "/page.js" => ok("text/javascript; charset=utf-8", include_str!("page.js")),
            "/synctap.cer" => ok("application/x-x509-ca-cert", self.der.clone()),
            "/synctap.pem" => ok("application/x-pem-file", self.pem.clone()),
            "/synctap.mobileconfig" => {
                ok("application/x-apple-aspen-config", self.mobileconfig.clone())
            }
            "/via" if ask.proxied => Page { shared: true, ..ok(TEXT, "synctap: proxied\n") },
            "/trusted" if ask.secure => Page { shared: true, ..ok(TEXT, "synctap: trusted\n") },
            "/proxy.pac" => match ask.proxy {
                Some(proxy) => ok("application/x-ns-proxy-autoconfig", pac(proxy)),
                None => missing("no explicit proxy is listening: start one with `--mode regular`"),
            },
            _ => missing("there is no such page"),
        }
    }

    fn html(&self, ask: &Ask<'_>) -> String {
        let proxy = ask.proxy.map(|proxy| proxy.to_string());
        let proxy = proxy.unwrap_or_else(|| "HOST:PORT".into());
        let parts = [
            ("step_proxy", proxy_step(ask)),
            ("step_trust", trust_step(System::of(ask.user_agent))),
            ("proxy", escape(&proxy)),
            ("subject", escape(&self.facts.subject)),
            ("sha256", colons(&self.facts.sha256)),
            ("name", escape(common_name(&self.facts.subject))),
            ("until", self.facts.not_after.utc().date().to_string()),
        ];
        fill(include_str!("page.html"), &parts)
    }
}

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

fn ok(media_type: &'static str, body: impl Into<Vec<u8>>) -> Page {
    Page { status: 200, media_type, body: body.into(), shared: false, policy: None }
}

fn missing(why: &str) -> Page {
    Page { status: 404, ..ok(TEXT, format!("synctap: {why}\n")) }
}

/// The explicit proxy for everything, and no way around it: a device that went on without it would
/// look as if it were silent.
fn pac(proxy: SocketAddr) -> String {
    format!("function FindProxyForURL(url, host) {{\n  return \"PROXY {proxy}\";\n}}\n")
}

fn proxy_step(ask: &Ask<'_>) -> String {
    if ask.proxied {
        return "<p>Done: this page came through the proxy.</p>".into();
    }
    let Some(proxy) = ask.proxy else {
        return "<p>No explicit proxy is listening. A reverse listener needs no proxy setting: let the \
            device's server name point to this machine.</p>"
            .into();
    };
    let (ip, port) = (proxy.ip(), proxy.port());
    format!(
        "<p>In the settings of this device's network, set the HTTP proxy to</p>\n\
         <pre>{ip}   port {port}</pre>\n\
         <p>or the address of the automatic configuration to</p>\n\
         <pre>http://{proxy}/proxy.pac</pre>\n\
         <p>then open <a href=\"http://{HOST}/\">http://{HOST}/</a>.</p>"
    )
}

/// The steps of the detected system, then those of the others, folded.
fn trust_step(detected: Option<System>) -> String {
    let mut html = String::new();
    let (first, others): (Vec<_>, Vec<_>) =
        System::ALL.into_iter().partition(|system| Some(*system) == detected);
    for (open, systems) in [(" open", first), ("", others)] {
        for system in systems {
            let (name, steps) = (system.name(), system.steps());
            let _ = write!(html, "<details{open}><summary>{name}</summary>\n{steps}</details>\n");
        }
    }
    html
}

/// Replaces `{{name}}` by its part, in the order given, so that parts may hold names of later ones.
fn fill(template: &str, parts: &[(&str, String)]) -> String {
    let mut html = template.to_owned();
    for (name, part) in parts {
        html = html.replace(&format!("{{{{{name}}}}}"), part);
    }
    html
}

/// The common name in a subject such as `CN=synctap CA`.
fn common_name(subject: &str) -> &str {
    subject.split(',').find_map(|part| part.trim().strip_prefix("CN=")).unwrap_or(subject)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Pairs of hex digits in capitals, as other tools print fingerprints.
fn colons(hex: &str) -> String {
    let pairs: Vec<_> = hex.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
    pairs.join(":").to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> (Site, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Site::new(&Authority::open(folder.path()).unwrap()), folder)
    }

    fn ask(path: &str) -> Ask<'_> {
        let proxy = Some("192.168.1.7:8080".parse().unwrap());
        Ask { path, user_agent: "", secure: false, proxied: false, proxy }
    }

    #[test]
    fn every_known_path_has_a_page_and_no_key_leaves() {
        let (site, _folder) = site();
        for path in PATHS {
            let page = site.page(&Ask { secure: true, proxied: true, ..ask(path) });
            assert_eq!(page.status, 200, "{path}");
            assert!(!String::from_utf8_lossy(&page.body).contains("PRIVATE"), "{path}");
        }
        assert_eq!(site.page(&ask("/synctap-ca.key")).status, 404);
    }

    #[test]
    fn the_checks_tell_the_truth_only() {
        let (site, _folder) = site();
        assert_eq!(site.page(&ask("/trusted")).status, 404, "without TLS it proves nothing");
        assert_eq!(site.page(&Ask { proxied: true, ..ask("/trusted") }).status, 404);
        assert_eq!(site.page(&ask("/via")).status, 404);
        assert!(site.page(&Ask { secure: true, ..ask("/trusted") }).shared);
    }

    #[test]
    fn the_page_is_whole_and_begins_with_the_devices_own_system() {
        let (site, _folder) = site();
        let html = |user_agent| {
            let page = site.page(&Ask { user_agent, ..ask("/") });
            String::from_utf8(page.body).unwrap()
        };
        let page = html("Mozilla/5.0 (Linux; Android 14)");
        assert!(!page.contains("{{"), "every part is filled in");
        assert!(page.find("<details open><summary>Android").is_some());
        assert!(page.contains("192.168.1.7   port 8080"));
        assert!(!html("curl").contains("<details open"));
        for foreign in ["src=\"http", "href=\"//", "url("] {
            assert!(!page.contains(foreign), "nothing comes from elsewhere: {foreign}");
        }
    }

    #[test]
    fn without_an_explicit_proxy_there_is_no_configuration_for_it() {
        let (site, _folder) = site();
        assert_eq!(site.page(&Ask { proxy: None, ..ask("/proxy.pac") }).status, 404);
        let body = site.page(&ask("/proxy.pac")).body;
        assert!(String::from_utf8(body).unwrap().contains("return \"PROXY 192.168.1.7:8080\";"));
    }

    #[test]
    fn parts_are_escaped() {
        assert_eq!(escape("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
