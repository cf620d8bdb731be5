//! Enrolment: SOAP, provisioning documents, certificates and requests, alone and inside each other.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use synctap::analyze::annotate_body;
use synctap::codec::x509::{Certificate, CertificateRequest};
use synctap::codec::{DocumentType, Hints, decode_as};
use synctap::model::Leg;
use synctap::seal::{Bootstrap, Pin, Proof};

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else { return };
    match choice % 4 {
        0 => {
            let _ = Certificate::of(body);
            let _ = CertificateRequest::of(body);
            let _ = Proof::of_request(body);
        }
        1 => {
            let Ok(text) = std::str::from_utf8(body) else { return };
            if let Some(bootstrap) = Bootstrap::of_content_type(text) {
                let _ = bootstrap.verify(body, Pin { user: "1234", imsi: "123456789012345" });
            }
        }
        leg => {
            let leg = if leg == 2 { Leg::Request } else { Leg::Response };
            let text = Bytes::copy_from_slice(body);
            let decoded = decode_as(text, DocumentType::Xml, &Hints::default());
            oracle::check(&decoded);
            let _ = annotate_body(&decoded, Some(leg));
        }
    }
});
