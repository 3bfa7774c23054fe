//! Coverage and conduct: payloads damaged, missing or destroyed in secret, and rules broken by an
//! operator who skips admission.

use std::sync::Arc;

use vandel_core::erasure::{ErasureReason, Ground, Line, Plan};
use vandel_core::event::{
    Compartment, ErasureStarted, Identity, KeyRevoked, Kind, OpenEvent, Process, Revocation, Role,
};
use vandel_core::id::{ActorId, SubjectId, ThreadId};
use vandel_core::person::IdentityNumber;
use vandel_core::signature::public_key;
use vandel_core::time::Second;
use vandel_core::verify::{Audit, Level, LogEnd, Opening, Openings, Report, Request, Verdict, Wanted};
use vandel_ledger::author::{sign_event, sign_step};
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::sealing::{thread_key, to_entry};
use vandel_ledger::sequencer::Sequencer;
use vandel_ledger::signer;
use vandel_ledger::vault::{FileCell, Vault, VaultConfig};
use vandel_tests::ledger_builder::{LedgerBuilder, NOON, next_step, today};
use vandel_tests::operator::Operator;

use crate::{blocks_of, run_home, with_a_case};

fn verdict(report: &Report, level: Level) -> Verdict {
    report.levels.iter().find(|one| one.level == level).unwrap().verdict
}

#[test]
fn a_damaged_payload_is_found_with_its_record() {
    let built = with_a_case();
    let vault = built.home.vault();
    let bundle = std::fs::read_dir(&vault).unwrap().map(|entry| entry.unwrap().path());
    let bundle = bundle.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("bundle-"));
    let bundle = bundle.max().unwrap();
    let bytes = std::fs::read(&bundle).unwrap();
    let mut found = 0;
    for offset in (0..bytes.len()).step_by(97) {
        let mut flipped = bytes.clone();
        flipped[offset] ^= 1;
        std::fs::write(&bundle, flipped).unwrap();
        let report = run_home(&built);
        // Padding between frames, if any, carries nothing.
        if report.exit != 0 {
            found += 1;
            assert_eq!(report.exit, 3, "byte {offset}");
            assert_eq!(verdict(&report, Level::Integrity), Verdict::Passed);
            assert_eq!(verdict(&report, Level::Coverage), Verdict::Failed);
            let finding = &report.findings[0];
            assert!(finding.record.is_some_and(|record| record >= 3), "{finding:#?}");
        }
    }
    println!("{found} of {} flipped bytes of a bundle found by coverage", bytes.len().div_ceil(97));
    assert!(found > 0);
}

/// Answers one record differently from the vault.
struct Instead<F: FnMut() -> Opening> {
    vault: Vault,
    record: u64,
    answer: F,
}

impl<F: FnMut() -> Opening + Send> Openings for Instead<F> {
    fn openings(&mut self, wanted: &[Wanted]) -> Vec<Opening> {
        let answer = |wanted: &Wanted| {
            if wanted.record == self.record {
                return (self.answer)();
            }
            match vandel_ledger::sealing::from_opened(self.vault.get(wanted.record).unwrap().unwrap()) {
                vandel_ledger::sealing::Unsealed::Payload(payload) => Opening::Whole(payload),
                other => panic!("{other:?}"),
            }
        };
        wanted.iter().map(answer).collect()
    }
}

fn vault_of(built: &LedgerBuilder, writes: bool) -> Vault {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let cell = Box::new(FileCell::new(disk.clone(), &built.home.root_cell()));
    let (folder, config) = (built.home.vault(), VaultConfig::default());
    let open = if writes { Vault::open } else { Vault::open_read_only };
    open(disk, &folder, built.ledger, cell, config).unwrap()
}

fn audit_instead(built: &LedgerBuilder, record: u64, answer: impl FnMut() -> Opening + Send) -> Report {
    let mut openings = Instead { vault: vault_of(built, false), record, answer };
    let mut audit = Audit::new(Request::default(), Some(&mut openings));
    blocks_of(built).into_iter().for_each(|block| audit.block(block));
    audit.finish(LogEnd::Whole)
}

