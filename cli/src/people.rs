//! The people at the keyboard: their key files, their passphrases, and what they have seen.
//!
//! Beside a key file lies `<file>.seen`: the last checkpoint of the ledger that its holder was shown,
//! signed by the ledger. It makes every author a witness: a ledger that no longer contains it has been
//! rolled back or forked, whatever its own memory says.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use vandel_core::chain::Chain;
use vandel_core::checkpoint::Checkpoint;
use vandel_core::id::PublicKey;
use vandel_core::note::{KeyKind, Note, VerifierKey};
use vandel_core::signature::{SigningKey, public_key};
use vandel_core::verify::ReceiptEvidence;
use vandel_ledger::disk::{read_all, replace_atomically};
use vandel_ledger::signer;
use vandel_ledger::submission::Receipt;
use zeroize::Zeroizing;

use crate::args::{AuthorArgs, TwoPeopleArgs};
use crate::context::Context;
use crate::error::{CliError, Exit};
use crate::lang::{LedgerText, Text};

/// A person who signs.
pub struct Person {
    /// The key file.
    pub file: PathBuf,
    /// The key in it.
    pub key: SigningKey,
    /// Where the person keeps receipts, if at all.
    pub receipts: Option<PathBuf>,
}

impl Person {
    /// Reads a key file, with the passphrase from its file or from the terminal.
    ///
    /// # Errors
    /// If there is no usable key, or the passphrase is wrong.
    pub fn read(context: &Context, file: &Path, passphrase_file: Option<&Path>) -> Result<Self, CliError> {
        let passphrase = match passphrase_file {
            Some(from) => Some(first_line(context, from)?),
            None if signer::is_encrypted(&*context.disk, file)? && std::io::stdin().is_terminal() => {
                let name = file.display().to_string();
                Some(ask(&Text::Passphrase.with(context.lang, &[("file", &name)]))?)
            }
            None => None,
        };
        let key = signer::read(&*context.disk, file, passphrase.as_ref().map(|text| text.as_str()))?;
        Ok(Self { file: file.to_owned(), key, receipts: None })
    }

    /// The author of a step.
    ///
    /// # Errors
    /// As [`Person::read`].
    pub fn author(context: &Context, arguments: &AuthorArgs) -> Result<Self, CliError> {
        let author = Self::read(context, &arguments.key, arguments.passphrase_file.as_deref())?;
        Ok(Self { receipts: arguments.receipts.clone(), ..author })
    }

    /// Both people of a step that needs two.
    ///
    /// # Errors
    /// As [`Person::read`].
    pub fn two(context: &Context, arguments: &TwoPeopleArgs) -> Result<(Self, Self), CliError> {
        let first = Self::author(context, &arguments.first)?;
        let second = Self::read(context, &arguments.second, arguments.second_passphrase_file.as_deref())?;
        Ok((first, second))
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        public_key(&self.key)
    }

    fn seen_file(&self) -> PathBuf {
        let mut name = self.file.clone().into_os_string();
        name.push(".seen");
        name.into()
    }

    /// The checkpoint that this person saw last; its signature is not looked at.
    ///
    /// # Errors
    /// If the file cannot be read or holds none.
    pub fn seen(&self, context: &Context) -> Result<Option<Checkpoint>, CliError> {
        Ok(self.read_seen(context)?.map(|(seen, _)| seen))
    }

    fn read_seen(&self, context: &Context) -> Result<Option<(Checkpoint, Vec<u8>)>, CliError> {
        let file = self.seen_file();
        let bytes = match read_all(&*context.disk, &file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(CliError::file(&file, &error)),
        };
        let seen: Option<Checkpoint> = Note::parse(&bytes).ok().and_then(|note| note.text().parse().ok());
        let name = file.display();
        let seen = seen.ok_or_else(|| {
            CliError::new(Exit::NotProven, "seen-unreadable", format!("{name} holds no checkpoint"))
                .next("find out who changed it; then move it away to begin anew")
        })?;
        Ok(Some((seen, bytes)))
    }

    /// That the checkpoint which this person saw last is of another ledger than the one at hand.
    pub(crate) fn of_another_ledger(&self, expected: &str, found: &str) -> CliError {
        let message = format!("{} is a checkpoint of another ledger", self.seen_file().display());
        CliError::new(Exit::Conflict, "another-ledger", message)
            .expected(expected, found)
            .next("check --home or --trust; if you mean to use this key in both ledgers, move that file away")
    }

    /// Keeps receipts, if this person does, and remembers the last one's checkpoint. The steps have been
    /// taken: what cannot be written is a warning.
    pub fn note(&self, context: &Context, receipts: &[&Receipt]) {
        let kept = receipts.iter().try_for_each(|receipt| self.keep(context, receipt));
        let last = receipts.iter().max_by_key(|receipt| receipt.record);
        let remembered = last.map_or(Ok(()), |last| self.remember(context, &last.checkpoint));
        if let (Err(error), Some(last)) = (kept.and(remembered), last) {
            context.output.warn(&format!("record {} stands; {error}", last.record));
        }
    }

