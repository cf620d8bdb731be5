//! Everything known of an exchange beside its bodies, as (label, text) lines: what happened and what it
//! means, sizes, both ends of both connections, where the time went.

mod lines;
mod peers;
mod times;

pub use lines::overview;
