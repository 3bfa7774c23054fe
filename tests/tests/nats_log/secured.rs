//! A ledger on a server as `vandel nats config` makes it: TLS, keys, and the fewest permissions.

use std::sync::Arc;

use vandel_ledger::audit::{AuditOptions, audit};
use vandel_ledger::bus::Role;
use vandel_ledger::disk::{Disk, RealDisk};
use vandel_ledger::home::Home;
use vandel_ledger::log::jetstream::{Demands, JetStreamLog};
use vandel_ledger::log::{AppendError, Log as _};
use vandel_ledger::place::NatsAccess;
use vandel_tests::secured::Secured;
use vandel_tests::small_ledger::{SmallLedger, adopt_policy, assess, enrol};

use crate::home::STREAM;

fn access(server: &Secured, role: Role) -> NatsAccess {
    NatsAccess {
        servers: Some(server.url()),
        key: Some(server.seed(role)),
        ca: Some(server.ca()),
        monitoring: Some(format!("http://127.0.0.1:{}", server.monitor_port())),
    }
}

#[test]
fn a_sequencer_founds_and_works_and_an_auditor_reads_and_cannot_write() {
    let (server, folder) = (Secured::start(), tempfile::tempdir().unwrap());
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let home = Home::new(folder.path().join("home")).with_nats(access(&server, Role::Sequencer));
    let ledger = SmallLedger::at(disk.clone(), home);
    let id = ledger.found_on_stream(&STREAM).unwrap();
    let mut sequencer = ledger.open().unwrap();
    for submission in [adopt_policy(&sequencer), enrol(&sequencer, 3)] {
        sequencer.commit_one(submission).unwrap();
    }
    let group = assess(&sequencer, 1, 3);
    sequencer.commit(vec![group]).pop().unwrap().unwrap();
    sequencer.close().unwrap();
    // What the home has written down is enough to open it: no command line says more.
    let plain = SmallLedger::at(disk.clone(), Home::new(ledger.home.root()));
    plain.open().unwrap().close().unwrap();

    let options = AuditOptions {
        over_nats: true,
        nats: access(&server, Role::Auditor),
        trust: Some(ledger.home.trust()),
        ..AuditOptions::default()
    };
    let report = audit(&disk, options, &mut |_| {}).unwrap();
    assert_eq!((report.exit, report.ledger), (0, Some(id.to_string())), "{}", report.summary);

    // The auditor's key opens the log, and the server lets it append nothing.
    let demands = Demands {
        monitoring: vec![format!("http://127.0.0.1:{}", server.monitor_port())],
        ..Demands::default()
    };
    let bus = server.connect(Role::Auditor).unwrap();
    let mut log = JetStreamLog::open(bus, id, demands).unwrap();
    let before = log.next_position();
    let refused = log.append(before, b"an auditor's block");
    assert!(matches!(refused, Err(AppendError::PermissionDenied)), "{refused:?}");
    assert_eq!(log.reader().blocks().unwrap(), before);
    // A role without any right to the log says so at once.
    let options =
        AuditOptions { over_nats: true, nats: access(&server, Role::Dashboard), ..AuditOptions::default() };
    assert!(audit(&disk, options, &mut |_| {}).is_err());
}
