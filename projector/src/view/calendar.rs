//! The retention calendar's questions: what is due, what is late, and why.

use std::ops::Bound;
use std::sync::LazyLock;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use vandel_core::event::{Compartment, ThreadSort};
use vandel_core::id::{SubjectId, ThreadId};
use vandel_core::retention::{Due, DueState};
use vandel_core::time::{Day, Period};

use crate::clocks::{self, day_prefix};
use crate::projector::ProjectError;
use crate::row::{ClockRow, Row};
use crate::rows::Rows;
use crate::seal::spine_key;
use crate::store::Table;
use crate::view::{DueAnswer, Views, WhyAnswer};

/// So many entries of the calendar are looked up by one thread, and so many at a time.
const EACH: usize = 4;
const TOGETHER: usize = 128;
/// Threads that wait for the disk: more than there are cores. None where the system gives no threads.
static WAITERS: LazyLock<Option<ThreadPool>> =
    LazyLock::new(|| ThreadPoolBuilder::new().num_threads(8).build().ok());

impl Views<'_> {
    /// What is to be erased by so many days after a day, earliest first; what is held is listed too.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn due(&self, as_of: Day, within_days: u16) -> Result<Vec<DueAnswer>, ProjectError> {
        self.due_from(as_of, within_days, None, usize::MAX)
    }

    /// As [`Views::due`], a page of it: no more than `count`, from a place in the calendar on. A place is a day and,
    /// within it, the name of a vault key; those are spread evenly.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn due_from(
        &self,
        as_of: Day,
        within_days: u16,
        from: Option<(Day, [u8; 16])>,
        count: usize,
    ) -> Result<Vec<DueAnswer>, ProjectError> {
        let until = day_prefix(as_of.plus(Period::days(within_days)));
        let from = from.map(|(day, key)| clocks::calendar_key(day, &key));
        let from = from.as_deref().map_or(Bound::Unbounded, Bound::Included);
        let until_then = |entry: &Result<Vec<u8>, ProjectError>| {
            entry.as_ref().map_or(true, |entry| entry.get(..4).is_none_or(|day| *day <= until[..]))
        };
        let entries = self.stored.store.scan(Table::Calendar, from).map(|pair| Ok(pair?.0));
        let mut entries = entries.take_while(until_then);
        let mut answers = Vec::new();
        while answers.len() < count {
            let wanted = (count - answers.len()).min(TOGETHER);
            let together = entries.by_ref().take(wanted).collect::<Result<Vec<_>, _>>()?;
            if together.is_empty() {
                break;
            }
            answers.extend(self.answers_at(&together, as_of)?);
        }
        Ok(answers)
    }

    /// What entries of the calendar stand for, in their order. Where nobody has asked for them before, nearly all the
    /// time goes by in waiting for the disk, for a handful of places each: many threads wait at once.
    fn answers_at(&self, entries: &[Vec<u8>], as_of: Day) -> Result<Vec<DueAnswer>, ProjectError> {
        let of_lot = |lot: &[Vec<u8>]| -> Result<Vec<DueAnswer>, ProjectError> {
            lot.iter().filter_map(|entry| self.answer_at(entry, as_of).transpose()).collect()
        };
        let lots: Vec<Vec<DueAnswer>> = match &*WAITERS {
            Some(waiters) if entries.len() > EACH => {
                waiters.install(|| entries.par_chunks(EACH).map(of_lot).collect::<Result<_, _>>())?
            }
            _ => vec![of_lot(entries)?],
        };
        Ok(lots.into_iter().flatten().collect())
    }

    /// None for an entry whose clock has moved, or whose key is gone.
    fn answer_at(&self, entry: &[u8], as_of: Day) -> Result<Option<DueAnswer>, ProjectError> {
        let Some((day, key)) = entry.split_at_checked(4) else { return Ok(None) };
        let Some(Row::Clock(clock)) = self.stored.row(Table::Clocks, key)? else { return Ok(None) };
        if clock.date.is_none_or(|date| day_prefix(date) != *day) {
            return Ok(None);
        }
        let handle = self.handle_of(&clock.thread)?;
        Ok(Some(DueAnswer::of(&clock, state(&clock, as_of), handle)))
    }

    /// What should have been erased before a day.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn overdue(&self, as_of: Day) -> Result<Vec<DueAnswer>, ProjectError> {
        let mut due = self.due(as_of, 0)?;
        due.retain(|answer| answer.state == DueState::Overdue.name());
        Ok(due)
    }

    /// When each compartment of a case is due, and why, step by step.
    ///
    /// # Errors
    /// If the view or the vault can't be read.
    pub fn why(&self, thread: &ThreadId, as_of: Day) -> Result<Vec<WhyAnswer>, ProjectError> {
        let mut dues = clocks::dues_of(&self.stored, self.chain, thread, as_of)?;
        dues.extend(self.identity_due_of(thread, as_of)?);
        Ok(dues.iter().map(WhyAnswer::of).collect())
    }

    fn subject_of(&self, thread: &ThreadId) -> Result<Option<SubjectId>, ProjectError> {
        Ok(self.stored.identities(&spine_key(thread).0)?.pop().map(|row| row.identity.subject))
    }

    pub(super) fn identity_due_of(&self, thread: &ThreadId, as_of: Day) -> Result<Option<Due>, ProjectError> {
        let Some(subject) = self.subject_of(thread)? else { return Ok(None) };
        Ok(clocks::identity_due(&self.stored, self.chain, &subject, as_of)?.map(|(due, _)| due))
    }

    pub(super) fn existing_of(&self, thread: &ThreadId) -> Result<Vec<Compartment>, ProjectError> {
        let mut existing: Vec<_> = clocks::existing(&self.stored, thread)?.into_iter().collect();
        let sort = self.stored.spine(thread)?.map(|spine| spine.sort);
        if sort == Some(ThreadSort::Reader)
            && self.records_of(thread)?.is_some_and(|records| !records.is_empty())
        {
            existing.push(Compartment::Reads);
        }
        if !self.stored.identities(&spine_key(thread).0)?.is_empty() {
            existing.push(Compartment::Identity);
        }
        Ok(existing)
    }
}

