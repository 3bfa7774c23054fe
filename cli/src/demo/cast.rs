//! Who acts in the demonstration: people of the boards, with keys of their own. The demonstration
//! holds everybody's keys, which nobody ever does in life.

use std::path::PathBuf;

use vandel_core::chain::possession_message;
use vandel_core::event::{BodySignature, Grant, KeyEnrolled, Role, Scope};
use vandel_core::hash::Domain;
use vandel_core::id::{ActorId, ControllerId, LedgerId};
use vandel_core::signature::{SigningKey, public_key, sign};
use vandel_core::time::Day;
use vandel_ledger::disk::Disk;
use vandel_ledger::signer;

use super::DemoError;
use super::act::Part;
use super::people::People;
use super::posts::BOARDS;

/// Somebody who acts.
pub(super) struct Member {
    part: Part,
    board: Option<usize>,
    pub(super) actor: ActorId,
    pub(super) key: SigningKey,
    pub(super) name: String,
    /// How many keys the post has had: successors' files are numbered.
    generation: u32,
}

/// Everybody who acts.
pub(super) struct Cast {
    members: Vec<Member>,
    people: People,
    folder: PathBuf,
}

/// Random bytes of the operating system.
pub(super) fn random_id() -> Result<[u8; 16], DemoError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| DemoError::Randomness)?;
    Ok(bytes)
}

impl Part {
    const fn role(self) -> Role {
        match self {
            Self::Handler => Role::Handler,
            Self::Decider => Role::Decider,
            Self::Reviewer => Role::Reviewer,
            Self::Delegate => Role::ControllersDelegate,
            Self::Officer => Role::DataProtectionOfficer,
            Self::Auditor => Role::Auditor,
            Self::FirstAdministrator | Self::SecondAdministrator => Role::Administrator,
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Handler => "handler",
            Self::Decider => "decider",
            Self::Reviewer => "reviewer",
            Self::Delegate => "delegate",
            Self::Officer => "data-protection-officer",
            Self::Auditor => "auditor",
            Self::FirstAdministrator => "administrator-1",
            Self::SecondAdministrator => "administrator-2",
        }
    }
}

impl Cast {
    /// Everybody, each with a new key. Their names follow from the seed; keys and ids are random.
    pub(super) fn new(seed: u64, today: Day, folder: PathBuf) -> Result<Self, DemoError> {
        // Other people than those whom the cases are about.
        let mut cast = Self { members: Vec::new(), people: People::new(!seed, today), folder };
        for part in [Part::FirstAdministrator, Part::SecondAdministrator, Part::Officer, Part::Auditor] {
            cast.add(part, None)?;
        }
        for board in 0..BOARDS.len() {
            for part in [Part::Handler, Part::Decider, Part::Reviewer, Part::Delegate] {
                cast.add(part, Some(board))?;
            }
        }
        Ok(cast)
    }

    fn add(&mut self, part: Part, board: Option<usize>) -> Result<(), DemoError> {
        let person = self.people.next().expect("a municipality has more people than staff");
        let name = format!("{} {}", person.given_name, person.surname);
        let (actor, key) = (ActorId(random_id()?), signer::generate()?);
        self.members.push(Member { part, board, actor, key, name, generation: 1 });
        Ok(())
    }

    /// All of them.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    fn index(&self, board: usize, part: Part) -> usize {
        let fits = |member: &Member| member.part == part && member.board.is_none_or(|one| one == board);
        self.members.iter().position(fits).expect("every board has every part")
    }

    /// Who takes a part at a board; parts of the whole municipality have one holder.
    pub(super) fn member(&self, board: usize, part: Part) -> &Member {
        &self.members[self.index(board, part)]
    }

    /// Their enrolment, within their board, from a day on.
    pub(super) fn enrolment(
        &self,
        member: &Member,
        ledger: &LedgerId,
        controllers: &[ControllerId],
        from: Day,
    ) -> KeyEnrolled {
        let controller = member.board.map(|board| controllers[board]);
        let scope = Scope { controller, ..Scope::default() };
        let key = public_key(&member.key);
        KeyEnrolled {
            actor: member.actor,
            key,
            grants: vec![Grant { role: member.part.role(), scope, from, until: None }],
            expires: None,
            possession: possession(ledger, member.actor, &member.key),
        }
    }

    /// Whether the founding has enrolled them already.
    pub(super) const fn is_founder(member: &Member) -> bool {
        matches!(member.part, Part::FirstAdministrator | Part::SecondAdministrator)
    }

    /// Gives somebody another key; the old one is returned.
    pub(super) fn renew_key(&mut self, board: usize, part: Part) -> Result<SigningKey, DemoError> {
        let index = self.index(board, part);
        let member = &mut self.members[index];
        member.generation += 1;
        Ok(std::mem::replace(&mut member.key, signer::generate()?))
    }

    /// Puts another person into a part; the key of whoever left is returned.
    pub(super) fn replace(&mut self, board: usize, part: Part) -> Result<SigningKey, DemoError> {
        let person = self.people.next().expect("a municipality has more people than staff");
        let index = self.index(board, part);
        self.members[index].actor = ActorId(random_id()?);
        self.members[index].name = format!("{} {}", person.given_name, person.surname);
        self.renew_key(board, part)
    }

    /// Writes the keys that are in force, so that one can go on by hand.
    pub(super) fn write_keys(&self, disk: &dyn Disk) -> Result<(), DemoError> {
        disk.create_directory(&self.folder)?;
        for member in &self.members {
            signer::write(disk, &self.key_file(member), &member.key, None)?;
        }
        Ok(())
    }

    /// Where somebody's key lies: named by board and part, not by person.
    pub(super) fn key_file(&self, member: &Member) -> PathBuf {
        let board = member.board.map_or(String::new(), |board| format!("{}-", BOARDS[board].short));
        let later = if member.generation > 1 { format!("-{}", member.generation) } else { String::new() };
        self.folder.join(format!("{board}{}{later}.pem", member.part.file()))
    }
}

/// The proof that somebody holds a key.
pub(super) fn possession(ledger: &LedgerId, actor: ActorId, key: &SigningKey) -> BodySignature {
    let message = possession_message(ledger, &actor, &public_key(key));
    BodySignature::from_bytes(&sign(key, Domain::Possession, &[&message]))
}
