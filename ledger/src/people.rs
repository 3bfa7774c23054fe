//! Who is in the ledger: handles, numbers and cases, from opened identities, in memory only.
//!
//! Nothing of it ever touches the disk: some forty million numbers are plausible, and whoever steals one could try
//! them all against any derived form. In memory people are hashes under a random salt that dies with the index, so
//! that a core dump tells nothing to who does not have that too. It is made when it is first asked for, kept up to
//! date by the sequencer, and thrown away when something is erased.

use std::collections::HashMap;
use std::io;

use vandel_core::codec::put_bytes;
use vandel_core::event::{Identity, Opening};
use vandel_core::hash::sha256;
use vandel_core::id::{AssignmentId, ControllerId, SubjectId, ThreadId};
use vandel_core::person::IdentityNumber;
use zeroize::Zeroizing;

/// What a person is recognised by.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PersonKey {
    /// The number.
    Number(String),
    /// Surname and given name in lower case, of who has no number.
    Name(String, String),
}

impl PersonKey {
    /// What this person is recognised by.
    #[must_use]
    pub fn of(number: &IdentityNumber, surname: &str, given_name: &str) -> Self {
        match number.number() {
            Some(number) => Self::Number(number.reveal().to_owned()),
            None => Self::Name(surname.to_lowercase(), given_name.to_lowercase()),
        }
    }
}

/// A person, as the index knows one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Token([u8; 16]);

/// A person, a recruitment and a role: what makes two openings the same case.
type CaseKey = (Token, String, String);

struct Entry {
    handle: String,
    person: Token,
    case: Option<CaseKey>,
}

/// The index.
#[derive(Default)]
pub struct People {
    /// For ids of people and recruitments that are not in the ledger yet.
    salt: Zeroizing<[u8; 32]>,
    entries: HashMap<ThreadId, Entry>,
    handles: HashMap<String, ThreadId>,
    /// Whom a key stands for, and in which cases.
    subjects: HashMap<Token, (SubjectId, Vec<ThreadId>)>,
    cases: HashMap<CaseKey, usize>,
    assignments: HashMap<(ControllerId, String), AssignmentId>,
}

impl People {
    /// An index of nobody.
    ///
    /// # Errors
    /// If the operating system gives no randomness.
    pub(crate) fn new() -> io::Result<Self> {
        let mut people = Self::default();
        getrandom::fill(&mut *people.salt)
            .map_err(|_| io::Error::other("the operating system gives no randomness"))?;
        Ok(people)
    }

    /// Takes the identity in force in a case, in the place of an earlier one.
    pub(crate) fn take(&mut self, thread: ThreadId, identity: &Identity, opening: Option<&Opening>) {
        self.forget(&thread);
        let person = PersonKey::of(&identity.number, &identity.surname, &identity.given_name);
        let person = self.token(&person);
        let case = opening.map(|opening| (person, opening.reference.clone(), opening.role.0.clone()));
        if let Some(opening) = opening {
            self.assignments.insert((opening.controller, opening.reference.clone()), opening.assignment);
        }
        self.handles.insert(identity.handle.clone(), thread);
        self.subjects.entry(person).or_insert((identity.subject, Vec::new())).1.push(thread);
        if let Some(case) = &case {
            *self.cases.entry(case.clone()).or_default() += 1;
        }
        self.entries.insert(thread, Entry { handle: identity.handle.clone(), person, case });
    }

    fn forget(&mut self, thread: &ThreadId) {
        let Some(Entry { handle, person, case }) = self.entries.remove(thread) else { return };
        self.handles.remove(&handle);
        if let Some((_, cases)) = self.subjects.get_mut(&person) {
            cases.retain(|case| case != thread);
            if cases.is_empty() {
                self.subjects.remove(&person);
            }
        }
        if let Some(case) = case
            && let Some(count) = self.cases.remove(&case).filter(|count| *count > 1)
        {
            self.cases.insert(case, count - 1);
        }
    }

    /// The case that has this handle, in its one spelling.
    #[must_use]
    pub fn by_handle(&self, handle: &str) -> Option<ThreadId> {
        self.handles.get(handle).copied()
    }

