//! Requests: what persons have asked for, and by when each is to be answered.
//!
//! Added up from the notices ([`Notice`]) of all threads: the last word on each case and right, and whether the time
//! was extended while it still could be.

use std::collections::BTreeMap;

use crate::erasure::{Notice, NoticeMark, Right};
use crate::id::ThreadId;
use crate::time::{Day, Period};

/// GDPR art. 12.3: without undue delay and in any event within one month of receipt.
const TO_ANSWER: Period = Period { years: 0, months: 1, days: 0 };
/// The same: that may be extended by two further months; the person is told so within the first.
const EXTENDED: Period = Period { years: 0, months: 3, days: 0 };

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestState {
    /// The answer is due and not late.
    Open,
    /// The last day to answer has passed.
    Late,
    /// Answered.
    Answered,
    /// Refused.
    Refused,
}

/// What was asked about a case under one right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The right.
    pub right: Right,
    /// The day the request came.
    pub received: Day,
    /// The notice that extended the time to answer.
    pub extended: Option<&'a NoticeMark>,
    /// The last word: that it came, was answered or refused.
    pub last: &'a NoticeMark,
}

/// All requests, by right and case. `marks` come in any order.
pub(super) fn requests<'a>(
    marks: impl Iterator<Item = &'a NoticeMark>,
) -> BTreeMap<(Right, ThreadId), Request<'a>> {
    let mut sorted: Vec<&NoticeMark> = marks.collect();
    sorted.sort_by_key(|mark| mark.record);
    let mut requests: BTreeMap<(Right, ThreadId), Request<'_>> = BTreeMap::new();
    for mark in sorted {
        let (Some(right), Some(received), Some(about)) =
            (mark.notice.right(), mark.notice.received(), mark.about)
        else {
            continue;
        };
        let key = (right, about);
        if matches!(mark.notice, Notice::AnswerExtended { .. }) {
            // Said too late, or of a request that is no more, it extends nothing.
            let in_time = mark.day <= received.plus(TO_ANSWER);
            if let Some(request) = requests.get_mut(&key)
                && request.received == received
                && request.waits()
                && in_time
            {
                request.extended = Some(mark);
            }
            continue;
        }
        let extended = requests.get(&key).filter(|request| request.received == received);
        let extended = extended.and_then(|request| request.extended);
        requests.insert(key, Request { right, received, extended, last: mark });
    }
    requests
}

impl Request<'_> {
    /// Whether it has neither been answered nor refused.
    #[must_use]
    pub const fn waits(&self) -> bool {
        matches!(self.last.notice, Notice::ErasureRequested { .. } | Notice::AccessRequested { .. })
    }

    /// The last day to answer.
    #[must_use]
    pub fn answer_by(&self) -> Day {
        self.received.plus(if self.extended.is_some() { EXTENDED } else { TO_ANSWER })
    }

    /// The last day on which the time to answer can be extended.
    #[must_use]
    pub fn extend_by(&self) -> Day {
        self.received.plus(TO_ANSWER)
    }

    /// Where it stands on a day. That the case of a request for erasure is gone is for the caller to tell.
    #[must_use]
    pub fn state(&self, as_of: Day) -> RequestState {
        match self.last.notice {
            Notice::ErasureRefused { .. } | Notice::AccessRefused { .. } => RequestState::Refused,
            Notice::AccessAnswered { .. } => RequestState::Answered,
            _ if self.answer_by() < as_of => RequestState::Late,
            _ => RequestState::Open,
        }
    }
}

impl RequestState {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Late => "late",
            Self::Answered => "answered",
            Self::Refused => "refused",
        }
    }
}

/// The last day to answer a request that came on a day and is not extended.
#[must_use]
pub fn answer_by(received: Day) -> Day {
    received.plus(TO_ANSWER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ActorId;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn mark(record: u64, on: &str, notice: Notice) -> NoticeMark {
        NoticeMark { notice, about: Some(ThreadId([1; 16])), actor: ActorId([2; 16]), day: day(on), record }
    }

    fn extended(received: &str) -> Notice {
        let reason = "uppgifter hos tre nämnder".to_owned();
        Notice::AnswerExtended { right: Right::Access, received: day(received), reason }
    }

    #[test]
    fn a_month_to_answer_and_two_more_if_said_within_the_first() {
        let asked = mark(1, "2026-01-31", Notice::AccessRequested { received: day("2026-01-31") });
        let in_time = mark(2, "2026-02-28", extended("2026-01-31"));
        let late = mark(2, "2026-03-01", extended("2026-01-31"));
        let another = mark(2, "2026-02-01", extended("2026-01-30"));
        for (extension, answer_by, on, state) in [
            (None, "2026-02-28", "2026-02-28", RequestState::Open),
            (None, "2026-02-28", "2026-03-01", RequestState::Late),
            (Some(&in_time), "2026-04-30", "2026-04-30", RequestState::Open),
            (Some(&in_time), "2026-04-30", "2026-05-01", RequestState::Late),
            (Some(&late), "2026-02-28", "2026-03-01", RequestState::Late),
            (Some(&another), "2026-02-28", "2026-03-01", RequestState::Late),
        ] {
            let all = requests(extension.into_iter().chain([&asked]));
            let request = &all[&(Right::Access, ThreadId([1; 16]))];
            assert_eq!(request.answer_by(), day(answer_by), "{extension:?}");
            assert_eq!(request.state(day(on)), state, "{extension:?} on {on}");
        }
    }

    #[test]
    fn each_right_has_its_own_last_word_and_a_new_request_its_own_month() {
        let received = day("2026-01-10");
        let how = String::new();
        let marks = [
            mark(1, "2026-01-10", Notice::AccessRequested { received }),
            mark(2, "2026-01-10", Notice::ErasureRequested { received }),
            mark(3, "2026-01-11", extended("2026-01-10")),
            mark(4, "2026-01-20", Notice::AccessAnswered { received, how }),
            mark(5, "2026-06-01", Notice::AccessRequested { received: day("2026-06-01") }),
        ];
        let about = ThreadId([1; 16]);
        let before = requests(marks[..4].iter());
        assert_eq!(before[&(Right::Access, about)].state(received), RequestState::Answered);
        assert_eq!(before[&(Right::Erasure, about)].state(day("2026-02-11")), RequestState::Late);
        let after = requests(marks.iter());
        assert_eq!(
            after[&(Right::Access, about)].answer_by(),
            day("2026-07-01"),
            "not extended with the first"
        );
    }
}
