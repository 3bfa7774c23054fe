//! The course of one case: from its outline to steps on days.

use vandel_core::event::{
    AppealOutcome, HoldGround, Outcome, Purpose, RejectionReason, RestrictionGround, Support,
};
use vandel_core::time::{Day, Period};

use super::act::{Act, Part, Planned};
use super::fate::{Fate, Incident, Outline};
use super::people::Person;
use super::random::Random;

/// Writes the steps of one case in their order; days only move forward, over working days.
pub(super) struct Course<'r> {
    random: &'r mut Random,
    outline: Outline,
    day: Day,
    steps: Vec<Planned>,
}

/// The next working day, the day itself included.
pub(super) fn working_day(day: Day) -> Day {
    // 1970-01-01 was a Thursday.
    match (day.days_since_epoch() + 3).rem_euclid(7) {
        5 => day.plus(Period::days(2)),
        6 => day.plus(Period::days(1)),
        _ => day,
    }
}

/// The steps of a case that opens on a day. `other` is somebody else: whoever was meant when the case
/// was opened for the wrong person, or whose name or number the person now has.
pub(super) fn steps(
    random: &mut Random,
    outline: Outline,
    opened: Day,
    person: &Person,
    other: &Person,
) -> Vec<Planned> {
    let mut course = Course { random, outline, day: opened, steps: Vec::new() };
    course.take(Part::Handler, Act::Open);
    course.early(person, other);
    match outline.role {
        "HVB" | "CARE_FETCH" => course.with_decision(),
        _ => course.with_note_only(),
    }
    course.late();
    course.steps
}

