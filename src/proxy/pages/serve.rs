//! Pages over HTTP.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, USER_AGENT, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Response, StatusCode};

use super::address::proxy_address;
use super::site::{Ask, HOST, Page};
use crate::proxy::answer::Reply;
use crate::proxy::body::Outgoing;
use crate::proxy::exchange::Arrived;
use crate::proxy::serve::{Route, Session};

/// Says that other sites may load it although it is on a private network
/// (<https://wicg.github.io/private-network-access/>).
const ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");

/// True when `host` is the name of the pages.
pub(in crate::proxy) fn asks_for_us(host: &str) -> bool {
    host.eq_ignore_ascii_case(HOST)
}

/// Answers a request for a page.
pub(in crate::proxy) fn serve(session: &Session, arrived: &Arrived, mut reply: Reply) {
    let request = &arrived.request;
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let shared = &session.shared;
    let absolute = request.uri().authority().is_some();
    let tunnelled = matches!(session.route, Route::Pages { tunnelled: true });
    let ask = Ask {
        path: request.uri().path(),
        user_agent: agent.unwrap_or_default(),
        secure: session.tls.is_some(),
        proxied: absolute || tunnelled,
        proxy: proxy_address(&shared.listeners.all(), session.device.local),
    };
    let response = match *request.method() {
        Method::GET | Method::HEAD => response(shared.site.page(&ask)),
        _ => {
            let body = "synctap: pages can only be read\n".into();
            let media_type = "text/plain; charset=utf-8";
            response(Page { status: 405, media_type, body, shared: false, policy: None })
        }
    };
    reply.send(response);
}

fn response(page: Page) -> Response<Outgoing> {
    let length = page.body.len();
    let mut response = Response::new(Outgoing::Own(page.body.into()));
    *response.status_mut() =
        StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(page.media_type));
    headers.insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if page.shared {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    if let Some(policy) = page.policy {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    response
}
