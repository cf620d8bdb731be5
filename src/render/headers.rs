//! Header fields for display, secrets masked.

use crate::model::{Detail, Header, Leg};

use super::clean;
use super::secrets::{Secrets, mask_header};

/// The header fields of one leg as clean (name, value) pairs, in the order received.
pub fn headers(detail: &Detail, leg: Leg, secrets: Secrets) -> Vec<(String, String)> {
    let fields = match leg {
        Leg::Request => detail.exchange.request.as_ref().map(|r| &r.headers),
        Leg::Response => detail.exchange.response.as_ref().map(|r| &r.headers),
    };
    let show = |h: &Header| {
        (clean(&h.name).into_owned(), clean(&mask_header(&h.name, &h.value, secrets)).into_owned())
    };
    fields.map(|fields| fields.0.iter().map(show).collect()).unwrap_or_default()
}