    /// Refuses a ledger that does not contain the checkpoint which this person saw last.
    ///
    /// # Errors
    /// 3 if the ledger's own key signed it; 4 if it is of this ledger and by no key that is known; 9
    /// if it is of another ledger, which this one does not continue.
    pub fn check_seen(&self, context: &Context, chain: &Chain) -> Result<(), CliError> {
        let Some((seen, bytes)) = self.read_seen(context)? else { return Ok(()) };
        let file = self.seen_file();
        let name = file.display();
        if seen.origin() != chain.origin {
            return self.check_successor(chain, &seen);
        }
        if chain.root_at(seen.size()) == Some(seen.root()) {
            return Ok(());
        }
        let keys = chain.checkpoint_keys.iter();
        let keys: Vec<_> =
            keys.filter_map(|(_, key)| VerifierKey::new(&chain.origin, KeyKind::Ed25519, key).ok()).collect();
        let (exit, code, what) = match Checkpoint::open(&bytes, &keys) {
            Ok(_) => (
                Exit::Integrity,
                "rolled-back",
                "this ledger's own key signed it: the ledger has been rolled back or replaced",
            ),
            Err(_) => (Exit::NotProven, "seen-unknown", "no key of this ledger is known to have signed it"),
        };
        let (size, found) = (seen.size(), chain.size());
        let message =
            format!("{name} holds a checkpoint of {size} records that this ledger lacks, and {what}");
        Err(CliError::new(exit, code, message)
            .expected(format!("{} at size {size}", seen.root()), format!("{found} records"))
            .next("do not write to this ledger; keep the file, it is evidence, and tell the auditor"))
    }

    fn check_successor(&self, chain: &Chain, seen: &Checkpoint) -> Result<(), CliError> {
        let predecessor = chain.predecessor.as_ref().and_then(|note| Note::parse(note.as_bytes()).ok());
        let predecessor: Option<Checkpoint> = predecessor.and_then(|note| note.text().parse().ok());
        if predecessor.is_some_and(|before| before.origin() == seen.origin() && before.size() >= seen.size())
        {
            return Ok(());
        }
        Err(self.of_another_ledger(&chain.origin, seen.origin()))
    }

    /// Keeps a receipt, if this person keeps receipts: evidence against a log that loses the record.
    ///
    /// # Errors
    /// If the file cannot be written. The step that led here has been taken all the same.
    pub fn keep(&self, context: &Context, receipt: &Receipt) -> Result<(), CliError> {
        let Some(folder) = &self.receipts else { return Ok(()) };
        let file = folder.join(format!("{}.tlog-proof", receipt.record));
        let evidence = ReceiptEvidence {
            source: String::new(),
            record: receipt.record,
            hash: receipt.hash,
            proof: receipt.proof.clone(),
            checkpoint: receipt.checkpoint.to_string(),
        };
        let written = context.disk.create_directory(folder);
        let written =
            written.and_then(|()| replace_atomically(&*context.disk, &file, evidence.to_string().as_bytes()));
        written.map_err(|error| CliError::file(&file, &error))
    }

    /// Remembers a checkpoint that this person was shown.
    ///
    /// # Errors
    /// If the file cannot be written. The step that led here has been taken all the same.
    pub fn remember(&self, context: &Context, checkpoint: &str) -> Result<(), CliError> {
        let file = self.seen_file();
        replace_atomically(&*context.disk, &file, checkpoint.as_bytes())
            .map_err(|error| CliError::file(&file, &error))
    }
}

/// The first line of a passphrase file.
///
/// # Errors
/// If it cannot be read, or its first line is empty or not UTF-8.
pub fn first_line(context: &Context, file: &Path) -> Result<Zeroizing<String>, CliError> {
    Ok(vandel_verify::sealed::first_line(&*context.disk, file)?)
}

/// A passphrase for a new key file: from a file, or asked for twice; none if it is left empty.
///
/// # Errors
/// If the two differ, or nobody is there to be asked.
pub fn new_passphrase(
    context: &Context,
    file: &Path,
    passphrase_file: Option<&Path>,
) -> Result<Option<Zeroizing<String>>, CliError> {
    if let Some(from) = passphrase_file {
        return first_line(context, from).map(Some);
    }
    if !std::io::stdin().is_terminal() {
        return Err(CliError::new(
            Exit::Usage,
            "passphrase-needed",
            "no terminal to ask for a passphrase on",
        )
        .next("give --passphrase-file FILE, or --no-passphrase for a key that its folder alone protects"));
    }
    let name = file.display().to_string();
    let first = ask(&Text::NewPassphrase.with(context.lang, &[("file", &name)]))?;
    if first.is_empty() {
        return Ok(None);
    }
    if *first != *ask(&Text::RepeatPassphrase.in_lang(context.lang))? {
        return Err(CliError::new(Exit::Usage, "passphrase-differs", "the two passphrases differ"));
    }
    Ok(Some(first))
}

/// The passphrase of a root cell: from its file, or asked for.
///
/// # Errors
/// If it can't be read, or nobody is there to be asked.
pub fn root_passphrase(
    context: &Context,
    file: Option<&Path>,
    cell: &Path,
    is_new: bool,
) -> Result<Zeroizing<String>, CliError> {
    match file {
        Some(file) => first_line(context, file),
        None if std::io::stdin().is_terminal() => {
            let name = cell.display().to_string();
            let first = ask(&LedgerText::RootPassphrase.with(context.lang, &[("file", &name)]))?;
            if first.is_empty() || is_new && *first != *ask(&Text::RepeatPassphrase.in_lang(context.lang))? {
                let message = "the passphrase is empty, or the two differ";
                return Err(CliError::new(Exit::Usage, "passphrase-differs", message));
            }
            Ok(first)
        }
        None => {
            let message = format!("the root cell {} is sealed under a passphrase", cell.display());
            Err(CliError::new(Exit::NotAuthorised, "root-passphrase-needed", message)
                .next("name its file with --root-passphrase-file (or VANDEL_ROOT_PASSPHRASE_FILE)"))
        }
    }
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, CliError> {
    let answer = rpassword::prompt_password(prompt);
    answer.map(Zeroizing::new).map_err(|error| {
        CliError::new(Exit::Usage, "passphrase-needed", format!("no passphrase could be read: {error}"))
    })
}