/// Where a clock stands on a day; as [`vandel_core::retention::due`] has it.
fn state(clock: &ClockRow, as_of: Day) -> DueState {
    match (clock.date, clock.no_later_than) {
        (None, _) => DueState::NotStarted,
        _ if clock.held => DueState::Held,
        (Some(date), _) if as_of < date => DueState::Running,
        (_, Some(last)) if last < as_of => DueState::Overdue,
        _ => DueState::DueWithin,
    }
}

/// For planning erasures, and for showing that nothing is left after one. What can't be read is answered as
/// there, so that no case is called erased which is only damaged; the sequencer judges plans for itself.
impl Views<'_> {
    /// The records of a thread, in order; none if there is no such thread.
    #[must_use]
    pub fn records(&self, thread: &ThreadId) -> Option<Vec<u64>> {
        self.records_of(thread).ok().flatten()
    }

    /// The compartments of a thread that still exist, without the spine.
    #[must_use]
    pub fn existing(&self, thread: &ThreadId) -> Vec<Compartment> {
        // Everything, if it can't be read: then no spine goes.
        self.existing_of(thread).unwrap_or_else(|_| Compartment::ALL.to_vec())
    }

    /// The numbers of the steps whose identity parts still exist, ascending.
    #[must_use]
    pub fn identities(&self, thread: &ThreadId) -> Vec<u32> {
        let rows = self.stored.identities(&spine_key(thread).0).unwrap_or_default();
        let mut numbers: Vec<u32> = rows.into_iter().map(|row| row.number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// When a compartment is due, seen on a day.
    #[must_use]
    pub fn compartment_due(&self, thread: &ThreadId, compartment: Compartment, as_of: Day) -> Option<Due> {
        if compartment == Compartment::Identity {
            return self.identity_due_of(thread, as_of).ok().flatten();
        }
        let dues = clocks::dues_of(&self.stored, self.chain, thread, as_of).ok()?;
        dues.into_iter().find(|due| due.compartment == compartment)
    }
}
