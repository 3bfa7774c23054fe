//! From what somebody does to the step that says so, with what its kind and its law ask for.

use vandel_core::admit::Evidence;
use vandel_core::event::{
    Assessment, Authenticity, Compartment, Copy, Field, Finding, HoldGround, Identity, Note, Opening,
    PositionAssessment, Process, Purpose, Reading, Reasons, Register, RoleCode, Spine, Step,
};
use vandel_core::policy::RolePolicy;
use vandel_core::time::{Day, Period};

use super::Stage;
use crate::demo::DemoError;
use crate::demo::act::{Act, Part};
use crate::demo::cast::random_id;
use crate::demo::people::Person;
use crate::demo::script::CaseScript;

impl Stage<'_> {
    /// The role's law as it was when the case was opened.
    fn law(&self, case: usize) -> Result<&RolePolicy, DemoError> {
        let script = &self.script.cases[case];
        let opened = script.steps.first().map_or(self.today, |step| step.day);
        let policy = self.ledger.sequencer.chain().policy_on(opened);
        policy
            .and_then(|adopted| adopted.pack.role_on(self.script.posts[script.post].role, opened).ok())
            .ok_or(DemoError::NoLaw { role: self.script.posts[script.post].role, day: opened })
    }

    /// The step, and what its author saw that is not kept.
    pub(super) fn fill(
        &self,
        case: usize,
        act: &Act,
        spine: Spine,
    ) -> Result<(Step, Option<Evidence>), DemoError> {
        let mut step = Step::new(spine);
        let script = &self.script.cases[case];
        match act {
            Act::Open => {
                step.identity = Some(self.identity(case, &script.person));
                step.process = Some(Process::CaseOpened(self.opening(case)));
            }
            Act::Reassign(person) => {
                // Somebody else, hence another subject.
                let subject = vandel_core::id::SubjectId(random_id()?);
                step.identity = Some(Identity { subject, ..self.identity(case, person) });
            }
            Act::ChangeIdentity(person) => step.identity = Some(self.identity(case, person)),
            Act::Show { days_old } => return self.show(case, *days_old, step),
            Act::Exempt => step.note = Some(self.exemption(script)?),
            Act::Store { paper } => step.copy = Some(copy(*paper)),
            Act::Return => step.copy = Some(Copy::Returned),
            Act::Assess { .. } | Act::Hear | Act::Review => step.assessment = assessment(act),
            Act::Decide { reasons, .. } => {
                step.process = self.process(case, act)?;
                step.assessment = reasons.then(|| Assessment::Reasons(why()));
            }
            Act::Read(purpose) => step.reading = Some(self.reading(case, *purpose)),
            _ => step.process = self.process(case, act)?,
        }
        Ok((step, None))
    }

    fn identity(&self, case: usize, person: &Person) -> Identity {
        Identity {
            subject: self.cases[case].subject,
            handle: self.cases[case].handle.clone(),
            number: person.identity.clone(),
            surname: person.surname.clone(),
            given_name: person.given_name.clone(),
            protected: person.protected,
        }
    }

    /// What a case is opened for.
    pub(in crate::demo) fn opening(&self, case: usize) -> Opening {
        let script = &self.script.cases[case];
        let post = self.script.posts[script.post];
        let ids = &self.cases[case];
        let opened = script.steps.first().map_or(self.today, |step| step.day);
        Opening {
            subject: ids.subject,
            controller: self.controllers[post.board],
            unit: self.units[script.post],
            assignment: ids.assignment,
            reference: reference(case, opened),
            role: RoleCode(post.role.to_owned()),
            position: Some(self.positions[script.post]),
            occasion: script.outline.occasion,
            offered: matches!(post.role, "HVB" | "CARE_FETCH").then(|| opened.minus(Period::days(3))),
        }
    }

    /// An extract that fits the case's law. Where the law lets nothing but the note be kept, what was
    /// seen is checked and gone.
    fn show(
        &self,
        case: usize,
        days_old: u16,
        mut step: Step,
    ) -> Result<(Step, Option<Evidence>), DemoError> {
        let law = self.law(case)?;
        let issued = Some(step.spine.day.minus(Period::days(days_old)));
        let registers = Some(law.registers.clone());
        let authenticity = Some(if days_old.is_multiple_of(3) {
            Authenticity::PaperOriginal
        } else {
            Authenticity::ControlService
        });
        let sfs = law.law.sfs.clone();
        let evidence = if law.may_record_field(Field::ShownIssued) {
            step.note = Some(Note::Shown { issued, law: sfs, registers, authenticity, remark: None });
            None
        } else {
            step.note = Some(Note::Shown {
                issued: None,
                law: None,
                registers: None,
                authenticity: None,
                remark: None,
            });
            Some(Evidence { issued, law: sfs, registers, authenticity, offered: None })
        };
        Ok((step, evidence))
    }

    fn exemption(&self, script: &CaseScript) -> Result<Note, DemoError> {
        let earlier = script.earlier.map(|index| self.cases[index].thread);
        let known = earlier.map(|thread| self.ledger.sequencer.case(&thread)).transpose()?.flatten();
        let noted = earlier.zip(known).and_then(|(thread, case)| {
            let (statement, _) = case.noted?;
            Some(Note::Exempted { thread, statement })
        });
        noted.ok_or(DemoError::Story("an exemption relies on a case without a note"))
    }

    fn process(&self, case: usize, act: &Act) -> Result<Option<Process>, DemoError> {
        let script = &self.script.cases[case];
        let post = self.script.posts[script.post];
        let review = self.today.plus(Period::months(3));
        let registers = || -> Result<Vec<Register>, DemoError> { Ok(self.law(case)?.registers.clone()) };
        let owner = |part| self.cast.member(post.board, part).actor;
        Ok(Some(match act {
            Act::Inform => Process::InformationGiven(registers()?),
            Act::Acknowledge => Process::InformationAcknowledged,
            Act::Withdraw => Process::CandidateWithdrew,
            Act::Request => Process::ExtractRequested(registers()?),
            Act::Reject(reason) => Process::ExtractRejected(*reason),
            Act::Fetch => Process::AuthorityFetched {
                registers: registers()?,
                need: "Arbete nära patienter som vårdas med tvång".to_owned(),
            },
            Act::Decide { outcome, support, .. } => Process::DecisionMade {
                outcome: *outcome,
                delegation: "Delegationsordningen punkt 4.2".to_owned(),
                follow_up: support.map(|_| self.today.plus(Period::months(6))),
                support: *support,
            },
            Act::Appeal => Process::AppealLodged { reference: format!("FR 4{:03}-25", case % 1_000) },
            Act::Settle(outcome) => Process::AppealSettled(*outcome),
            Act::GainLegalForce => Process::LegalForceGained,
            Act::Start => Process::EmploymentStarted,
            Act::Move => Process::EmploymentMoved {
                controller: self.controllers[post.board],
                unit: self.units[self.other_unit(script.post)],
            },
            Act::End => Process::EmploymentEnded,
            Act::Close => Process::CaseClosed,
            Act::Rectify { number } => Process::Rectified {
                number: *number,
                correction: "Rekryteringens diarienummer var felskrivet".to_owned(),
            },
            Act::Hold(ground) => {
                Process::Held { ground: *ground, owner: owner(Part::Handler), review, remark: held(*ground) }
            }
            Act::Restrict(ground) => Process::Restricted {
                ground: *ground,
                owner: owner(Part::Officer),
                review,
                remark: "Den registrerade bestrider uppgiften".to_owned(),
            },
            Act::Release { number } => Process::Released { number: *number },
            Act::Interrupt => Process::Interrupted { reference: format!("ANM 2026/{case}") },
            _ => return Ok(None),
        }))
    }

    /// Another unit of the same board and role, or the same if it has one only.
    fn other_unit(&self, post: usize) -> usize {
        let posts = &self.script.posts;
        let other = (0..posts.len()).find(|index| *index != post && posts[*index].role == posts[post].role);
        other.unwrap_or(post)
    }

    fn reading(&self, case: usize, purpose: Purpose) -> Reading {
        let protected = self.script.cases[case].person.protected;
        Reading {
            thread: Some(self.cases[case].thread),
            purpose,
            remark: if protected { "Skyddade personuppgifter".to_owned() } else { String::new() },
            compartments: vec![Compartment::Identity, Compartment::Process],
            count: 1,
        }
    }

    /// The auditor looks at a list of cases, not at one.
    pub(super) fn fill_overview(&self, spine: Spine) -> Result<Step, DemoError> {
        let known = self.ledger.sequencer.threads()?.len();
        let mut step = Step::new(spine);
        step.reading = Some(Reading {
            thread: None,
            purpose: Purpose::Audit,
            remark: "Kvartalsvis stickprov".to_owned(),
            compartments: vec![Compartment::Process],
            count: u32::try_from(known).unwrap_or(u32::MAX).min(25),
        });
        Ok(step)
    }

    /// The assessment of a post.
    pub(super) fn fill_position(&self, index: usize, spine: Spine) -> Step {
        let post = self.script.posts[index];
        let (year, ..) = self.today.ymd();
        let mut step = Step::new(spine);
        step.process = Some(Process::PositionAssessed(PositionAssessment {
            controller: self.controllers[post.board],
            unit: self.units[index],
            role: RoleCode(post.role.to_owned()),
            title: post.title.to_owned(),
            need: "Arbete med människor som behöver skydd; mindre ingripande åtgärder räcker inte".to_owned(),
            union_reference: format!("MBL {year}/{}", 100 + index),
            impact_reference: format!("DPIA {year}/{}", 10 + post.board),
            until: None,
        }));
        step
    }
}

