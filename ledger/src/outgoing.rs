//! What leaves the ledger with openings in it: sealed to its recipient, by passphrase or by key.

use vandel_core::dossier::{Lock, SealedDossier};
use vandel_core::time::Day;
use zeroize::Zeroizing;

use crate::vault::{DataKey, ScryptCost};

/// What a recipient opens a dossier with, or gives to have it sealed with.
pub enum Recipient {
    /// A passphrase, told over another way than the file.
    Passphrase(Zeroizing<String>),
    /// An X25519 public key (for sealing).
    PublicKey([u8; 32]),
    /// An X25519 private key (for opening).
    PrivateKey(Zeroizing<[u8; 32]>),
}

/// Why a dossier was not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    /// The operating system gives no randomness, or the key is none.
    #[error("it cannot be sealed: the key is no X25519 public key, or there is no randomness")]
    Sealing,
    /// The lock is of another kind than what was given.
    #[error("it is sealed to {0}, and something else was given")]
    OtherLock(&'static str),
    /// The cost would tie up the machine.
    #[error("its scrypt cost is out of bounds")]
    Cost,
    /// It does not open.
    #[error("it does not open: the passphrase or key is another one, or the file was changed")]
    DoesNotOpen,
}

/// Seals a dossier's file.
///
/// # Errors
/// [`OutgoingError::Sealing`].
pub fn seal_dossier(
    plain: &[u8],
    recipient: &str,
    expires: Day,
    to: &Recipient,
) -> Result<SealedDossier, OutgoingError> {
    let associated = SealedDossier::associated(recipient, expires);
    let (lock, sealed) = match to {
        Recipient::Passphrase(passphrase) => {
            let mut salt = [0; 32];
            getrandom::fill(&mut salt).map_err(|_| OutgoingError::Sealing)?;
            let cost = ScryptCost::default();
            let key = derive(passphrase, &salt, cost)?;
            let sealed = key.seal(&associated, plain).map_err(|_| OutgoingError::Sealing)?;
            (Lock::Passphrase { salt, log_n: cost.log_n, r: cost.r, p: cost.p }, sealed)
        }
        Recipient::PublicKey(key) => {
            let (encapsulated, sealed) = hpke_seal(key, &associated, plain)?;
            (Lock::X25519 { encapsulated }, sealed)
        }
        Recipient::PrivateKey(_) => return Err(OutgoingError::Sealing),
    };
    Ok(SealedDossier { recipient: recipient.to_owned(), expires, lock, sealed })
}

/// Opens a sealed dossier.
///
/// # Errors
/// [`OutgoingError`].
pub fn open_dossier(sealed: &SealedDossier, with: &Recipient) -> Result<Zeroizing<Vec<u8>>, OutgoingError> {
    let associated = SealedDossier::associated(&sealed.recipient, sealed.expires);
    match (&sealed.lock, with) {
        (Lock::Passphrase { salt, log_n, r, p }, Recipient::Passphrase(passphrase)) => {
            let key = derive(passphrase, salt, ScryptCost { log_n: *log_n, r: *r, p: *p })?;
            key.open(&associated, &sealed.sealed).ok_or(OutgoingError::DoesNotOpen)
        }
        (Lock::X25519 { encapsulated }, Recipient::PrivateKey(key)) => {
            hpke_open(key, encapsulated, &associated, &sealed.sealed)
        }
        (Lock::Passphrase { .. }, _) => Err(OutgoingError::OtherLock("a passphrase")),
        (Lock::X25519 { .. }, _) => Err(OutgoingError::OtherLock("an X25519 key")),
    }
}

fn derive(passphrase: &str, salt: &[u8; 32], cost: ScryptCost) -> Result<DataKey, OutgoingError> {
    if !cost.is_bearable() {
        return Err(OutgoingError::Cost);
    }
    let params = scrypt::Params::new(cost.log_n, cost.r, cost.p).map_err(|_| OutgoingError::Cost)?;
    let mut bytes = Zeroizing::new([0; 32]);
    scrypt::scrypt(passphrase.as_bytes(), salt, &params, &mut *bytes).map_err(|_| OutgoingError::Cost)?;
    Ok(DataKey::from_bytes(&bytes))
}

use hybrid::{hpke_open, hpke_seal};