impl Course<'_> {
    fn wait(&mut self, least: u16, most: u16) {
        let days = u32::from(least) + self.random.below(u32::from(most - least) + 1);
        let days = u16::try_from(days).unwrap_or(most);
        self.day = working_day(self.day.plus(Period::days(days)));
    }

    fn take(&mut self, by: Part, act: Act) {
        self.steps.push(Planned { day: self.day, by, act });
    }

    /// The number in the case that the last step has; readings stand in their reader's thread.
    fn last_number(&self) -> u32 {
        let own = self.steps.iter().filter(|step| !matches!(step.act, Act::Read(_))).count();
        u32::try_from(own).unwrap_or(u32::MAX).saturating_sub(1)
    }

    fn early(&mut self, person: &Person, other: &Person) {
        match self.outline.incident {
            Incident::Reassigned => {
                self.wait(0, 1);
                self.take(Part::Handler, Act::Reassign(Box::new(other.clone())));
            }
            Incident::NumberReceived => {
                let identity = other.identity.clone();
                self.wait(1, 2);
                self.take(
                    Part::Handler,
                    Act::ChangeIdentity(Box::new(Person { identity, ..person.clone() })),
                );
            }
            _ if person.protected => self.take(Part::Handler, Act::Read(Purpose::Handling)),
            _ => {}
        }
        if self.outline.incident == Incident::NameChanged {
            let surname = other.surname.clone();
            self.wait(1, 3);
            self.take(Part::Handler, Act::ChangeIdentity(Box::new(Person { surname, ..person.clone() })));
        }
    }

    /// Skollagen, 2013:852, 2026:43: a note, and nothing else, whatever came of it.
    fn with_note_only(&mut self) {
        let noted_by = if self.outline.role == "SCHOOL_HOME" { Part::Handler } else { Part::Decider };
        match self.outline.fate {
            Fate::UnderWay => return,
            Fate::NotShown => self.wait(10, 25),
            Fate::Exempted => {
                self.wait(1, 3);
                self.take(Part::Decider, Act::Exempt);
            }
            _ => {
                self.wait(3, 15);
                let days_old = u16::try_from(2 + self.random.below(90)).unwrap_or(2);
                self.take(noted_by, Act::Show { days_old });
                self.wait(0, 4);
            }
        }
        self.take(Part::Handler, Act::Close);
    }

    /// 2007:171 and 1999:1134: information, extract, assessment of entries, decision.
    fn with_decision(&mut self) {
        self.take(Part::Handler, Act::Inform);
        self.wait(0, 2);
        self.take(Part::Handler, Act::Acknowledge);
        match self.outline.fate {
            Fate::UnderWay => return,
            Fate::Withdrew => {
                self.wait(2, 9);
                self.take(Part::Handler, Act::Withdraw);
                self.take(Part::Handler, Act::Close);
                return;
            }
            _ => {}
        }
        let paper = self.random.chance(400);
        self.see_the_extract(paper);
        let has_entries = matches!(
            self.outline.fate,
            Fate::EntriesFit
                | Fate::EntriesSupport
                | Fate::NotFit
                | Fate::NotFitAppealed
                | Fate::NotFitInterrupted
        );
        if has_entries {
            self.assess();
        }
        self.decide(has_entries);
    }

    fn see_the_extract(&mut self, paper: bool) {
        if self.outline.role == "CARE_FETCH" {
            self.wait(1, 4);
            self.take(Part::Handler, Act::Fetch);
            return;
        }
        if self.outline.fate == Fate::Exempted {
            self.wait(1, 2);
            self.take(Part::Decider, Act::Exempt);
            return;
        }
        self.take(Part::Handler, Act::Request);
        self.wait(5, 14);
        if self.outline.fate == Fate::Rejected {
            let reasons = [RejectionReason::TooOld, RejectionReason::WrongLaw, RejectionReason::Unverified];
            let reason = self.random.pick(&reasons);
            self.take(Part::Handler, Act::Reject(reason));
            self.take(Part::Handler, Act::Request);
            self.wait(5, 14);
        }
        let days_old = u16::try_from(1 + self.random.below(60)).unwrap_or(1);
        self.take(Part::Decider, Act::Show { days_old });
        self.take(Part::Handler, Act::Store { paper });
    }

    fn assess(&mut self) {
        let years_ago = u8::try_from(1 + self.random.below(14)).unwrap_or(1);
        let grave =
            matches!(self.outline.fate, Fate::NotFit | Fate::NotFitAppealed | Fate::NotFitInterrupted);
        self.take(Part::Handler, Act::Assess { years_ago, grave });
        self.wait(2, 5);
        self.take(Part::Handler, Act::Hear);
        self.wait(1, 4);
        self.take(Part::Reviewer, Act::Read(Purpose::Deciding));
        self.take(Part::Reviewer, Act::Review);
        self.wait(1, 3);
    }

    fn decide(&mut self, reasons: bool) {
        let outcome = match self.outline.fate {
            Fate::NotFit | Fate::NotFitAppealed | Fate::NotFitInterrupted => Outcome::NotFit,
            Fate::EntriesSupport => Outcome::FitWithSupport,
            _ => Outcome::Fit,
        };
        let support = (outcome == Outcome::FitWithSupport).then(|| {
            self.random.pick(&[Support::Supervision, Support::AdjustedDuties, Support::Counselling])
        });
        self.wait(0, 2);
        self.take(Part::Decider, Act::Decide { outcome, support, reasons });
        if outcome == Outcome::NotFit { self.after_refusing() } else { self.after_hiring() }
    }

    fn after_refusing(&mut self) {
        let stored = self.steps.iter().any(|step| matches!(step.act, Act::Store { .. }));
        if stored {
            self.wait(0, 7);
            self.take(Part::Handler, Act::Return);
        }
        self.take(Part::Handler, Act::Close);
        if self.outline.fate == Fate::NotFitAppealed {
            self.wait(10, 20);
            self.take(Part::Handler, Act::Appeal);
            self.wait(40, 90);
            self.take(Part::Handler, Act::Settle(AppealOutcome::Upheld));
        }
        self.wait(22, 26);
        self.take(Part::Handler, Act::GainLegalForce);
        if self.outline.fate == Fate::NotFitInterrupted {
            self.wait(60, 120);
            self.take(Part::Handler, Act::Interrupt);
        }
    }

    fn after_hiring(&mut self) {
        self.take(Part::Handler, Act::Close);
        self.wait(22, 26);
        self.take(Part::Handler, Act::GainLegalForce);
        self.wait(3, 30);
        self.take(Part::Handler, Act::Start);
        match self.outline.incident {
            Incident::Moved => {
                self.wait(60, 150);
                self.take(Part::Handler, Act::Move);
            }
            Incident::Ended => {
                self.wait(40, 300);
                self.take(Part::Handler, Act::End);
            }
            _ => {}
        }
    }

    fn late(&mut self) {
        match self.outline.incident {
            Incident::HoldReleased | Incident::HoldInForce => {
                self.wait(5, 20);
                self.take(Part::Handler, Act::Hold(HoldGround::DisclosureRequest));
                self.release_unless(Incident::HoldInForce, Purpose::Disclosure);
            }
            Incident::RestrictionReleased | Incident::Restricted => {
                self.wait(5, 20);
                self.take(Part::Officer, Act::Restrict(RestrictionGround::Contested));
                self.release_unless(Incident::Restricted, Purpose::SubjectAccess);
            }
            Incident::Rectified => {
                self.wait(1, 6);
                self.take(Part::Handler, Act::Rectify { number: 0 });
            }
            _ => {}
        }
    }

    fn release_unless(&mut self, in_force: Incident, purpose: Purpose) {
        let number = self.last_number();
        self.take(Part::Officer, Act::Read(purpose));
        if self.outline.incident != in_force {
            self.wait(10, 40);
            self.take(Part::Officer, Act::Release { number });
        }
    }
}
