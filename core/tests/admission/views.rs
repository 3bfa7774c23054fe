//! Published digests, given–when–then: which is computed again, at which position, and what came of it.

use vandel_core::event::{DigestPublished, OpenEvent};
use vandel_core::hash::Hash;
use vandel_core::statement::Body;
use vandel_core::verify::{Audit, Level, LogEnd, Report, Request, ViewOutcome};
use vandel_core::view::{AUTHORITY, AuthorityRows, CASES, CaseRow, ViewTree};

use crate::contents::{Instead, audited, execute_erasure, found, having, start_erasure};
use crate::ledger::Ledger;
use crate::moves::{closed, opened, shown};

use ViewOutcome::{Agrees, Differs, NotComputed};

fn cases(ledger: &Ledger, position: u64) -> DigestPublished {
    ViewTree::of_cases(&CaseRow::of_threads(&ledger.threads)).event(&ledger.chain.ledger, position)
}

/// The digest over authority, as the ledger stands.
fn authority(ledger: &Ledger) -> DigestPublished {
    let mut rows = AuthorityRows::default();
    for bytes in &ledger.blocks {
        for record in vandel_core::block::Block::decode(bytes).unwrap().records {
            if let Body::Open(event) = &record.statement.statement.body {
                rows.fold(record.number, event);
            }
        }
    }
    rows.tree().event(&ledger.chain.ledger, ledger.chain.size())
}

fn publish(ledger: &mut Ledger, event: DigestPublished) -> u64 {
    ledger.say(OpenEvent::DigestPublished(event)).unwrap()
}

fn judged(ledger: &Ledger, instead: &[(u64, Instead)]) -> Report {
    audited(ledger, Request { views: true, ..Request::default() }, instead)
}

fn outcomes(report: &Report) -> Vec<ViewOutcome> {
    report.views.iter().map(|view| view.outcome).collect()
}

fn unmet(report: &Report) -> Vec<&str> {
    let views = report.not_proven.iter().filter(|why| why.contains("digest of the view"));
    views.map(|why| why.split(' ').next().unwrap()).collect()
}

#[test]
fn a_digest_is_computed_again_as_of_its_own_position() {
    let mut ledger = having("SCHOOL", [opened()]);
    let size = ledger.chain.size();
    let then = cases(&ledger, size);
    // The note stands in the very record that the position names: it is the first beyond it.
    ledger.take(shown("SCHOOL"));
    let record = publish(&mut ledger, then.clone());
    ledger.take(closed());
    let keys = authority(&ledger);
    publish(&mut ledger, keys);
    let now = cases(&ledger, ledger.chain.size());
    publish(&mut ledger, now);
    let report = judged(&ledger, &[]);
    assert_eq!((found(&report), outcomes(&report)), (vec![], vec![Agrees, Agrees, Agrees]));
    assert_eq!(unmet(&report), [""; 0]);
    let first = &report.views[0];
    assert_eq!((first.view.as_str(), first.position, first.record), (CASES, size, record));
    assert_eq!(first.computed.as_ref(), Some(&then.digest.to_string()));
    assert!(first.why.contains("over 1 rows"), "the position's thread is no case: {}", first.why);
    let without = audited(&ledger, Request::default(), &[]);
    assert!(without.views.is_empty(), "nobody asked");
}

#[test]
fn a_false_digest_is_a_finding_of_the_level_that_could_compute_it() {
    let mut ledger = having("SCHOOL", [opened(), shown("SCHOOL")]);
    let mut rows = CaseRow::of_threads(&ledger.threads);
    rows[0].count -= 1;
    let id = ledger.chain.ledger;
    let size = ledger.chain.size();
    let lie = publish(&mut ledger, ViewTree::of_cases(&rows).event(&id, size));
    let keys = AuthorityRows::default().tree().event(&id, size);
    let about_keys = publish(&mut ledger, keys);
    let report = judged(&ledger, &[]);
    assert_eq!(found(&report), [("view-digest", Some(lie)), ("view-digest", Some(about_keys))]);
    let levels: Vec<Level> = report.findings.iter().map(|finding| finding.level).collect();
    assert_eq!(levels, [Level::Coverage, Level::Integrity]);
    assert_eq!(outcomes(&report), [Differs, Differs]);
    assert_eq!((report.exit, unmet(&report)), (3, vec![]));
    let finding = &report.findings[0];
    assert_eq!(finding.found.as_ref(), Some(&report.views[0].digest));
    assert_eq!(finding.expected, report.views[0].computed);
}