/// The recruitment's number in the register of the authority.
fn reference(case: usize, opened: Day) -> String {
    let (year, ..) = opened.ymd();
    format!("REK-{year}/{:05}", 10_000 + case)
}

fn copy(paper: bool) -> Copy {
    if paper {
        Copy::Paper { place: "Närarkivet, skåp 3, pärm HVB".to_owned() }
    } else {
        Copy::Document {
            media_type: "text/plain".to_owned(),
            bytes: "Registerutdrag (påhittat för visning; inget verkligt innehåll)".as_bytes().to_vec(),
        }
    }
}

fn assessment(act: &Act) -> Option<Assessment> {
    Some(match act {
        Act::Assess { years_ago, grave } => {
            let (offence, relevance) = match grave {
                true => ("Misshandel", "Nära samband med arbetsuppgifterna"),
                false => ("Ringa stöld", "Utan samband med arbetsuppgifterna"),
            };
            let (offence, relevance) = (offence.to_owned(), relevance.to_owned());
            Assessment::Findings(vec![Finding { offence, years_ago: *years_ago, relevance }])
        }
        Act::Hear => Assessment::Heard("Berättar om omständigheterna och om tiden sedan dess".to_owned()),
        Act::Review => Assessment::Reviewed { agrees: true, opinion: "Delar bedömningen".to_owned() },
        _ => return None,
    })
}

fn why() -> Reasons {
    Reasons {
        relevance: "Gärningens art vägd mot befattningens uppgifter".to_owned(),
        time_elapsed: "Tiden sedan gärningen vägd in".to_owned(),
        remark: String::new(),
    }
}

fn held(ground: HoldGround) -> String {
    match ground {
        HoldGround::DisclosureRequest => "Begäran om utlämnande prövas".to_owned(),
        HoldGround::Dispute => "Tvist pågår".to_owned(),
        HoldGround::Supervision => "Tillsyn pågår".to_owned(),
    }
}
