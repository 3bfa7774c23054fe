//! The questions that the views answer. Answers are plain structures for printing; what they hold is
//! personal data, so whoever shows one to a person records the reading.

mod answer;
mod calendar;
mod due_answer;
mod next;
mod plan;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use vandel_core::chain::Chain;
use vandel_core::event::{Compartment, ThreadSort};
use vandel_core::hash::Hash;
use vandel_core::id::{ActorId, ControllerId, ThreadId, UnitId};
use vandel_core::person::PersonalNumber;
use vandel_core::view::CaseRow;
use vandel_ledger::sealing::thread_key;

pub use answer::{
    CaseAnswer, HoldAnswer, KeyAnswer, PositionAnswer, ReadingAnswer, Standing, Status, StepAnswer,
};
pub use due_answer::{DueAnswer, WhyAnswer};
pub use plan::Planned;

use crate::clocks;
use crate::fold::{handle_term, token_key};
use crate::projector::ProjectError;
use crate::row::{ProcessRow, ReadingRow, Row, SpineRow};
use crate::rows::{Rows, Stored};
use crate::seal::{Term, digest_next, digest_piece, digest_start, spine_key};
use crate::store::Table;
use crate::tail::Position;

/// Which cases to list. What is not set lets every case through.
#[derive(Clone, Default)]
pub struct Filter {
    /// Of this status.
    pub status: Option<Status>,
    /// For this role.
    pub role: Option<String>,
    /// Of this board.
    pub controller: Option<ControllerId>,
    /// Of this unit.
    pub unit: Option<UnitId>,
    /// With this text in handle, name or reference.
    pub text: Option<String>,
    /// After this case of the page before: [`CaseAnswer::key`].
    pub after: Option<[u8; 16]>,
    /// At most so many; none for all.
    pub limit: Option<usize>,
}

/// A view, to be asked.
pub struct Views<'a> {
    stored: Stored<'a>,
    chain: &'a Chain,
    position: Position,
}

impl<'a> Views<'a> {
    pub(crate) fn new(stored: Stored<'a>, chain: &'a Chain, position: Position) -> Self {
        Self { stored, chain, position }
    }

