//! A thousand words planted in two hundred cases: after an erasure they are found in no file and in nothing that the
//! commands print; and of all blobs ever written, the present root opens none of the erased and all of the living.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use vandel_core::erasure::{ErasureReason, Notice, Plan, plan_case};
use vandel_core::event::{
    ErasureStarted, Identity, Kind, Occasion, OpenEvent, Opening, Process, Reading, Role, RoleCode, Step,
};
use vandel_core::id::{ActorId, AssignmentId, ControllerId, SubjectId, ThreadId, UnitId};
use vandel_core::person::{NumberKind, PersonalNumber};
use vandel_core::time::{Period, Second};
use vandel_ledger::author::{sign_event, sign_step};
use vandel_ledger::disk::RealDisk;
use vandel_ledger::sealing::{Unsealed, from_opened};
use vandel_ledger::signer;
use vandel_ledger::vault::{FileCell, Vault, VaultConfig};
use vandel_projector::{Projector, Settings, Source};
use vandel_tests::canary::Canaries;
use vandel_tests::ledger_builder::{LedgerBuilder, NOON, next_step, position_assessment, today};

const CASES: u16 = 200;
const POSITION: ThreadId = ThreadId([1; 16]);

fn thread(case: u16) -> ThreadId {
    let mut id = [9; 16];
    id[..2].copy_from_slice(&case.to_be_bytes());
    ThreadId(id)
}

/// The five words of a case: surname, given name, handle, number, reference.
fn words(case: u16) -> [String; 5] {
    let born = "1931-01-01".parse::<vandel_core::time::Day>().unwrap().plus(Period::days(case * 7));
    let number = PersonalNumber::compose(NumberKind::Personal, born, 980 + case % 20).unwrap();
    [
        format!("Kanariesson{case:04}"),
        format!("Göranåäö{case:04}"),
        format!("KANARIE-{case:04}"),
        number.reveal().to_owned(),
        format!("KANARIEREF-2026/{case:04}"),
    ]
}

fn open_case(step: &mut Step, case: u16) {
    let [surname, given_name, handle, number, reference] = words(case);
    let (subject, assignment) = (SubjectId(thread(case).0), AssignmentId(thread(case).0));
    let number = vandel_core::person::IdentityNumber::parse(&number, today()).unwrap();
    step.identity = Some(Identity { subject, handle, number, surname, given_name, protected: false });
    step.process = Some(Process::CaseOpened(Opening {
        subject,
        controller: ControllerId([5; 16]),
        unit: UnitId([6; 16]),
        assignment,
        reference,
        role: RoleCode("SCHOOL".to_owned()),
        position: Some(POSITION),
        occasion: Occasion::NewEmployment,
        offered: None,
    }));
}

fn copy_files(from: &Path, to: &Path) -> Vec<PathBuf> {
    std::fs::create_dir_all(to).unwrap();
    let names = std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().file_name());
    names
        .map(|name| (from.join(&name), to.join(&name)))
        .map(|(from, to)| {
            std::fs::copy(from, &to).unwrap();
            to
        })
        .collect()
}

