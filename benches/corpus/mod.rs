//! Documents made from a fixed seed: the same bytes on every machine, for benchmarks and tests.

#[expect(clippy::excessive_nesting, reason = "as deep as the documents it writes")]
mod eas;
mod random;
pub(crate) mod shapes;
mod syncml;
mod writer;

use random::Random;

/// One generated document.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// What it is.
    pub(crate) name: &'static str,
    /// The `--as` name of its document type.
    pub(crate) key: &'static str,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Seed of everything here.
const SEED: u64 = 0x5EED_0000_0005;

/// Messages in [`small_messages`].
pub(crate) const SMALL: usize = 10_000;

/// FNV-1a (64 bits) of the lengths and bytes of all documents, small messages last.
pub(crate) const HASH: u64 = 0x70CA_CC34_3517_C636;

/// The single documents, the large one too if wanted.
pub(crate) fn documents(large: bool) -> Vec<Document> {
    let mut documents = vec![
        document(
            "provision 1 KB",
            "eas",
            eas::provision_answer_with(&mut Random::new(SEED), Some((12, 14))),
        ),
        document("sync 200 KB", "eas", eas::sync(&mut Random::new(SEED + 1), 200 << 10)),
        document("dm 60 KB", "syncml12", syncml::package(&mut Random::new(SEED + 3), 60 << 10)),
    ];
    if large {
        let bytes = eas::sync(&mut Random::new(SEED + 2), 10 << 20);
        documents.insert(2, document("sync 10 MB", "eas", bytes));
    }
    documents
}

/// Small messages of a provisioning day, ActiveSync and DM mixed.
pub(crate) fn small_messages() -> Vec<Document> {
    let mut random = Random::new(SEED + 4);
    (0..SMALL).map(|_| small(&mut random)).collect()
}

fn small(random: &mut Random) -> Document {
    match random.below(12) {
        0 => document("provision request", "eas", eas::provision_request(random)),
        1 => document("provision answer", "eas", eas::provision_answer(random)),
        2 => document("provision acknowledgement", "eas", eas::provision_ack(random)),
        3 => document("folders", "eas", eas::folders(random)),
        4 => document("ping request", "eas", eas::ping(random)),
        5 => document("sync request", "eas", eas::sync_request(random)),
        6 | 7 => document("sync answer", "eas", eas::small_sync(random)),
        8 => document("settings", "eas", eas::settings(random)),
        9 => document("dm client", "syncml12", syncml::client_alert(random)),
        10 => document("dm server", "syncml12", syncml::package(random, 1500)),
        _ => document("dm status", "syncml12", syncml::package(random, 600)),
    }
}

fn document(name: &'static str, key: &'static str, bytes: Vec<u8>) -> Document {
    Document { name, key, bytes }
}

/// The hash that [`HASH`] has to be.
pub(crate) fn hash(documents: &[Document]) -> u64 {
    documents.iter().fold(0xCBF2_9CE4_8422_2325, |hash, document| {
        let length = u64::try_from(document.bytes.len()).unwrap_or(u64::MAX).to_le_bytes();
        length
            .iter()
            .chain(&document.bytes)
            .fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
    })
}
