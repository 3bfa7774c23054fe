//! Files as dossiers are told from others, how long they may be, and the one form of a sealed one.

use vandel_core::dossier::{DOSSIER_BYTES_MAX, Dossier, DossierFormError, Lock, SealedDossier};

use super::tale::{Part, Tale};
use crate::world::{TODAY, day, filler};

fn sealed(lock: Lock) -> SealedDossier {
    let recipient = "Kammarrätten".to_owned();
    SealedDossier { recipient, expires: day(TODAY), lock, sealed: b"ciphertext".to_vec() }
}

fn by_passphrase() -> SealedDossier {
    sealed(Lock::Passphrase { salt: filler("salt"), log_n: 17, r: 8, p: 1 })
}

fn by_key() -> SealedDossier {
    sealed(Lock::X25519 { encapsulated: filler("key") })
}

#[test]
fn one_kind_of_file_is_told_from_the_other() {
    let plain = Tale::told(&Part::WHOLE).dossier().encode();
    let sealed = by_key().encode();
    assert_eq!((Dossier::begins(&plain), SealedDossier::begins(&plain)), (true, false));
    assert_eq!((Dossier::begins(&sealed), SealedDossier::begins(&sealed)), (false, true));
    assert!(!Dossier::begins(b"") && !SealedDossier::begins(b"{\"type\":\"vandel-certificate/1\""));
    assert!(matches!(Dossier::decode(&sealed), Err(DossierFormError::Form(_))));
}

#[test]
fn a_file_may_fill_its_bound() {
    // What is no JSON is refused as that up to the bound, and unread beyond it.
    for (length, is_read) in [(DOSSIER_BYTES_MAX, true), (DOSSIER_BYTES_MAX + 1, false)] {
        let refusal = Dossier::decode(&vec![0; length]).expect_err("zeros are no dossier");
        assert_eq!(matches!(refusal, DossierFormError::Form(_)), is_read, "{length}: {refusal}");
    }
    // A ciphertext is written in base64, which is longer.
    for (length, is_read) in [(2 * DOSSIER_BYTES_MAX, true), (2 * DOSSIER_BYTES_MAX + 1, false)] {
        let refusal = SealedDossier::decode(&vec![0; length]).expect_err("zeros are no dossier");
        assert_eq!(matches!(refusal, DossierFormError::Form(_)), is_read, "{length}: {refusal}");
    }
    assert_eq!(DOSSIER_BYTES_MAX, 67_108_864, "64 MiB");
}

#[test]
fn a_sealed_dossier_has_one_form_for_each_lock() {
    for one in [by_passphrase(), by_key()] {
        let bytes = one.encode();
        assert_eq!(SealedDossier::decode(&bytes), Ok(one));
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(text.ends_with("}\n"));
        let another = text.replacen("sealed-dossier/1", "sealed-dossier/2", 1);
        let version = SealedDossier::decode(another.as_bytes());
        assert!(matches!(version, Err(DossierFormError::Version { .. })), "{version:?}");
        for (from, to) in
            [("{\"type\"", "{ \"type\""), ("\"recipient\":\"K", "\"recipient\":\"\\u004b"), ("}\n", "}")]
        {
            let spelled = SealedDossier::decode(text.replacen(from, to, 1).as_bytes());
            assert_eq!(spelled, Err(DossierFormError::NotCanonical), "{from}");
        }
        for (from, to) in [
            ("\"lock\":\"", "\"lock\":\"x"),
            ("\"expires\":\"2026-03-20\"", "\"expires\":\"2026-02-30\""),
            ("\"sealed\":", "\"salt\":null,\"sealed\":"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(text, changed);
            let refusal = SealedDossier::decode(changed.as_bytes()).expect_err("it is another form");
            assert!(
                matches!(refusal, DossierFormError::Form(_) | DossierFormError::NotCanonical),
                "{from}: {refusal}"
            );
        }
    }
    // Each lock has its own members, and no others.
    let text = String::from_utf8(by_passphrase().encode()).expect("UTF-8");
    for gone in ["\"log_n\":17,", "\"r\":8,", "\"p\":1,"] {
        assert!(SealedDossier::decode(text.replacen(gone, "", 1).as_bytes()).is_err(), "without {gone}");
    }
    let more =
        text.replacen("\"sealed\":", &format!("\"encapsulated\":\"{}\",\"sealed\":", "ab".repeat(32)), 1);
    assert!(matches!(SealedDossier::decode(more.as_bytes()), Err(DossierFormError::Form(_))));
}

#[test]
fn a_seal_covers_form_recipient_and_expiry() {
    let associated = SealedDossier::associated("Kammarrätten", day(TODAY));
    assert_eq!(associated, "vandel-sealed-dossier/1\nKammarrätten\n2026-03-20".as_bytes());
}
