//! Dossiers sealed to their recipient, opened by three verifiers that share no code, and by nobody else.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use vandel_core::trust::parse_trust;
use vandel_ledger::disk::RealDisk;
use vandel_ledger::outgoing::{Recipient, seal_dossier};
use vandel_tests::dossiers::{dossier, publish};
use vandel_tests::independent::Independent;
use vandel_tests::ledger_builder::LedgerBuilder;
use vandel_verify::file::{FileOptions, verify};
use vandel_verify::sealed::Unseal;

/// Two private keys, and the public key of the first, as OpenSSL computes it.
const ALICE: &str = "b060e68895869eeee5e3a4080be73e53fe5a79e4c6d25fb45271bfd502eabc08";
const ALICE_PUBLIC: &str = "3102f28658ac7ee45da2f4bc81401054a348f6c8c7d318923dbceb9e08e11241";
const BOB: &str = "05eda544be0709fbfcf19ab6a1029e55209814fd61ba67c69243a6dd7f3b8474";

/// A dossier sealed to the first key, and that key's file, for the page.
pub(crate) fn for_alice(plain: &[u8]) -> (Vec<u8>, String) {
    let to = Recipient::PublicKey(unhex(ALICE_PUBLIC));
    let sealed = seal_dossier(plain, "Kommunrevisionen", "2099-12-31".parse().unwrap(), &to).unwrap();
    (sealed.encode(), pem(ALICE))
}

fn unhex(digits: &str) -> [u8; 32] {
    std::array::from_fn(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
}

/// A private key as OpenSSL writes it.
fn pem(key: &str) -> String {
    let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];
    let der = [&prefix[..], &unhex(key)].concat();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64_STANDARD.encode(der))
}

/// What opens a file, as an option of all three.
#[derive(Clone, Copy)]
enum With<'a> {
    Nothing,
    Key(&'a Path),
    Passphrase(&'a Path),
}

struct Reader {
    trust: PathBuf,
    tried: u32,
}

impl Reader {
    /// All three end with this code.
    fn ends(&mut self, file: &Path, with: With<'_>, exit: u8) {
        let unseal = match with {
            With::Nothing => Unseal::default(),
            With::Key(key) => Unseal { key: Some(key.to_owned()), passphrase: None },
            With::Passphrase(word) => Unseal { key: None, passphrase: Some(word.to_owned()) },
        };
        let trust = parse_trust(&std::fs::read(&self.trust).unwrap()).unwrap();
        let options = FileOptions { trust: Some(trust), unseal, ..FileOptions::default() };
        let ours = verify(&RealDisk, file, &options).map_or_else(|refusal| refusal.exit, |said| said.exit);
        assert_eq!(ours, exit, "{}", file.display());
        let (option, value) = match with {
            With::Nothing => ("--json", None),
            With::Key(key) => ("--unseal-key", key.to_str()),
            With::Passphrase(word) => ("--unseal-passphrase-file", word.to_str()),
        };
        let mut arguments = vec!["--trust", self.trust.to_str().unwrap(), option];
        arguments.extend(value);
        for verifier in Independent::all() {
            let (code, said) = verifier.verify(file, &arguments);
            assert_eq!(code, Some(i32::from(exit)), "{}: {said}", verifier.language);
        }
        self.tried += 1;
    }
}

#[test]
fn a_sealed_dossier_opens_for_its_recipient_and_for_nobody_else() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    built.case(&mut open.sequencer, 1);
    publish(&mut open.sequencer);
    let plain = dossier(&open.sequencer).encode();
    let place = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = place.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let (alice, bob) = (put("alice.pem", pem(ALICE).as_bytes()), put("bob.pem", pem(BOB).as_bytes()));
    let (word, other) = (put("word", "lösenord på rad ett\r\nmer\n".as_bytes()), put("other", b"another\n"));
    let sealed = |to: &Recipient| {
        seal_dossier(&plain, "Förvaltningsrätten \"i\" Malmö", "2099-12-31".parse().unwrap(), to).unwrap()
    };
    let to_key = sealed(&Recipient::PublicKey(unhex(ALICE_PUBLIC)));
    let to_word = sealed(&Recipient::Passphrase("lösenord på rad ett".to_owned().into()));
    let mut reader = Reader { trust: built.home.trust(), tried: 0 };
    // Nobody has computed its digest: not proven. That is said of what is inside.
    let own = [
        (&to_key, With::Key(&alice), With::Key(&bob)),
        (&to_word, With::Passphrase(&word), With::Passphrase(&other)),
    ];
    for (index, (file, fits, wrong)) in own.into_iter().enumerate() {
        let path = put(&format!("{index}.sealed"), &file.encode());
        reader.ends(&path, fits, 4);
        reader.ends(&path, wrong, 6);
        reader.ends(&path, With::Nothing, 6);
        reader.ends(&path, if index == 0 { With::Passphrase(&word) } else { With::Key(&alice) }, 6);
        let mut changed = file.clone();
        changed.sealed[40] ^= 1;
        reader.ends(&put("content", &changed.encode()), fits, 6);
        let mut changed = file.clone();
        changed.recipient.push('!');
        reader.ends(&put("recipient", &changed.encode()), fits, 6);
        let mut changed = file.clone();
        changed.expires = "2100-12-31".parse().unwrap();
        reader.ends(&put("expires", &changed.encode()), fits, 6);
        reader.ends(&put("spelling", &[&b" "[..], &file.encode()].concat()), fits, 2);
        let spaced = String::from_utf8(file.encode()).unwrap().replacen(",\"", ", \"", 1);
        reader.ends(&put("space", spaced.as_bytes()), fits, 3);
        reader.ends(&put("cut", &file.encode()[..200]), fits, 3);
    }
    reader.ends(&put("key", &to_key.encode()), With::Key(&word), 2);
    println!("deep: {} readings of sealed dossiers, three verifiers alike", reader.tried);
}