    /// The case of a handle. The handle is unique unless a person gave it twice; then the first.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn case_by_handle(&self, handle: &str) -> Result<Option<CaseAnswer>, ProjectError> {
        let wanted = handle_term(handle);
        let found = self.threads_of(Term::Handle, wanted.as_bytes())?;
        for thread in found {
            let case = self.case(&thread)?;
            if case.as_ref().and_then(|case| case.handle.as_deref()).map(handle_term) == Some(wanted.clone())
            {
                return Ok(case);
            }
        }
        Ok(None)
    }

    /// The cases of a recruitment, by its reference.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn cases_by_reference(&self, reference: &str) -> Result<Vec<CaseAnswer>, ProjectError> {
        let wanted = reference.trim();
        let cases = self.answers(self.threads_of(Term::Reference, wanted.as_bytes())?)?;
        Ok(cases
            .into_iter()
            .filter(|case| case.reference.as_deref().map(str::trim) == Some(wanted))
            .collect())
    }

    /// One case; none for other threads, and for cases that have been erased.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn case(&self, thread: &ThreadId) -> Result<Option<CaseAnswer>, ProjectError> {
        match self.stored.spine(thread)? {
            Some(spine) if spine.sort == ThreadSort::Case => self.answer(&spine).map(Some),
            _ => Ok(None),
        }
    }

    /// Cases in a fixed order that tells nothing.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn cases(&self, filter: &Filter) -> Result<Vec<CaseAnswer>, ProjectError> {
        let mut cases = Vec::new();
        let from = filter.after.as_ref().map_or(Bound::Unbounded, |after| Bound::Excluded(&after[..]));
        for pair in self.stored.store.scan(Table::Spines, from) {
            if filter.limit.is_some_and(|limit| cases.len() >= limit) {
                break;
            }
            let (key, _) = pair?;
            let Some(spine) = self.stored.spine_at(&key)? else { continue };
            if spine.sort == ThreadSort::Case {
                let case = self.answer(&spine)?;
                if filter.lets_through(&case) {
                    cases.push(case);
                }
            }
        }
        Ok(cases)
    }

    /// The steps of a case, in order.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn timeline(&self, thread: &ThreadId) -> Result<Vec<StepAnswer>, ProjectError> {
        let spine = self.stored.spine(thread)?;
        Ok(spine.map(|spine| StepAnswer::of_all(&spine.steps)).unwrap_or_default())
    }

    /// All keys ever enrolled.
    ///
    /// # Errors
    /// If the view can't be read.
    pub fn keys(&self) -> Result<Vec<KeyAnswer>, ProjectError> {
        let mut keys = Vec::new();
        for key in self.stored.keys(Table::Keys, &[])? {
            if let Some(Row::Key(entry)) = self.stored.row(Table::Keys, &key)? {
                keys.push(KeyAnswer::of(&key, &entry));
            }
        }
        Ok(keys)
    }

    /// What a person has read, in the order of the ledger.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn readings_by(&self, reader: &ActorId) -> Result<Vec<ReadingAnswer>, ProjectError> {
        let mut rows = Vec::new();
        for key in self.stored.keys(Table::Readings, &[])? {
            if let Some(Row::Reading(row)) = self.stored.row(Table::Readings, &key)?
                && row.actor == *reader
            {
                rows.push(row);
            }
        }
        self.reading_answers(rows)
    }

    /// Who has read a case, in the order of the ledger.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn readings_of(&self, case: &ThreadId) -> Result<Vec<ReadingAnswer>, ProjectError> {
        let mut rows = Vec::new();
        for key in self.stored.keys(Table::Tokens, &token_key(&self.stored, Term::ReadCase, &case.0, &[]))? {
            if let Some(Row::Reading(row)) = self.stored.row(Table::Readings, &key[17..])?
                && row.case == Some(*case)
            {
                rows.push(row);
            }
        }
        self.reading_answers(rows)
    }

    fn reading_answers(&self, mut rows: Vec<ReadingRow>) -> Result<Vec<ReadingAnswer>, ProjectError> {
        rows.sort_by_key(|row| row.record);
        let mut answers = Vec::new();
        for row in rows {
            let case = row.case.as_ref().map(|case| self.handle_of(case)).transpose()?.flatten();
            answers.push(ReadingAnswer::of(&row, case));
        }
        Ok(answers)
    }

    /// Assessed positions.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn positions(&self) -> Result<Vec<PositionAnswer>, ProjectError> {
        let mut positions = Vec::new();
        for key in self.stored.keys(Table::Spines, &[])? {
            let Some(spine) = self.stored.spine_at(&key)? else { continue };
            let process = self.stored.process(&spine.thread)?;
            if let Some(assessment) = process.as_ref().and_then(|row| row.position.as_ref()) {
                positions.push(PositionAnswer::of(&spine, assessment));
            }
        }
        Ok(positions)
    }

    /// Shows every thread, with what was done in it, as far as either still opens.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn each_spine(
        &self,
        mut show: impl FnMut(&SpineRow, Option<&ProcessRow>),
    ) -> Result<(), ProjectError> {
        for key in self.stored.keys(Table::Spines, &[])? {
            if let Some(spine) = self.stored.spine_at(&key)? {
                show(&spine, self.stored.process(&spine.thread)?.as_deref());
            }
        }
        Ok(())
    }

    /// Where the view stands against the chain.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            position: self.position.records,
            head: self.position.head.to_string(),
            behind: self.chain.size().saturating_sub(self.position.records),
            schema: crate::projector::SCHEMA,
        }
    }

    /// The state digest: over every row that still opens, tables and keys in order. It depends on the
    /// rows alone, not on how they are sealed: two vaults' worth of different ciphertexts of the same
    /// state have the same digest.
    ///
    /// # Errors
    /// If a row can't be opened although its key is there.
    pub fn digest(&self) -> Result<Hash, ProjectError> {
        let mut digest = digest_start("projection", &self.chain.ledger);
        for table in Table::ROWS {
            for pair in self.stored.store.scan(table, Bound::Unbounded) {
                let (key, sealed) = pair?;
                if let Some(row) = self.stored.sealer.open(table, &key, &sealed)? {
                    digest = digest_next(&digest, &digest_piece(table, &key, &row));
                }
            }
        }
        Ok(digest)
    }

    /// The rows of the published view over cases, as these views have them now, and the last record that
    /// any of them has folded.
    ///
    /// # Errors
    /// As [`Views::digest`].
    pub fn case_rows(&self) -> Result<(Vec<CaseRow>, Option<u64>), ProjectError> {
        let (mut rows, mut last) = (Vec::new(), None);
        for key in self.stored.keys(Table::Spines, &[])? {
            let Some(spine) = self.stored.spine_at(&key)? else { continue };
            if spine.sort == ThreadSort::Case {
                last = last.max(spine.steps.last().map(|step| step.record));
                rows.push(CaseRow { thread: spine.thread, count: spine.count, last: spine.statement });
            }
        }
        Ok((rows, last))
    }

    /// How many rows still open, by table.
    ///
    /// # Errors
    /// As [`Views::digest`].
    pub fn counts(&self) -> Result<BTreeMap<&'static str, u64>, ProjectError> {
        let mut counts = BTreeMap::new();
        for table in Table::ROWS {
            for pair in self.stored.store.scan(table, Bound::Unbounded) {
                let (key, sealed) = pair?;
                if self.stored.sealer.open(table, &key, &sealed)?.is_some() {
                    *counts.entry(table.name()).or_insert(0) += 1;
                }
            }
        }
        Ok(counts)
    }

    /// All people's numbers, opened once and kept in memory only: nothing on the disk can be tested
    /// against a number.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn numbers(&self) -> Result<Numbers, ProjectError> {
        let mut cases: BTreeMap<PersonalNumber, BTreeSet<ThreadId>> = BTreeMap::new();
        for key in self.stored.keys(Table::Identities, &[])? {
            if let Some(Row::Identity(row)) = self.stored.row(Table::Identities, &key)?
                && let Some(number) = row.identity.number.number()
            {
                cases.entry(number.clone()).or_default().insert(row.thread);
            }
        }
        Ok(Numbers { cases })
    }

    /// The cases of a person, by number; in no meaningful order.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn cases_by_number(
        &self,
        numbers: &Numbers,
        number: &PersonalNumber,
    ) -> Result<Vec<CaseAnswer>, ProjectError> {
        self.answers(numbers.cases.get(number).into_iter().flatten().copied().collect())
    }

    fn answers(&self, threads: Vec<ThreadId>) -> Result<Vec<CaseAnswer>, ProjectError> {
        let cases = threads.iter().map(|thread| self.case(thread));
        Ok(cases.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    fn threads_of(&self, term: Term, value: &[u8]) -> Result<Vec<ThreadId>, ProjectError> {
        let mut threads = Vec::new();
        for key in self.stored.keys(Table::Tokens, &token_key(&self.stored, term, value, &[]))? {
            threads.extend(self.stored.spine_at(&key[17..])?.map(|spine| spine.thread));
        }
        Ok(threads)
    }

    fn handle_of(&self, thread: &ThreadId) -> Result<Option<String>, ProjectError> {
        let identities = self.stored.identities(&spine_key(thread).0)?;
        Ok(identities.into_iter().next_back().map(|row| row.into_owned().identity.handle))
    }

    fn answer(&self, spine: &SpineRow) -> Result<CaseAnswer, ProjectError> {
        let thread = &spine.thread;
        let process = self.stored.process(thread)?;
        let identity =
            self.stored.identities(&spine_key(thread).0)?.pop().map(|row| row.into_owned().identity);
        let note = self.stored.note(thread)?;
        let policy = clocks::policy_of(self.chain, spine, process.as_deref());
        let next = next::next_step(spine, policy);
        let relies_on = match note.as_ref().and_then(|note| note.relies_on) {
            Some(earlier) => self.handle_of(&earlier)?,
            None => None,
        };
        Ok(CaseAnswer::of(spine, process.map(Cow::into_owned), identity, relies_on, next))
    }

    /// The records that hold a thread's steps, in order.
    fn records_of(&self, thread: &ThreadId) -> Result<Option<Vec<u64>>, ProjectError> {
        let Some(spine) = self.stored.spine(thread)? else { return Ok(None) };
        if spine.sort != ThreadSort::Reader {
            return Ok(Some(spine.steps.iter().map(|step| step.record).collect()));
        }
        let mut records = Vec::new();
        for key in self.stored.keys(Table::Readings, &thread_key(Compartment::Reads, thread).0)? {
            if let Some(Row::Reading(row)) = self.stored.row(Table::Readings, &key)? {
                records.push(row.record);
            }
        }
        Ok(Some(records))
    }
}

/// People's numbers and their cases, in memory only. Prints no digit.
pub struct Numbers {
    cases: BTreeMap<PersonalNumber, BTreeSet<ThreadId>>,
}

impl std::fmt::Debug for Numbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Numbers({} sealed)", self.cases.len())
    }
}

impl Filter {
    fn lets_through(&self, case: &CaseAnswer) -> bool {
        let is = |wanted: Option<String>, found: &Option<String>| wanted.is_none() || wanted == *found;
        let text = self.text.as_ref().is_none_or(|text| {
            let text = text.to_lowercase();
            let fields = [&case.handle, &case.surname, &case.given_name, &case.reference];
            fields.into_iter().flatten().any(|field| field.to_lowercase().contains(&text))
        });
        self.status.is_none_or(|status| status == case.status)
            && is(self.role.clone(), &case.role)
            && is(self.controller.map(|id| id.to_string()), &case.controller)
            && is(self.unit.map(|id| id.to_string()), &case.unit)
            && text
    }
}
