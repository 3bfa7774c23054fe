//! A request to enroll a key: the holder's proof that it is theirs, for one ledger and one person.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vandel_core::chain::possession_message;
use vandel_core::event::BodySignature;
use vandel_core::hash::Domain;
use vandel_core::id::{ActorId, LedgerId, PublicKey};
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_ledger::disk::{read_all, replace_atomically};

use crate::context::Context;
use crate::error::{CliError, Exit};

/// What the file says of itself.
const KIND: &str = "vandel/key-request/v1";

/// A request. Public: it names a random actor and a public key.
pub(super) struct Request {
    /// For which ledger.
    pub(super) ledger: LedgerId,
    /// For which person.
    pub(super) actor: ActorId,
    /// The key.
    pub(super) key: PublicKey,
    /// Its signature over all three.
    pub(super) possession: BodySignature,
}

/// The request as a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFile {
    #[serde(rename = "type")]
    kind: String,
    ledger: String,
    actor: String,
    key: String,
    possession: String,
}

impl Request {
    /// Signed by the key's holder.
    pub(super) fn make(ledger: LedgerId, actor: ActorId, key: &SigningKey) -> Self {
        let public = public_key(key);
        let message = possession_message(&ledger, &actor, &public);
        let possession = BodySignature::from_bytes(&sign(key, Domain::Possession, &[&message]));
        Self { ledger, actor, key: public, possession }
    }

    /// Writes the request beside the key file.
    pub(super) fn write(&self, context: &Context, key_file: &Path) -> Result<PathBuf, CliError> {
        let mut name = key_file.to_owned().into_os_string();
        name.push(".request");
        let file = PathBuf::from(name);
        let BodySignature(first, second) = self.possession;
        let content = RequestFile {
            kind: KIND.to_owned(),
            ledger: self.ledger.to_string(),
            actor: self.actor.to_string(),
            key: self.key.to_string(),
            // A signature is two halves of the form of keys; their digits stand one after the other.
            possession: format!("{}{}", PublicKey(first), PublicKey(second)),
        };
        let text = serde_json::to_string_pretty(&content)
            .map_err(|error| CliError::new(Exit::Internal, "json", error.to_string()))?;
        replace_atomically(&*context.disk, &file, (text + "\n").as_bytes())
            .map_err(|error| CliError::file(&file, &error))?;
        Ok(file)
    }

    /// Reads a request. Its signature is judged with the enrolment.
    pub(super) fn read(context: &Context, file: &Path) -> Result<Self, CliError> {
        let bytes = read_all(&*context.disk, file).map_err(|error| CliError::file(file, &error))?;
        Self::parse(&bytes).map_err(|why| {
            let message = format!("{} is no key request: {why}", file.display());
            CliError::new(Exit::Usage, "not-a-request", message)
                .next("its holder writes one with: vandel key request KEYFILE")
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let content: RequestFile = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if content.kind != KIND {
            return Err(format!("its type is {:?}, not {KIND:?}", content.kind));
        }
        let half = |text: Option<&str>| {
            let key: PublicKey = text.unwrap_or_default().parse().map_err(|_| "its proof is no signature")?;
            Ok::<_, String>(key.0)
        };
        Ok(Self {
            ledger: content.ledger.parse().map_err(|error| format!("{error}"))?,
            actor: content.actor.parse().map_err(|error| format!("{error}"))?,
            key: content.key.parse().map_err(|error| format!("{error}"))?,
            possession: BodySignature(
                half(content.possession.get(..64))?,
                half(content.possession.get(64..))?,
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_requests_are_read() {
        let whole = format!(
            r#"{{"type":"{KIND}","ledger":"{l}","actor":"{a}","key":"{l}","possession":"{l}{l}"}}"#,
            l = "ab".repeat(32),
            a = "cd".repeat(16)
        );
        assert!(Request::parse(whole.as_bytes()).is_ok());
        for (from, to) in [
            ("request/v1", "request/v2"),
            ("\"actor\"", "\"person\""),
            ("cdcd", "CDCD"),
            ("abab", "abax"),
            ("}", ",\"name\":\"x\"}"),
            ("{", ""),
        ] {
            assert!(Request::parse(whole.replacen(from, to, 1).as_bytes()).is_err(), "{from} {to}");
        }
        let short = whole.replace(&format!("{}\"}}", "ab".repeat(32)), "\"}");
        assert!(Request::parse(short.as_bytes()).is_err());
    }
}