/// HPKE (RFC 9180), base mode.
mod hybrid {
    use hpke::aead::AesGcm256;
    use hpke::kdf::HkdfSha256;
    use hpke::kem::X25519HkdfSha256;
    use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
    use vandel_core::dossier::sealed::SEALED_FORM;
    use zeroize::Zeroizing;

    use super::OutgoingError;

    type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;
    type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;
    type EncappedKey = <X25519HkdfSha256 as Kem>::EncappedKey;

    pub(super) fn hpke_seal(
        key: &[u8; 32],
        associated: &[u8],
        plain: &[u8],
    ) -> Result<([u8; 32], Vec<u8>), OutgoingError> {
        let key = PublicKey::from_bytes(key).map_err(|_| OutgoingError::Sealing)?;
        let setup = hpke::setup_sender::<AesGcm256, HkdfSha256, X25519HkdfSha256>;
        let (encapsulated, mut context) =
            setup(&OpModeS::Base, &key, SEALED_FORM.as_bytes()).map_err(|_| OutgoingError::Sealing)?;
        let sealed = context.seal(plain, associated).map_err(|_| OutgoingError::Sealing)?;
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&encapsulated.to_bytes());
        Ok((bytes, sealed))
    }

    pub(super) fn hpke_open(
        key: &[u8; 32],
        encapsulated: &[u8; 32],
        associated: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OutgoingError> {
        let bad = |_| OutgoingError::DoesNotOpen;
        let key = PrivateKey::from_bytes(key).map_err(bad)?;
        let encapsulated = EncappedKey::from_bytes(encapsulated).map_err(bad)?;
        let setup = hpke::setup_receiver::<AesGcm256, HkdfSha256, X25519HkdfSha256>;
        let mut context = setup(&OpModeR::Base, &key, &encapsulated, SEALED_FORM.as_bytes()).map_err(bad)?;
        context.open(sealed, associated).map(Zeroizing::new).map_err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> Day {
        Day::from_ymd(2027, 1, 1).expect("a day")
    }

    fn secret(text: &str) -> Recipient {
        Recipient::Passphrase(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn a_passphrase_opens_what_it_sealed_and_nothing_else_does() {
        let sealed = seal_dossier(b"evidence", "Revisionen", day(), &secret("rätt häst")).expect("sealed");
        let read = SealedDossier::decode(&sealed.encode()).expect("its own form");
        assert_eq!(read, sealed);
        assert_eq!(open_dossier(&read, &secret("rätt häst")).expect("opens").as_slice(), b"evidence");
        assert_eq!(open_dossier(&read, &secret("fel häst")), Err(OutgoingError::DoesNotOpen));
        for changed in [
            SealedDossier { recipient: "Någon annan".to_owned(), ..read.clone() },
            SealedDossier { expires: Day::from_ymd(2028, 1, 1).expect("a day"), ..read.clone() },
        ] {
            assert_eq!(open_dossier(&changed, &secret("rätt häst")), Err(OutgoingError::DoesNotOpen));
        }
        let Lock::Passphrase { salt, .. } = read.lock else { panic!("a passphrase") };
        let dear = SealedDossier { lock: Lock::Passphrase { salt, log_n: 30, r: 8, p: 1 }, ..read };
        assert_eq!(open_dossier(&dear, &secret("rätt häst")), Err(OutgoingError::Cost));
    }

    #[test]
    fn a_key_opens_what_was_sealed_to_it_and_no_other_key_does() {
        use hpke::kem::X25519HkdfSha256;
        use hpke::{Kem, Serializable};
        let pair = || {
            let (private, public) = X25519HkdfSha256::gen_keypair();
            let bytes = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).expect("32 bytes");
            (Recipient::PrivateKey(Zeroizing::new(bytes(&private.to_bytes()))), bytes(&public.to_bytes()))
        };
        let ((private, public), (other, _)) = (pair(), pair());
        let sealed = seal_dossier(b"evidence", "IVO", day(), &Recipient::PublicKey(public)).expect("sealed");
        let read = SealedDossier::decode(&sealed.encode()).expect("its own form");
        assert_eq!(open_dossier(&read, &private).expect("opens").as_slice(), b"evidence");
        assert_eq!(open_dossier(&read, &other), Err(OutgoingError::DoesNotOpen));
        assert_eq!(open_dossier(&read, &secret("x")), Err(OutgoingError::OtherLock("an X25519 key")));
    }
}
