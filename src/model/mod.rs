//! The nouns of the house: values without behaviour that every room shares.
//!
//! What lives here: exchanges, trees, notes, rows, ids, times, and the [`filter`] language that asks
//! about them. What does not: reading bytes ([`crate::codec`]), giving them meaning
//! ([`crate::analyze`]), words for a screen ([`crate::render`]). Everything here is plain data: no sockets, no files, no clock.

mod annotation;
mod certificate;
mod clock;
mod configuration;
mod decoded;
mod device;
mod exchange;
pub mod filter;
mod ids;
mod node;
mod peer;
mod piece;
mod row;
mod signature;
mod span;
mod syncml;
mod tree;
mod utf8;
mod vocabulary;

pub use annotation::{
    Annotated, Detail, Evidence, Finding, FindingSide, Level, Note, Protocol, Requirement, Summary,
};
pub use certificate::{
    CertificateRequested, CertificateStanding, CertificateUse, DeviceCertificate,
};
pub use clock::{MonoTime, WallTime};
pub use configuration::{Configuration, ConfigurationChange, ConfigurationNode, Known};
pub use decoded::{Decoded, Format, Grade, Layer, LayerId, Origin, Problem};
pub use device::{
    Device, DeviceKey, Enrolment, Folder, KeyRole, KeyStep, Management, Policy, PolicyChange,
    ProvisionState, SessionBrief, Setting, Step, StepFinding, Waiting, Wipe, WipeKind,
};
pub use exchange::{
    BodyFacts, Exchange, Failure, Header, Headers, Kind, Relayed, Request, Response, Side, State,
    Times,
};
pub use ids::{ConnId, ExchangeId, Leg, PolicyKey};
pub use node::{
    Attribute, Attributes, Element, Name, Namespace, Node, NodeId, NodeKind, Text, Written,
};
pub use peer::{CertificateFacts, ClientCertificate, Scheme, Tls, Verdict};
pub use piece::{BLOCK, Piece};
pub use row::{Marking, Progress, Row, SortBy};
pub use signature::{Carrier, Holds, Reason, SignatureReport, SignerCertificate, SignerReport};
pub use span::Span;
pub use syncml::{
    Answer, Initiator, LedgerEntry, LedgerItem, Outcome, RuleCount, SessionVerdict, SyncmlMessage,
    SyncmlSession,
};
pub use tree::{NameId, NamespaceId, Siblings, Tree};
pub use utf8::{Utf8Prefix, Utf8Runs};
pub use vocabulary::{TokenName, Vocabulary};