#[test]
fn what_neither_opens_nor_was_erased_is_a_violation() {
    let built = with_a_case();
    let last = run_home(&built).size - 1;
    for record in last - 3..=last {
        for (answer, code) in [(0, "payload-missing"), (1, "erased-without-erasure"), (2, "payload-damaged")]
        {
            let report = audit_instead(&built, record, || match answer {
                0 => Opening::Missing,
                1 => Opening::Erased,
                _ => Opening::Damaged("torn".to_owned()),
            });
            assert_eq!(report.exit, 3);
            assert!(
                report.findings.iter().any(|finding| finding.code == code && finding.record == Some(record)),
                "{code} at {record}: {:#?}",
                report.findings
            );
            assert_eq!(report.findings[0].record, Some(record), "{code}: {:#?}", report.findings);
        }
    }
    // Another record's payload does not fit the commitment.
    let vault = vault_of(&built, false);
    let report = audit_instead(&built, last, || {
        match vandel_ledger::sealing::from_opened(vault.get(last - 1).unwrap().unwrap()) {
            vandel_ledger::sealing::Unsealed::Payload(payload) => Opening::Whole(payload),
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(
        (report.findings[0].code.as_str(), report.findings[0].record),
        ("payload-commitment", Some(last))
    );
}

/// An operator who skips admission takes a step that the law forbids to record.
#[test]
fn a_rule_broken_by_hand_is_found_with_its_paragraph() {
    let built = with_a_case();
    let open = built.open();
    let case = ThreadId([0x11 ^ 0x80; 16]);
    let mut step = next_step(&open.sequencer, case, Kind::EmploymentStarted, |_| ());
    step.process = Some(Process::EmploymentStarted);
    let signed = sign_step(&open.sequencer.standpoint(), &built.decider, None, &step, None).unwrap();
    open.close().unwrap();

    let operator = Operator::of(&built);
    let mut history = operator.history(&built);
    let record = history.iter().map(|block| block.len() as u64).sum();
    history.push(vec![(NOON, signed.submission.statement)]);
    operator.rewrite(&built, &history);
    let mut payload = signed.submission.payload.unwrap();
    vault_of(&built, true).put(&[to_entry(record, signed.hash, &mut payload, &step)]).unwrap();

    let report = run_home(&built);
    assert_eq!(report.exit, 3, "{report:#?}");
    let finding = &report.findings[0];
    assert_eq!((finding.code.as_str(), finding.record), ("kind-not-recordable", Some(record)));
    assert!(finding.paragraph.as_ref().unwrap().contains("2010:800"), "{finding:#?}");
    assert_eq!(verdict(&report, Level::Integrity), Verdict::Passed);
    assert_eq!(verdict(&report, Level::Conduct), Verdict::Failed);
}

#[test]
fn records_of_a_key_revoked_as_suspect_are_listed() {
    let built = with_a_case();
    let mut open = built.open();
    let thief = signer::generate().unwrap();
    built.enrol(&mut open.sequencer, &thief, ActorId([4; 16]), Role::Decider);
    let revoked = KeyRevoked {
        key: public_key(&built.decider),
        reason: Revocation::Compromised,
        suspect_since: Some(Second(NOON.0 - 60)),
    };
    built.say(&mut open.sequencer, OpenEvent::KeyRevoked(revoked)).unwrap();
    open.close().unwrap();
    let report = run_home(&built);
    assert_eq!(report.exit, 0, "what was signed before the revocation stays valid: {report:#?}");
    assert_eq!(report.suspects[0].records.len(), 4);
    assert!(!report.suspects[0].at_least);
}

/// What the protocol erased is covered, also while it is under way; what it did not name is not.
#[test]
fn an_erasure_covers_what_it_names() {
    let built = with_a_case();
    let mut open = built.open();
    let delegate = signer::generate().unwrap();
    built.enrol(&mut open.sequencer, &delegate, ActorId([4; 16]), Role::ControllersDelegate);
    let case = ThreadId([0x11 ^ 0x80; 16]);
    let disposal = built.decide(&mut open.sequencer, &["note", "case", "identity"]);
    built.ask_for_erasure(&mut open.sequencer, case);
    let ground = |(compartment, class): (Compartment, &str)| Ground {
        compartment,
        reason: ErasureReason::Request,
        class: (!class.is_empty()).then(|| class.to_owned()),
        due: today(),
    };
    let records = open.sequencer.threads().expect("the threads").get(&case).unwrap().records.clone();
    let line = Line {
        pseudonym: [1; 8],
        thread: case,
        identities: Vec::new(),
        records: records.clone(),
        compartments: [(Compartment::Note, "note")].map(ground).to_vec(),
    };
    let plan =
        Plan { ledger: built.ledger, salt: [7; 32], as_of: today(), disposal, lines: vec![line.clone()] };
    open.sequencer.store_plan(&plan).unwrap();
    let event = |plan: &Plan| {
        OpenEvent::ErasureStarted(ErasureStarted {
            records: plan.records(),
            plan: plan.hash(),
            expires: Second(NOON.0 + 3_600),
        })
    };
    let sign = |sequencer: &Sequencer, plan: &Plan| {
        sign_event(&sequencer.standpoint(), &built.administrators[0], Some(&delegate), event(plan))
    };
    let signed = sign(&open.sequencer, &plan);
    let started = open.sequencer.start_erasure(signed).unwrap().record;
    assert_eq!(run_home(&built).exit, 0, "under way");
    open.sequencer.execute_erasure(started).unwrap();
    let report = run_home(&built);
    assert_eq!(report.exit, 0, "parts are gone, the spine stands: {report:#?}");

    let rest =
        [(Compartment::Process, "case"), (Compartment::Identity, "identity"), (Compartment::Spine, "")];
    let spine = Line { identities: vec![0], compartments: rest.map(ground).to_vec(), ..line };
    let plan = Plan { salt: [8; 32], lines: vec![spine], ..plan };
    open.sequencer.store_plan(&plan).unwrap();
    let signed = sign(&open.sequencer, &plan);
    let started = open.sequencer.start_erasure(signed).unwrap().record;
    open.sequencer.execute_erasure(started).unwrap();
    let report = run_home(&built);
    assert_eq!((report.exit, report.counts.erased), (0, records.len() as u64), "all is gone: {report:#?}");

    let position =
        open.sequencer.threads().expect("the threads").get(&ThreadId([0x11; 16])).unwrap().records.clone();
    let keys = [thread_key(Compartment::Process, &ThreadId([0x11; 16]))].into();
    open.sequencer.vault_mut().erase(&keys, &position.iter().copied().collect()).unwrap();
    let report = run_home(&built);
    let finding = &report.findings[0];
    assert_eq!(
        (report.exit, finding.code.as_str(), finding.record),
        (3, "erased-without-erasure", Some(position[0]))
    );
}

#[test]
fn a_replaced_identity_needs_no_erasure() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    built.case(&mut open.sequencer, 0x11);
    let changed = next_step(&open.sequencer, ThreadId([0x11 ^ 0x80; 16]), Kind::IdentityChanged, |step| {
        step.identity = Some(Identity {
            subject: SubjectId([0x11; 16]),
            handle: "K-17".to_owned(),
            number: IdentityNumber::parse("19820321-9848", today()).unwrap(),
            surname: "Ny".to_owned(),
            given_name: "Namn".to_owned(),
            protected: true,
        });
    });
    built.take(&mut open.sequencer, &changed, None).unwrap();
    open.close().unwrap();
    let report = run_home(&built);
    assert_eq!(report.exit, 0, "{report:#?}");
}
