//! What the law forbids, tried: each attempt goes the whole way, signed by somebody with the right
//! role, and comes back with a code and a paragraph.

use vandel_core::admit::{Evidence, ExitClass, Refusal};
use vandel_core::event::{
    Assessment, Authenticity, Finding, Identity, Kind, Note, Outcome, Process, RoleCode, Step,
};
use vandel_core::id::{AssignmentId, SubjectId, ThreadId};
use vandel_core::time::Period;
use vandel_ledger::handle::new_handle;
use vandel_ledger::submission::SubmitError;

use super::act::{Act, Part};
use super::cast::random_id;
use super::fate::{Fate, Incident};
use super::stage::Stage;
use super::{DemoError, RefusalShown};

/// Who tries, who approves, what, and what the author says to have seen.
struct Attempt {
    title: &'static str,
    author: (usize, Part),
    approver: Option<(usize, Part)>,
    step: Step,
    evidence: Option<Evidence>,
}

impl Stage<'_> {
    /// Tries all of it. A case that the story lacks is left out.
    pub(super) fn try_the_forbidden(&mut self) -> Result<Vec<RefusalShown>, DemoError> {
        let mut shown = Vec::new();
        for attempt in self.attempts()? {
            let Attempt { title, author, approver, step, evidence } = attempt;
            let answer = self.attempt(author, approver, &step, evidence)?;
            match answer {
                Err(SubmitError::Refused(refusal)) => shown.push(as_shown(title, &refusal)),
                Err(error) => return Err(DemoError::Unexpected { what: title.to_owned(), error }),
                Ok(_) => return Err(DemoError::Story("what the law forbids was taken")),
            }
        }
        Ok(shown)
    }

    fn attempts(&self) -> Result<Vec<Attempt>, DemoError> {
        let mut attempts = vec![
            self.opening_attempt("A check for support to disabled children", "LSS_CHILD", None)?,
            self.opening_attempt("A check of a payroll clerk", "NONE", None)?,
        ];
        if let Some(school) = self.open_case("SCHOOL") {
            attempts.push(self.over_documentation(school)?);
            attempts.push(self.assessment_of_a_note(school)?);
            attempts.push(self.old_extract(school)?);
            let same = Some(self.cases[school].assignment);
            attempts.push(self.opening_attempt(
                "A second candidate asked for one vacancy",
                "SCHOOL",
                same,
            )?);
        }
        attempts.extend(self.open_case("HVB").map(|case| self.unheard(case)).transpose()?);
        attempts.extend(self.held_case().map(|case| self.one_for_two(case)).transpose()?);
        Ok(attempts)
    }

    fn open_case(&self, role: &str) -> Option<usize> {
        self.script
            .cases
            .iter()
            .position(|case| case.outline.fate == Fate::UnderWay && self.script.posts[case.post].role == role)
    }

    fn held_case(&self) -> Option<usize> {
        self.script.cases.iter().position(|case| {
            case.outline.incident == Incident::HoldInForce
                && case.steps.iter().any(|step| matches!(step.act, Act::Hold(_)))
        })
    }

    fn board(&self, case: usize) -> usize {
        self.script.posts[self.script.cases[case].post].board
    }

    fn step(&self, case: usize, kind: Kind) -> Result<Step, DemoError> {
        Ok(Step::new(self.spine(self.cases[case].thread, kind)?))
    }

    fn opening_attempt(
        &self,
        title: &'static str,
        role: &'static str,
        assignment: Option<AssignmentId>,
    ) -> Result<Attempt, DemoError> {
        let post = self.script.posts.iter().position(|post| post.role == role);
        // The second candidate is asked for the very post of the first.
        let same = assignment.and_then(|one| self.cases.iter().position(|case| case.assignment == one));
        let post = same.map(|case| self.script.cases[case].post).or(post);
        let post = post.ok_or(DemoError::Story("there is no such post"))?;
        let subject = SubjectId(random_id()?);
        let example = &self.script.cases[0];
        let mut opening = self.opening(0);
        opening.subject = subject;
        opening.role = RoleCode(role.to_owned());
        opening.controller = self.controllers[self.script.posts[post].board];
        opening.unit = self.units[post];
        opening.position = Some(self.positions[post]);
        opening.assignment = assignment.unwrap_or(AssignmentId(random_id()?));
        opening.occasion = vandel_core::event::Occasion::NewEmployment;
        opening.offered = None;
        let mut step = Step::new(self.spine(ThreadId(random_id()?), Kind::CaseOpened)?);
        step.identity = Some(Identity {
            subject,
            handle: new_handle()?,
            number: example.person.identity.clone(),
            surname: example.person.surname.clone(),
            given_name: example.person.given_name.clone(),
            protected: false,
        });
        step.process = Some(Process::CaseOpened(opening));
        let author = (self.script.posts[post].board, Part::Handler);
        Ok(Attempt { title, author, approver: None, step, evidence: None })
    }

    /// A note with the extract's date and a remark, where the law allows the note alone.
    fn over_documentation(&self, case: usize) -> Result<Attempt, DemoError> {
        let mut step = self.step(case, Kind::ExtractShown)?;
        step.note = Some(Note::Shown {
            issued: Some(self.today.minus(Period::days(10))),
            law: None,
            registers: None,
            authenticity: None,
            remark: Some("Utan anmärkning".to_owned()),
        });
        let title = "The date of an extract written down at a school";
        Ok(Attempt { title, author: (self.board(case), Part::Decider), approver: None, step, evidence: None })
    }

    fn assessment_of_a_note(&self, case: usize) -> Result<Attempt, DemoError> {
        let mut step = self.step(case, Kind::AssessmentMade)?;
        let finding = Finding { offence: "–".to_owned(), years_ago: 1, relevance: "–".to_owned() };
        step.assessment = Some(Assessment::Findings(vec![finding]));
        let title = "Entries of an extract written down at a school";
        Ok(Attempt { title, author: (self.board(case), Part::Decider), approver: None, step, evidence: None })
    }

    fn old_extract(&self, case: usize) -> Result<Attempt, DemoError> {
        let mut step = self.step(case, Kind::ExtractShown)?;
        step.note =
            Some(Note::Shown { issued: None, law: None, registers: None, authenticity: None, remark: None });
        let evidence = Evidence {
            issued: Some(self.today.minus(Period::months(14))),
            law: Some("2010:800".to_owned()),
            registers: Some(vec![vandel_core::event::Register::CriminalRecords]),
            authenticity: Some(Authenticity::ControlService),
            offered: None,
        };
        let title = "An extract that is fourteen months old";
        let author = (self.board(case), Part::Decider);
        Ok(Attempt { title, author, approver: None, step, evidence: Some(evidence) })
    }

    fn unheard(&self, case: usize) -> Result<Attempt, DemoError> {
        let mut step = self.step(case, Kind::DecisionMade)?;
        step.process = Some(Process::DecisionMade {
            outcome: Outcome::NotFit,
            delegation: "Delegationsordningen punkt 4.2".to_owned(),
            follow_up: None,
            support: None,
        });
        let title = "Turned down without having been heard";
        Ok(Attempt { title, author: (self.board(case), Part::Decider), approver: None, step, evidence: None })
    }

    fn one_for_two(&self, case: usize) -> Result<Attempt, DemoError> {
        let steps = self.script.cases[case].steps.iter();
        let own = steps.filter(|step| !matches!(step.act, Act::Read(_)));
        let number = own.take_while(|step| !matches!(step.act, Act::Hold(_))).count();
        let mut step = self.step(case, Kind::Released)?;
        step.process = Some(Process::Released { number: u32::try_from(number).unwrap_or(u32::MAX) });
        let delegate = (self.board(case), Part::Delegate);
        let title = "A hold released by one person signing for two";
        Ok(Attempt { title, author: delegate, approver: Some(delegate), step, evidence: None })
    }
}

fn as_shown(title: &'static str, refusal: &Refusal) -> RefusalShown {
    RefusalShown {
        title,
        code: refusal.code(),
        message: refusal.to_string(),
        paragraph: refusal.paragraph(),
        exit: match refusal.exit_class() {
            ExitClass::NotAuthorised => 6,
            ExitClass::NotFound => 7,
            ExitClass::Refused => 8,
            ExitClass::Conflict => 9,
        },
    }
}
