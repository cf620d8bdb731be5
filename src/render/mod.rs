//! Words for the model: rows, outline, hex, XML, JSON.
//!
//! From values to plain strings with roles, without a terminal: the UI, the shell and the tests all
//! print what is prepared here. Text that leaves this room is clean: no control character and no
//! direction override of the wire is left in it (see [`clean`]); secrets in headers, URLs,
//! forms and documents are masked unless asked for (`secrets.tsv` lists what is one).

mod certificates;
mod clean;
mod configuration;
mod curl;
mod device;
mod headers;
mod hex;
mod hidden;
mod json;
mod ledger;
mod outline;
mod overview;
mod policy;
mod qr;
mod row;
mod secret_text;
mod secrets;
mod signature;
mod timeline;
mod units;
mod xml;

pub use certificates::{certificate_line, certificate_lines};
pub use clean::{clean, printable};
pub use configuration::{configuration_change_lines, configuration_json, configuration_lines};
pub use curl::curl;
pub use device::{device_facts, wipe_line};
pub use headers::headers;
pub use hex::{HEX_ROW, HexLine, hex};
pub use hidden::{Hidden, SecretPlaces};
pub use json::{SCHEMA, json, json_decoded};
pub use ledger::{ledger_json, ledger_lines, ledger_title, managed_lines, session_line};
pub use outline::{
    Outline, OutlineLine, OutlineOptions, Outlined, Piece, Role, outline, outline_text,
};
pub use overview::overview;
pub use policy::{policy_changes, policy_meaning_at, policy_table};
pub use qr::qr;
pub use row::{RowText, brief, row, row_line};
pub use secrets::{Secrets, mask_header, mask_url};
pub use signature::signature_lines;
pub use timeline::{clock, device_certificates, device_lines, found, step_lines};
pub use units::{age, bytes, count, thousands};
pub use xml::{
    IndexedXml, LayerNote, XmlLine, each_xml_line, xml, xml_exact, xml_lines, xml_of_tree,
};
