//! Header fields for display, secrets masked.

use crate::model::{Detail, Header, Leg};

use super::clean;
use super::secrets::{Secrets, mask_header};

/// The header fields of one leg as clean (name, value) pairs, in the order received; trailers after
/// them, marked as such.
pub fn headers(detail: &Detail, leg: Leg, secrets: Secrets) -> Vec<(String, String)> {
    let exchange = &detail.exchange;
    let fields = match leg {
        Leg::Request => exchange.request.as_ref().map(|r| (&r.headers, &r.trailers)),
        Leg::Response => exchange.response.as_ref().map(|r| (&r.headers, &r.trailers)),
    };
    let Some((headers, trailers)) = fields else { return Vec::new() };
    let show = |of: &'static str| {
        move |h: &Header| {
            let name = format!("{of}{}", clean(&h.name));
            (name, clean(&mask_header(&h.name, &h.value, secrets)).into_owned())
        }
    };
    headers.0.iter().map(show("")).chain(trailers.0.iter().map(show("trailer "))).collect()
}
