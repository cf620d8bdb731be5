//! Opening a value that a person points at: what may it be, beside text?
//!
//! Documents that a protocol says are inside are opened by themselves (`children`). Here is guessed,
//! because somebody asked: XML, a JSON Web Token, a certificate, MIME, hex, base64, a time.

mod open;
mod time;

pub use open::open_value;