#[test]
fn a_digest_of_a_time_to_come_is_false_whatever_it_says() {
    let mut ledger = having("SCHOOL", [opened()]);
    let size = ledger.chain.size();
    let to_come = cases(&ledger, size + 1);
    publish(&mut ledger, to_come);
    let report = judged(&ledger, &[]);
    assert_eq!((found(&report), outcomes(&report)), (vec![("view-digest", Some(size))], vec![Differs]));
    assert_eq!(report.findings[0].expected.as_deref(), Some("no such state"));
}

#[test]
fn what_may_have_been_erased_since_excuses_a_digest_and_what_was_gone_before_does_not() {
    let mut ledger = having("SCHOOL", [opened()]);
    let lie = |ledger: &mut Ledger, position: u64| {
        let event = ViewTree::of_cases(&[]).event(&ledger.chain.ledger, position);
        publish(ledger, event)
    };
    let started = start_erasure(&mut ledger, &[10]);
    let size = ledger.chain.size();
    lie(&mut ledger, size);
    let executed = execute_erasure(&mut ledger, started, 2, Hash([2; 32]));
    lie(&mut ledger, executed);
    lie(&mut ledger, executed + 1);
    let report = judged(&ledger, &[]);
    assert_eq!(outcomes(&report), [NotComputed, NotComputed, Differs]);
    assert!(report.views[0].why.contains(&format!("the erasure of record {started}")));
    assert_eq!(report.views[0].computed, None);
    // A digest that agrees needs no excuse, and that of the keys has none.
    let now = cases(&ledger, executed);
    publish(&mut ledger, now);
    let keys = AuthorityRows::default().tree().event(&ledger.chain.ledger, executed);
    publish(&mut ledger, keys);
    assert_eq!(outcomes(&judged(&ledger, &[]))[3..], [Agrees, Differs]);
    start_erasure(&mut ledger, &[11]);
    let size = ledger.chain.size();
    lie(&mut ledger, size);
    assert_eq!(outcomes(&judged(&ledger, &[])).last(), Some(&NotComputed), "another one is under way");
}

#[test]
fn what_cannot_be_computed_leaves_the_demand_unmet_by_the_newest_digest_alone() {
    let mut ledger = having("SCHOOL", [opened()]);
    let nothing = judged(&ledger, &[]);
    assert_eq!(unmet(&nothing), ["no", "no"], "of neither view");
    let size = ledger.chain.size();
    let unknown = |view: &str, version| DigestPublished {
        view: view.to_owned(),
        version,
        position: size,
        digest: Hash([9; 32]),
    };
    publish(&mut ledger, unknown("persons", 1));
    publish(&mut ledger, unknown(CASES, 2));
    publish(&mut ledger, unknown(AUTHORITY, 2));
    let report = judged(&ledger, &[]);
    assert_eq!((found(&report), outcomes(&report)), (vec![], vec![NotComputed; 3]));
    assert_eq!(unmet(&report), ["the", "the"]);
    let why = report.not_proven.iter().find(|why| why.contains("knows no such view")).unwrap();
    assert!(why.contains(&format!("record {}", size + 1)), "the newest of its view: {why}");
    let keys = authority(&ledger);
    publish(&mut ledger, keys);
    assert_eq!(unmet(&judged(&ledger, &[])), ["the"]);
    let now = cases(&ledger, ledger.chain.size());
    publish(&mut ledger, now);
    assert_eq!(unmet(&judged(&ledger, &[])), [""; 0]);
    // Not all of the openings, or none: of the cases nothing can be said, of the keys all.
    let holed = judged(&ledger, &[(11, Instead::Damaged)]);
    assert_eq!(outcomes(&holed)[3..], [Agrees, NotComputed]);
    assert_eq!(unmet(&holed), ["the"]);
    let mut audit = Audit::new(Request { views: true, ..Request::default() }, None);
    ledger.blocks.iter().for_each(|block| audit.block(block.clone()));
    let closed_eyes = audit.finish(LogEnd::Whole);
    assert_eq!(outcomes(&closed_eyes)[3..], [Agrees, NotComputed]);
    assert_eq!(unmet(&closed_eyes), ["the"]);
}
