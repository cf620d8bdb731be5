//! Words for the model: rows, outline, hex, XML, JSON.
//!
//! From values to plain strings with roles, without a terminal: the UI, the shell and the tests all
//! print what is prepared here. Text that leaves this room is clean: no control character and no
//! direction override of the wire is left in it (see [`clean`]); secrets in headers are masked
//! unless asked for.

mod clean;
mod headers;
mod hex;
mod json;
mod outline;
mod overview;
mod qr;
mod row;
mod units;
mod xml;

pub use clean::{clean, printable};
pub use headers::{Secrets, headers, mask_header};
pub use hex::{HEX_ROW, HexLine, hex};
pub use json::{SCHEMA, json, json_decoded};
pub use outline::{OutlineLine, OutlineOptions, Piece, Role, outline, outline_text};
pub use overview::overview;
pub use qr::qr;
pub use row::{RowText, row, row_line};
pub use units::{age, bytes, count, thousands};
pub use xml::{XmlLine, xml, xml_lines, xml_of_tree};
