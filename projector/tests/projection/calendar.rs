//! The views' calendar and the one that the sequencer adds up from its threads are one and the same: plans are
//! made from the first and judged by the second.

use vandel_core::erasure::{Matters, ThreadMatters};
use vandel_core::event::Compartment;
use vandel_core::time::Period;
use vandel_projector::{Projector, Settings};

use crate::lively::Lively;
use crate::world::today;

#[test]
fn the_views_and_the_threads_give_every_compartment_the_same_day() {
    let (mut compared, mut dated) = (0, 0);
    for seed in 30..34 {
        let mut lively = Lively::found(seed);
        for _ in 0..40 {
            lively.act();
        }
        let source = lively.source();
        let projector = Projector::in_memory(&source, Settings::default()).unwrap();
        let views = projector.views(&source);
        let sequencer = &lively.ledger.sequencer;
        let matters = ThreadMatters::of(sequencer.chain(), sequencer.threads().expect("the threads"));
        let as_of = today().plus(Period::years(2));
        for (thread, _) in sequencer.threads().expect("the threads").iter() {
            assert_eq!(views.records(thread), Matters::records(&matters, thread));
            assert_eq!(views.identities(thread), matters.identities(thread));
            let sorted = |mut existing: Vec<Compartment>| {
                existing.sort_unstable();
                existing
            };
            assert_eq!(sorted(views.existing(thread)), sorted(matters.existing(thread)));
            for compartment in Compartment::ALL {
                let view = views.compartment_due(thread, *compartment, as_of);
                let own = matters.due(thread, *compartment, as_of);
                let told = |due: &Option<vandel_core::retention::Due>| {
                    let due = due.clone()?;
                    Some((
                        due.class,
                        due.date,
                        due.never_before,
                        due.no_later_than,
                        due.state,
                        due.explanation.len(),
                    ))
                };
                assert_eq!(told(&view), told(&own), "{thread} {}", compartment.name());
                compared += 1;
                dated += usize::from(own.is_some_and(|due| due.date.is_some()));
            }
        }
    }
    eprintln!("{compared} due days compared, {dated} of them set");
    assert!(dated > 20);
}
