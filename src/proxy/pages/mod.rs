//! synctap's own pages: how a device comes to trust it.
//!
//! ```text
//!  http://synctap.internal/ through the proxy ─┐
//!  http://ADDRESS:PORT/ of a regular listener ─┼─▶ Ask ─▶ Site::page ─▶ Page
//!  --admin ADDR ───────────────────────────────┘
//! ```
//!
//! What lives here: the site (a pure function from what is asked to a page), the system a device
//! seems to run, the addresses to type. A reverse listener never gets here: there, every answer is
//! the server's. Pages are no exchanges: they are not recorded.

mod address;
mod serve;
mod site;
mod system;

pub use address::lan_addresses;
pub(super) use address::page_urls;
pub(super) use serve::{asks_for_us, serve};
pub(super) use site::{HOST, Site, knows};
pub(super) use system::System;
