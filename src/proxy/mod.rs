//! The data path: bytes from device to server and back, and a copy of what passed.
//!
//! ```text
//! listen ─▶ intent ─▶ sniff ─▶ terminate ─▶ serve ─▶ exchange ─▶ forward ─▶ upstream
//!           regular    TLS?     leaf for     HTTP/1.1  recorder    bodies     dial, TLS,
//!           reverse    HTTP?    the name     a tap     ProxyEvent  frame by   reuse
//!           connect    other ─▶ relay        below                 frame
//! ```
//!
//! What lives here: sockets, TLS sessions, HTTP framing, the order of events. What does not: what
//! a body means ([`crate::codec`]), where it is kept ([`crate::store`]), which certificates are
//! made and trusted ([`crate::pki`]). Called by the engine: [`Proxy::bind`], then [`Proxy::run`].
//!
//! Known limits of the HTTP library below: repeats of a header are forwarded beside the first
//! (recorded in their true order); trailers go on only when announced by `Trailer`, and to devices
//! that send `TE: trailers`, their names in lower case (recorded always); interim answers are
//! recorded, not forwarded, and `100 Continue` is said by us; `Transfer-Encoding` is left out of
//! answers to HEAD.
//!
//! Nothing a device or server does is an error of ours: it becomes an exchange whose state says
//! which side failed and why.

mod advice;
mod answer;
mod asking;
mod body;
mod body_copy;
mod choose;
mod cidr;
mod client_hello;
mod dial;
mod distrust;
mod error;
mod event;
mod exchange;
mod failure;
mod forward;
mod framing;
mod half_close;
mod head;
mod hop;
mod intent;
mod keylog;
mod limits;
mod listen;
mod listeners;
mod mode;
mod monitor;
mod pages;
mod recorder;
mod relay;
mod serve;
mod settings;
mod shared;
mod shutdown;
mod sniff;
mod tap;
mod target;
mod terminate;
mod upstream;
mod watch;
mod wire;

pub use choose::{Choosing, Pattern, PatternError};
pub use cidr::{Cidr, CidrError};
pub use error::ProxyError;
pub use event::{KeptBytes, ProxyEvent};
pub use limits::Limits;
pub use listen::Proxy;
pub use mode::{DEFAULT_LISTEN, Mode, ModeError, Origin, Way};
pub use monitor::{Covered, Monitor};
pub use pages::lan_addresses;
pub use settings::Settings;