    /// The id of a person in earlier cases.
    #[must_use]
    pub fn subject(&self, person: &PersonKey) -> Option<SubjectId> {
        self.subjects.get(&self.token(person)).map(|(subject, _)| *subject)
    }

    /// The cases of a person, in no order.
    #[must_use]
    pub fn cases_of(&self, person: &PersonKey) -> Vec<ThreadId> {
        self.subjects.get(&self.token(person)).map_or_else(Vec::new, |(_, cases)| cases.clone())
    }

    /// How many cases have an identity that opens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn token(&self, person: &PersonKey) -> Token {
        Token(match person {
            PersonKey::Number(number) => self.new_id(&[b"known number", number.as_bytes()]),
            PersonKey::Name(surname, given_name) => {
                self.new_id(&[b"known name", surname.as_bytes(), given_name.as_bytes()])
            }
        })
    }

    /// The id of a person in earlier cases, or the one to give a new person: always the same while this
    /// index lives, so that asking twice tells nobody whether the person is in the ledger.
    #[must_use]
    pub fn subject_or_new(&self, person: &PersonKey) -> SubjectId {
        self.subject(person).unwrap_or_else(|| {
            SubjectId(match person {
                PersonKey::Number(number) => self.new_id(&[b"number", number.as_bytes()]),
                PersonKey::Name(surname, given_name) => {
                    self.new_id(&[b"name", surname.as_bytes(), given_name.as_bytes()])
                }
            })
        })
    }

    /// The id that a recruitment's reference has had under this board.
    #[must_use]
    pub fn assignment(&self, controller: ControllerId, reference: &str) -> Option<AssignmentId> {
        self.assignments.get(&(controller, reference.to_owned())).copied()
    }

    /// The id to give a recruitment that is not in the ledger yet.
    #[must_use]
    pub fn new_assignment(&self, controller: ControllerId, reference: &str) -> AssignmentId {
        AssignmentId(self.new_id(&[b"assignment", &controller.0, reference.as_bytes()]))
    }

    /// Random to everybody who does not know the salt, which never leaves this memory.
    fn new_id(&self, pieces: &[&[u8]]) -> [u8; 16] {
        let mut bytes = Zeroizing::new(self.salt.to_vec());
        pieces.iter().for_each(|piece| put_bytes(&mut bytes, piece));
        let mut id = [0; 16];
        id.copy_from_slice(&sha256(&[&bytes]).0[..16]);
        id
    }

    /// Whether a person has a case of this role in this recruitment.
    #[must_use]
    pub fn has_case(&self, person: &PersonKey, reference: &str, role: &str) -> bool {
        self.cases.contains_key(&(self.token(person), reference.to_owned(), role.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vandel_core::person::NoNumberReason;

    fn identity(handle: &str, surname: &str, subject: u8) -> Identity {
        Identity {
            subject: SubjectId([subject; 16]),
            handle: handle.to_owned(),
            number: IdentityNumber::None { reason: NoNumberReason::NotResident },
            surname: surname.to_owned(),
            given_name: "Göran".to_owned(),
            protected: false,
        }
    }

    #[test]
    fn an_identity_that_is_replaced_is_no_longer_known_unless_another_case_has_it() {
        let mut people = People::default();
        let (first, second) = (ThreadId([1; 16]), ThreadId([2; 16]));
        people.take(first, &identity("K-A", "Ek", 1), None);
        people.take(second, &identity("K-B", "Ek", 1), None);
        let ek = PersonKey::Name("ek".to_owned(), "göran".to_owned());
        people.take(first, &identity("K-A", "Alm", 1), None);
        assert_eq!(people.subject(&ek), Some(SubjectId([1; 16])), "the second case still has it");
        assert_eq!(people.cases_of(&ek), [second]);
        people.take(second, &identity("K-C", "Alm", 1), None);
        assert_eq!((people.subject(&ek), people.cases_of(&ek).len(), people.len()), (None, 0, 2));
        assert_eq!((people.by_handle("K-B"), people.by_handle("K-C")), (None, Some(second)));
    }
}