#[test]
fn a_thousand_canaries_are_gone_and_no_blob_ever_written_brings_one_back() {
    let built = LedgerBuilder::found();
    let mut open = built.open();
    let delegate = signer::generate().unwrap();
    built.enrol(&mut open.sequencer, &delegate, ActorId([4; 16]), Role::ControllersDelegate);
    Projector::prepare(open.sequencer.vault_mut()).unwrap();
    let disposal = built.decide(&mut open.sequencer, &["note", "case", "identity"]);
    let assessed = next_step(&open.sequencer, POSITION, Kind::PositionAssessed, |step| {
        step.process = Some(Process::PositionAssessed(position_assessment()));
    });
    built.take(&mut open.sequencer, &assessed, None).unwrap();
    // One more case than goes: it stays.
    let standpoint = open.sequencer.standpoint();
    let groups = (0..=CASES).map(|case| {
        let step = next_step(&open.sequencer, thread(case), Kind::CaseOpened, |step| open_case(step, case));
        vec![sign_step(&standpoint, &built.decider, None, &step, None).unwrap().submission]
    });
    let groups = groups.collect();
    open.sequencer.commit(groups).into_iter().for_each(|answer| drop(answer.unwrap()));
    let (mut canaries, mut planted) = (Canaries::new(), 0);
    for case in 0..CASES {
        let [surname, given_name, handle, number, reference] = words(case);
        [surname, given_name, handle, reference].iter().for_each(|word| canaries.add(word));
        canaries.add_number(&number);
        planted += 5;
    }
    let views = |sequencer: &vandel_ledger::sequencer::Sequencer| {
        let source = Source::of(sequencer);
        let mut projector = Projector::open(&built.home, &source, Settings::default()).unwrap();
        projector.catch_up(&source).unwrap();
        drop(projector);
    };
    views(&open.sequencer);
    let before = copy_files(&built.home.vault(), &built.folder().join("before"));

    // Everybody asks for erasure; one plan, two people.
    let mut spine =
        open.sequencer.next_spine(ThreadId([200; 16]), Kind::RecordRead, today()).expect("the threads");
    let mut groups = Vec::new();
    for case in 0..CASES {
        let notice = Notice::ErasureRequested { received: today() };
        let mut step = Step::new(spine);
        let (purpose, remark) = (notice.purpose(), notice.remark());
        let reading =
            Reading { thread: Some(thread(case)), purpose, remark, compartments: Vec::new(), count: 1 };
        step.reading = Some(reading);
        let signed = sign_step(&open.sequencer.standpoint(), &built.decider, None, &step, None).unwrap();
        (spine.number, spine.previous) = (spine.number + 1, signed.hash);
        groups.push(signed.submission);
    }
    open.sequencer.commit(vec![groups]).remove(0).unwrap();
    let decision = open.sequencer.chain().disposals[&disposal].clone();
    let matters = open.sequencer.matters().expect("the threads");
    let line = |case: u16| {
        let reason = ErasureReason::Request;
        plan_case(
            &matters,
            thread(case),
            reason,
            &decision,
            today(),
            case.to_be_bytes().repeat(4).try_into().unwrap(),
        )
        .line
        .unwrap()
    };
    let lines: Vec<_> = (0..CASES).map(line).collect();
    let plan = Plan { ledger: built.ledger, salt: [7; 32], as_of: today(), disposal, lines };
    open.sequencer.store_plan(&plan).unwrap();
    let (records, expires) = (plan.records(), Second(NOON.0 + 3_600));
    let event =
        OpenEvent::ErasureStarted(ErasureStarted { records: records.clone(), plan: plan.hash(), expires });
    let start = sign_event(&open.sequencer.standpoint(), &built.administrators[0], Some(&delegate), event);
    let started = open.sequencer.start_erasure(start).unwrap().record;
    let during = copy_files(&built.home.vault(), &built.folder().join("during"));
    open.sequencer.execute_erasure(started).unwrap();
    views(&open.sequencer);
    let living = open.sequencer.threads().expect("the threads").get(&thread(CASES)).unwrap().records.clone();
    open.close().unwrap();

    // In no file of the home, and in nothing that is printed.
    let found = canaries.search_folder(built.home.root()).unwrap();
    assert!(found.is_empty(), "{found:?}");
    for arguments in [
        &["retention", "due", "--within", "3000"][..],
        &["retention", "done"],
        &["retention", "plans"],
        &["subject", "requests"],
        &["sink", "list"],
        &["vault", "audit", "--keys"],
        &["doctor"],
        &["view", "status"],
        &["verify"],
        &["export", "jsonl"],
        &["export", "csv"],
        &["feed", "tail", "--no-follow", "--from", "0"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vandel"));
        command.args(["--json", "--home"]).arg(built.home.root()).args(arguments);
        let ran = command.env("VANDEL_CLOCK", NOON.to_string()).output().unwrap();
        let printed = [ran.stdout, ran.stderr].concat();
        assert!(printed.len() > 20, "{arguments:?}");
        assert_eq!(canaries.search(&printed), [], "{arguments:?}");
    }

    // Nor in what is given to anyone.
    let tiles = built.folder().join("tiles");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vandel"));
    command.arg("--home").arg(built.home.root()).args(["export", "tiles"]).arg(&tiles);
    assert!(command.env("VANDEL_CLOCK", NOON.to_string()).status().unwrap().success());
    let found = canaries.search_folder(&tiles).unwrap();
    assert!(found.is_empty(), "{found:?}");

    // All blobs ever written and the present root: none of the erased, all of the living.
    let disk: Arc<RealDisk> = Arc::new(RealDisk);
    let cell = |folder: &Path| Box::new(FileCell::new(disk.clone(), &folder.join("root.cell")));
    let read = |folder: &Path| {
        let (disk, config) = (disk.clone(), VaultConfig::default());
        Vault::open_read_only(disk, folder, built.ledger, cell(folder), config).unwrap()
    };
    let vault = read(&built.home.vault());
    let is_root = |path: &PathBuf| path.ends_with("root.cell");
    let blobs: Vec<PathBuf> = before.iter().chain(&during).filter(|path| !is_root(path)).cloned().collect();
    let audit = vault.audit(&blobs).unwrap();
    assert_eq!((audit.records_damaged, audit.records_erased), (0, records.len() as u64));
    assert!(audit.blobs.iter().all(|blob| !blob.undoes_erasure(audit.epoch)), "{:?}", audit.blobs);
    assert_eq!(vault.try_all_keys(&records).unwrap(), 0);
    let opens = |vault: &Vault, record: &u64| {
        let opened = vault.get(*record).unwrap().unwrap();
        matches!(from_opened(opened), Unsealed::Payload(_))
    };
    assert!(living.iter().all(|record| opens(&vault, record)));
    // The control: with the root of before, the copy of before opens them all. That root is what must be gone.
    let old = read(&built.folder().join("before"));
    assert!(records.iter().all(|record| opens(&old, record)));
    println!("{planted} canaries in {} needles, {} blobs tried: none found", canaries.len(), blobs.len());
}
