//! What the server that provisions devices says: ActiveSync provisioning (MS-ASPROV 3.1.5.1), a
//! remote wipe, and a management session.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::codec::Query;

use super::body;
use super::stage::HOST;
use super::wire::{Message, Wire};

/// What the server knows of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Standing {
    /// It has no policy.
    #[default]
    New,
    /// It was given a temporary key and must acknowledge.
    Offered,
    /// It acknowledged.
    Provisioned,
    /// An administrator wants it wiped.
    ToBeWiped,
}

/// The key a device gets with the policy, and the one after it acknowledged.
const TEMPORARY_KEY: u32 = 1_307_199_584;
const FINAL_KEY: u32 = 3_942_919_513;

/// The device whose second `FolderSync` finds that it is to be wiped.
pub(super) const LOST_DEVICE: &str = "DEMOLOSTTABLET01";

/// The devices a server knows, by their ids in upper case.
#[derive(Debug, Clone, Default)]
pub(super) struct Standings(Arc<Mutex<HashMap<String, Standing>>>);

/// Answers one ActiveSync request.
pub(super) async fn activesync(
    wire: &mut Wire,
    request: &Message,
    standings: &Standings,
) -> io::Result<()> {
    let query = Query::of_target(request.second_word());
    if request.head.starts_with("OPTIONS") {
        let head = "HTTP/1.1 200 OK\r\nMS-ASProtocolVersions: 12.1,14.0,14.1\r\n\
            MS-ASProtocolCommands: Sync,FolderSync,Provision,Ping,Settings";
        return wire.say(head, b"").await;
    }
    let xml = body::as_xml(&request.body, "application/vnd.ms-sync.wbxml");
    let answer = {
        let mut standings = standings.0.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = standings.entry(query.device_id.to_ascii_uppercase()).or_default();
        let key = query
            .policy_key
            .map(|key| key.0)
            .or_else(|| request.header("x-ms-policykey").and_then(|value| value.parse().ok()));
        answer(&query, &xml, key.unwrap_or_default(), standing)
    };
    let body = body::activesync(&answer).map_err(io::Error::other)?;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.ms-sync.wbxml\r\nMS-Server-ActiveSync: 14.1";
    wire.say(head, &body).await
}

/// One step of MS-ASPROV 3.1.5.1 as a server takes it.
fn answer(query: &Query, xml: &str, key: u32, standing: &mut Standing) -> String {
    let provision = query.command == "Provision";
    match (*standing, provision) {
        (Standing::ToBeWiped, false) => folder_sync_status(140),
        (Standing::ToBeWiped, true) if xml.contains("<RemoteWipe>") => {
            *standing = Standing::New;
            "<Provision xmlns=\"Provision\"><Status>1</Status></Provision>".into()
        }
        (Standing::ToBeWiped, true) => {
            "<Provision xmlns=\"Provision\"><Status>1</Status><RemoteWipe/></Provision>".into()
        }
        (_, true) if xml.contains("<PolicyKey>") => {
            *standing = Standing::Provisioned;
            policy(FINAL_KEY, "")
        }
        (_, true) => {
            *standing = Standing::Offered;
            policy(TEMPORARY_KEY, POLICY)
        }
        (Standing::Provisioned, false) if key == FINAL_KEY => {
            if query.device_id.eq_ignore_ascii_case(LOST_DEVICE) {
                *standing = Standing::ToBeWiped;
            }
            FOLDERS.into()
        }
        (_, false) => folder_sync_status(142),
    }
}

fn folder_sync_status(status: u16) -> String {
    format!("<FolderSync xmlns=\"FolderHierarchy\"><Status>{status}</Status></FolderSync>")
}

fn policy(key: u32, data: &str) -> String {
    format!(
        "<Provision xmlns=\"Provision\"><Status>1</Status><Policies><Policy>\
         <PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status>\
         <PolicyKey>{key}</PolicyKey>{data}</Policy></Policies></Provision>"
    )
}

