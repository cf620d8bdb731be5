//! The eight steps of the published provisioning walk (MS-OXPROTO, "Provisioning a mobile client
//! device by using Exchange ActiveSync"), named when they happen.

use crate::model::ProvisionState;

use super::event::{Ask, Reply};

/// The steps that a question and its answer are; empty where they are none.
pub(super) fn steps(
    before: ProvisionState,
    after: ProvisionState,
    ask: Ask,
    reply: Reply,
    command: &str,
    first_with_final_key: bool,
) -> [&'static str; 2] {
    match (ask, reply) {
        (Ask::Command, Reply::Demand) => {
            ["1 command without a current policy", "2 server demands provisioning"]
        }
        (Ask::Initial, Reply::Offer) => {
            ["3 device asks for the policy", "4 server sends policy and temporary key"]
        }
        (Ask::Initial, _) => ["3 device asks for the policy", ""],
        (Ask::Acknowledge, Reply::Final) => {
            ["5 device acknowledges the policy", "6 server sends the final key"]
        }
        (Ask::Acknowledge, _) => ["5 device acknowledges the policy", ""],
        (Ask::Command, Reply::Served)
            if first_with_final_key
                && command == "FolderSync"
                && before == ProvisionState::Provisioned
                && after == ProvisionState::Provisioned =>
        {
            ["7 FolderSync with the final key", "8 server sends the folders"]
        }
        _ => ["", ""],
    }
}
