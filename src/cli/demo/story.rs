//! What the devices do, step by step.

use std::net::SocketAddr;

use super::body;
use super::device::{Identity, QueryForm, authorization, expect};
use super::provisioning::LOST_DEVICE;
use super::stage::{DemoError, MAIL, Stage};
use super::windows::{CheckIn, Pc};
use super::wire::{Message, Wire};

const PHONE: Identity = Identity {
    id: "DEMOPHONE0000001",
    kind: "DemoPhone",
    agent: "DemoPhone/1.0",
    form: QueryForm::Plain,
};

const COMPACT: Identity = Identity {
    id: "DEMOCOMPACT00001",
    kind: "DemoCompact",
    agent: "DemoCompact/1.0",
    form: QueryForm::Base64,
};

const TABLET: Identity = Identity {
    id: LOST_DEVICE,
    kind: "DemoTablet",
    agent: "DemoTablet/1.0",
    form: QueryForm::Plain,
};

/// Commands with their codes in a base64 query (MS-ASHTTP 2.2.1.1.1.1.2).
const FOLDER_SYNC: (&str, u8) = ("FolderSync", 9);
const PROVISION: (&str, u8) = ("Provision", 20);

const NO_FOLDERS_YET: &str =
    "<FolderSync xmlns=\"FolderHierarchy\"><SyncKey>0</SyncKey></FolderSync>";

/// Three devices and a PC, one after the other.
pub(super) async fn play(stage: &Stage, proxy: SocketAddr) -> Result<(), DemoError> {
    let device = stage.device(proxy);
    let mut wire = device.reach(MAIL).await?;
    options(&mut wire).await?;
    provision(stage, &PHONE, &mut wire).await?;
    let mut wire = device.reach(MAIL).await?;
    provision(stage, &COMPACT, &mut wire).await?;
    let mut wire = device.reach(MAIL).await?;
    let key = provision(stage, &TABLET, &mut wire).await?;
    wipe(stage, key, &mut wire).await?;
    let mut pc = Pc::enrol(stage, device).await?;
    for plan in [CheckIn::FIRST, CheckIn::SECOND, CheckIn::SEALED] {
        pc.check_in(plan).await?;
    }
    Ok(())
}

async fn options(wire: &mut Wire) -> Result<(), DemoError> {
    let head = format!(
        "OPTIONS /Microsoft-Server-ActiveSync HTTP/1.1\r\nHost: {MAIL}\r\n{}",
        authorization()
    );
    wire.say(&head, b"").await?;
    expect("OPTIONS", "200", &wire.hear().await?.unwrap_or_default())
}

/// 142, download, acknowledge, `FolderSync` (MS-ASPROV 4.1). Returns the final key.
async fn provision(stage: &Stage, who: &Identity, wire: &mut Wire) -> Result<u32, DemoError> {
    let folders = body::activesync(NO_FOLDERS_YET)?;
    let refused = who.ask(wire, FOLDER_SYNC, 0, &folders).await?;
    must_say("FolderSync", &refused, "<Status>142</Status>")?;
    stage.pause().await;
    let offered = who.ask(wire, PROVISION, 0, &body::activesync(&download(who))?).await?;
    let temporary = policy_key(&offered)?;
    stage.pause().await;
    let acknowledged = body::activesync(&acknowledge(temporary))?;
    let granted = who.ask(wire, PROVISION, temporary, &acknowledged).await?;
    let key = policy_key(&granted)?;
    stage.pause().await;
    let listed = who.ask(wire, FOLDER_SYNC, key, &folders).await?;
    must_say("FolderSync", &listed, "Inbox")?;
    stage.pause().await;
    Ok(key)
}

/// The server wants the device wiped, which it learns with its next request (MS-ASPROV 4.2).
async fn wipe(stage: &Stage, key: u32, wire: &mut Wire) -> Result<(), DemoError> {
    let folders = body::activesync(NO_FOLDERS_YET)?;
    let told = TABLET.ask(wire, FOLDER_SYNC, key, &folders).await?;
    must_say("FolderSync", &told, "<Status>140</Status>")?;
    stage.pause().await;
    let asked = body::activesync("<Provision xmlns=\"Provision\"/>")?;
    // It forgets its policy and asks anew (MS-ASPROV 3.1.5.1.1).
    let ordered = TABLET.ask(wire, PROVISION, 0, &asked).await?;
    must_say("Provision", &ordered, "RemoteWipe")?;
    stage.pause().await;
    let done =
        "<Provision xmlns=\"Provision\"><RemoteWipe><Status>1</Status></RemoteWipe></Provision>";
    TABLET.ask(wire, PROVISION, key, &body::activesync(done)?).await?;
    stage.pause().await;
    Ok(())
}

fn download(who: &Identity) -> String {
    format!(
        "<Provision xmlns=\"Provision\"><DeviceInformation xmlns=\"Settings\"><Set>\
         <Model>{}</Model><OS>DemoOS 1.0</OS><UserAgent>{}</UserAgent></Set></DeviceInformation>\
         <Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies>\
         </Provision>",
        who.kind, who.agent
    )
}

fn acknowledge(key: u32) -> String {
    format!(
        "<Provision xmlns=\"Provision\"><Policies><Policy>\
         <PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><PolicyKey>{key}</PolicyKey>\
         <Status>1</Status></Policy></Policies></Provision>"
    )
}

fn xml(answer: &Message) -> String {
    body::as_xml(&answer.body, "application/vnd.ms-sync.wbxml")
}

fn must_say(step: &'static str, answer: &Message, words: &'static str) -> Result<(), DemoError> {
    let got = xml(answer);
    if got.contains(words) {
        Ok(())
    } else {
        Err(DemoError::Unexpected { step, expected: words, got })
    }
}

fn policy_key(answer: &Message) -> Result<u32, DemoError> {
    let got = xml(answer);
    let text = got.split_once("<PolicyKey>").and_then(|(_, rest)| rest.split('<').next());
    let key = text.and_then(|text| text.parse().ok());
    key.ok_or(DemoError::Unexpected { step: "Provision", expected: "a policy key", got })
}