const POLICY: &str = "<Data><EASProvisionDoc><DevicePasswordEnabled>1</DevicePasswordEnabled>\
    <AlphanumericDevicePasswordRequired>1</AlphanumericDevicePasswordRequired>\
    <PasswordRecoveryEnabled>0</PasswordRecoveryEnabled><AttachmentsEnabled>1</AttachmentsEnabled>\
    <MinDevicePasswordLength>8</MinDevicePasswordLength>\
    <MaxInactivityTimeDeviceLock>300</MaxInactivityTimeDeviceLock>\
    <MaxDevicePasswordFailedAttempts>6</MaxDevicePasswordFailedAttempts>\
    <AllowSimpleDevicePassword>0</AllowSimpleDevicePassword>\
    <DevicePasswordExpiration>90</DevicePasswordExpiration>\
    <AllowCamera>0</AllowCamera><RequireDeviceEncryption>1</RequireDeviceEncryption>\
    </EASProvisionDoc></Data>";

const FOLDERS: &str = "<FolderSync xmlns=\"FolderHierarchy\"><Status>1</Status><SyncKey>1</SyncKey>\
    <Changes><Count>3</Count>\
    <Add><ServerId>1</ServerId><ParentId>0</ParentId><DisplayName>Inbox</DisplayName><Type>2</Type></Add>\
    <Add><ServerId>2</ServerId><ParentId>0</ParentId><DisplayName>Calendar</DisplayName><Type>8</Type></Add>\
    <Add><ServerId>3</ServerId><ParentId>0</ParentId><DisplayName>Contacts</DisplayName><Type>9</Type></Add>\
    </Changes></FolderSync>";

/// A management session in two packages (OMA-TS-DM_Protocol 8): commands, then nothing more to do.
pub(super) async fn dm(wire: &mut Wire, request: &Message) -> io::Result<()> {
    let media_type = "application/vnd.syncml.dm+wbxml";
    let xml = body::as_xml(&request.body, media_type);
    let first = xml.contains("<MsgID>1</MsgID>");
    let (message, commands) = if first { (1, DM_COMMANDS) } else { (2, "") };
    let answer = format!(
        "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>\
         <SessionID>1</SessionID><MsgID>{message}</MsgID>\
         <Target><LocURI>urn:uuid:demo-pc</LocURI></Target>\
         <Source><LocURI>https://{HOST}/dm</LocURI></Source></SyncHdr><SyncBody>\
         <Status><CmdID>1</CmdID><MsgRef>{message}</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd>\
         <Data>212</Data></Status>{commands}<Final/></SyncBody></SyncML>"
    );
    let body = body::syncml(&answer).map_err(io::Error::other)?;
    wire.say(&format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}"), &body).await
}

/// Of the Atomic the second value is beyond what the device takes.
const DM_COMMANDS: &str = "<Status><CmdID>7</CmdID><MsgRef>1</MsgRef><CmdRef>1</CmdRef><Cmd>Alert</Cmd>\
    <Data>200</Data></Status><Status><CmdID>8</CmdID><MsgRef>1</MsgRef><CmdRef>2</CmdRef>\
    <Cmd>Replace</Cmd><Data>200</Data></Status><Get><CmdID>2</CmdID><Item><Target><LocURI>./DevDetail/SwV</LocURI></Target>\
    </Item></Get><Replace><CmdID>3</CmdID><Item><Target>\
    <LocURI>./Vendor/MSFT/Policy/Config/DeviceLock/DevicePasswordEnabled</LocURI></Target>\
    <Meta><Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>0</Data></Item></Replace>\
    <Atomic><CmdID>4</CmdID><Replace><CmdID>5</CmdID><Item><Target>\
    <LocURI>./Vendor/MSFT/Policy/Config/Camera/AllowCamera</LocURI></Target>\
    <Meta><Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>0</Data></Item></Replace>\
    <Replace><CmdID>6</CmdID><Item><Target>\
    <LocURI>./Vendor/MSFT/Policy/Config/DeviceLock/MinDevicePasswordLength</LocURI></Target>\
    <Meta><Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>99</Data></Item></Replace></Atomic>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_goes_from_142_to_its_folders() {
        let mut standing = Standing::default();
        let mut ask = |command: &str, xml: &str, key| {
            let query = Query::parse(&format!("Cmd={command}&DeviceId=a&DeviceType=b"));
            answer(&query, xml, key, &mut standing)
        };
        assert!(ask("FolderSync", "", 0).contains("142"));
        assert!(ask("Provision", "<Policy/>", 0).contains("EASProvisionDoc"));
        assert!(ask("FolderSync", "", TEMPORARY_KEY).contains("142"), "not acknowledged yet");
        assert!(ask("Provision", "<PolicyKey>1</PolicyKey>", TEMPORARY_KEY).contains("3942919513"));
        assert!(ask("FolderSync", "", FINAL_KEY).contains("Inbox"));
    }
}
