//! One document of each family, from XML to WBXML and back.

use bytes::Bytes;
use synctap::codec::{DocumentType, Hints, Preamble, decode, decode_as, encode};
use synctap::model::{NodeKind, Tree};
use synctap::render::{Secrets, xml};

use crate::xml::infoset;

/// A document type by name, and a document.
const DOCUMENTS: [(&str, &str); 12] = [
    (
        "si",
        r#"<si><indication href="http://www.xyz.com/email/123/abc.wml" created="1999-06-25T15:23:15Z" si-expires="1999-06-30T00:00:00Z" action="signal-high" si-id="x1">You have 4 new emails</indication></si>"#,
    ),
    ("sl", r#"<sl href="http://www.xyz.com/ppaid/123/abc.wml" action="execute-low"/>"#),
    (
        "co",
        r#"<co><invalidate-object uri="http://www.xyz.com/a"/><invalidate-service uri="https://www.abc.org/b"/></co>"#,
    ),
    (
        "prov",
        r#"<wap-provisioningdoc version="1.0"><characteristic type="BOOTSTRAP"><parm name="NAME" value="Lab"/></characteristic><characteristic type="NAPDEF"><parm name="NAPID" value="NAP1"/><parm name="BEARER" value="GSM-GPRS"/><parm name="NAP-ADDRESS" value="internet"/><parm name="NAP-ADDRTYPE" value="APN"/><characteristic type="NAPAUTHINFO"><parm name="AUTHTYPE" value="PAP"/><parm name="AUTHNAME" value="öser"/></characteristic></characteristic><characteristic type="APPLICATION"><parm name="APPID" value="w7"/><parm name="ADDR" value="https://mdm.example.com/dm"/><characteristic type="APPAUTH"><parm name="AAUTHLEVEL" value="CLIENT"/><parm name="AAUTHTYPE" value="DIGEST"/></characteristic></characteristic></wap-provisioningdoc>"#,
    ),
    (
        "wml",
        r#"<wml><card id="abc" ordered="true" title="Hi"><p>Hello $(X) and $(Y:escape) $$5<br/><a href="http://www.example.com/x?y=$(Z:noesc)&amp;q=1">go</a> <input type="text" name="N"/><do type="accept"><go href="http://b/" method="post"><postfield name="a" value="$(N)"/></go></do></p></card></wml>"#,
    ),
    ("emn", r#"<emn mailbox="mailat:joe@wapforum.com" timestamp="2000-09-10T17:54:00Z"/>"#),
    (
        "drmrel",
        r#"<o-ex:rights xmlns:o-ex="http://odrl.net/1.1/ODRL-EX" xmlns:o-dd="http://odrl.net/1.1/ODRL-DD" xmlns:ds="http://www.w3.org/2000/09/xmldsig#/"><o-ex:context><o-dd:version>1.0</o-dd:version></o-ex:context><o-ex:agreement><o-ex:asset><o-ex:context><o-dd:uid>cid:4567</o-dd:uid></o-ex:context><ds:KeyInfo><ds:KeyValue>vUEwR8LzEJoeiC+dgT1mgg==</ds:KeyValue></ds:KeyInfo></o-ex:asset><o-ex:permission><o-dd:play/></o-ex:permission></o-ex:agreement></o-ex:rights>"#,
    ),
    (
        "ota",
        r#"<CHARACTERISTIC-LIST><CHARACTERISTIC TYPE="ADDRESS"><PARM NAME="BEARER" VALUE="GPRS"/><PARM NAME="PROXY" VALUE="10.0.0.1"/></CHARACTERISTIC><CHARACTERISTIC TYPE="URL" VALUE="http://wap.example.com/"/></CHARACTERISTIC-LIST>"#,
    ),
    (
        "wvcsp11",
        r#"<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.1"><Session><SessionDescriptor><SessionType>Outband</SessionType></SessionDescriptor><Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode><TransactionID>IMApp01#12345@NOK5110</TransactionID></TransactionDescriptor><TransactionContent><Login-Request><UserID>wv:user</UserID><ClientID><URL>http://imapp.com/imapp01/</URL></ClientID><Password>1my2passwd3</Password><TimeToLive>86400</TimeToLive><SessionCookie>wv:jondoe@imps.com</SessionCookie></Login-Request></TransactionContent></Transaction></Session></WV-CSP-Message>"#,
    ),
    (
        "syncml11",
        r#"<SyncML xmlns="SYNCML:SYNCML1.1"><SyncHdr><VerDTD>1.1</VerDTD><VerProto>SyncML/1.1</VerProto><SessionID>1</SessionID><MsgID>1</MsgID><Target><LocURI>http://x</LocURI></Target><Source><LocURI>IMEI:1</LocURI></Source><Cred><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-md5</Type></Meta><Data>abc=</Data></Cred></SyncHdr><SyncBody><Alert><CmdID>1</CmdID><Data>200</Data></Alert><Put><CmdID>2</CmdID><Meta><Type xmlns="syncml:metinf">application/vnd.syncml-devinf+xml</Type></Meta><Item><Source><LocURI>./devinf11</LocURI></Source><Data><DevInf xmlns="syncml:devinf"><VerDTD>1.1</VerDTD><Man>Lab</Man><DevID>1</DevID></DevInf></Data></Item></Put><Add><CmdID>3</CmdID><Item><Data><![CDATA[BEGIN:VCARD]]></Data></Item></Add><Final/></SyncBody></SyncML>"#,
    ),
    (
        "tnds",
        r#"<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD><Node><NodeName>Lab</NodeName><RTProperties><Format><node/></Format></RTProperties></Node></MgmtTree>"#,
    ),
    (
        "eas",
        r#"<Provision xmlns="Provision"><DeviceInformation xmlns="Settings"><Set><Model>Lab</Model></Set></DeviceInformation><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></Provision>"#,
    ),
];

#[test]
fn every_family_goes_there_and_back() {
    for (name, source) in DOCUMENTS {
        let Ok(DocumentType::Wbxml(book)) = name.parse() else { panic!("{name}") };
        let parsed =
            decode_as(Bytes::from_static(source.as_bytes()), DocumentType::Xml, &Hints::default());
        assert_eq!(parsed.problems, [], "{name}");
        let (_, tree, bytes) = parsed.document().unwrap();
        let wbxml = encode(tree, bytes, &Preamble::canonical(book)).unwrap();
        assert!(wbxml.len() < source.len() * 2 / 3, "{name}: {} bytes", wbxml.len());
        // Recognised without being told what it is.
        let decoded = decode(wbxml.clone().into(), &Hints::default());
        assert_eq!(decoded.problems, [], "{name}");
        assert_eq!(decoded.layers[0].format.label(), book.name, "{name}");
        assert_eq!(crate::round_trip::encode_again(&decoded.layers[0]), Some(wbxml), "{name}");
        let text = xml(&decoded, decoded.main(), Secrets::Shown);
        let again = decode_as(Bytes::from(text.clone()), DocumentType::Xml, &Hints::default());
        let (_, other, other_bytes) = again.document().unwrap();
        assert_eq!(infoset(tree, bytes), infoset(other, other_bytes), "{name}: {text}");
        assert_eq!(values(tree, bytes), values(other, other_bytes), "{name}: {text}");
    }
}

/// Peers of all versions send the public id of 1.1 or 1.2; the namespace tells them apart.
#[test]
fn wireless_village_by_its_namespace() {
    for (minor, start, name) in
        [(b'1', 0x05, "WV CSP 1.1"), (b'2', 0x08, "WV CSP 1.2"), (b'3', 0x0B, "IMPS CSP 1.3")]
    {
        for public_id in [0x10, 0x11] {
            let mut body = vec![0x03, public_id, 0x6A, 0x00, 0xC9, start, 0x03, b'1', b'.', minor];
            body.extend(b"\0\x01\x01");
            let decoded = decode(body.clone().into(), &Hints::default());
            assert_eq!(decoded.problems, [], "{name}");
            assert_eq!(decoded.layers[0].format.label(), name, "{public_id:02X}");
            assert_eq!(crate::round_trip::encode_again(&decoded.layers[0]), Some(body), "{name}");
        }
    }
}

/// The values of all attributes that declare no namespace.
fn values(tree: &Tree, layer: &[u8]) -> Vec<String> {
    let elements = tree.nodes().filter_map(|node| match node.kind {
        NodeKind::Element(element) => Some(element.attributes.iter()),
        _ => None,
    });
    elements
        .flatten()
        .filter(|attribute| !attribute.namespace.as_str().contains("xmlns"))
        .map(|attribute| Tree::resolve(&attribute.value, layer).to_owned())
        .collect()
}
