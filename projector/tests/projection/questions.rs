//! What the views answer.

use vandel_core::event::{Kind, Process};
use vandel_core::id::ActorId;
use vandel_core::person::IdentityNumber;
use vandel_core::time::{Day, Period};
use vandel_projector::view::{DueAnswer, Filter, Status};

use crate::lively::{Lively, number};
use crate::world::{shown, today};

#[test]
fn a_case_is_found_by_handle_reference_and_number_and_falls_due_with_a_reason() {
    let mut lively = Lively::found(1);
    lively.open_case().unwrap();
    let case = lively.cases[1];
    lively.take(case, Kind::ExtractShown, shown).unwrap();
    lively.read(case).unwrap();
    let mut projector = lively.projector();
    let source = lively.source();
    let views = projector.views(&source);
    let found = views.case_by_handle(" kanarie-21 ").unwrap().unwrap();
    assert_eq!((found.status, found.next, found.steps), (Status::Noted, Some("case_closed"), 2));
    assert_eq!(found.thread, case);
    assert_eq!(views.cases_by_reference("KANARIEREF-2026/21").unwrap().len(), 1);
    let numbers = views.numbers().unwrap();
    assert_eq!(views.cases_by_number(&numbers, &number(21)).unwrap()[0].thread, case);
    assert!(views.cases_by_number(&numbers, &number(22)).unwrap().is_empty());
    assert!(views.case_by_handle("KANARIE-22").unwrap().is_none());
    assert!(matches!(IdentityNumber::from(number(21)), IdentityNumber::Personal(_)));

    let listed = |filter: Filter| views.cases(&filter).unwrap().len();
    assert_eq!(listed(Filter::default()), 2);
    assert_eq!(listed(Filter { status: Some(Status::Noted), ..Filter::default() }), 1);
    assert_eq!(listed(Filter { text: Some("göranå".to_owned()), ..Filter::default() }), 1);
    let first = views.cases(&Filter { limit: Some(1), ..Filter::default() }).unwrap().remove(0);
    assert_eq!(listed(Filter { after: Some(first.key), ..Filter::default() }), 1);

    assert_eq!(views.readings_of(&case).unwrap().len(), 1);
    assert_eq!(views.readings_by(&ActorId([3; 16])).unwrap()[0].case.as_deref(), Some("KANARIE-21"));
    assert_eq!(views.positions().unwrap()[0].title, "Lärare");
    assert_eq!(views.keys().unwrap().len(), source.chain.keyring.entries().len());
    assert_eq!(views.timeline(&case).unwrap()[1].kind, "extract_shown");
    assert_eq!(views.standing().behind, 0);

    // Not closed: only the reading runs, two years from its day.
    let all = views.due(today(), 3_000).unwrap();
    assert_eq!(all.iter().map(|due| due.compartment).collect::<Vec<_>>(), ["reads"]);

    lively.take(case, Kind::CaseClosed, |step| step.process = Some(Process::CaseClosed)).unwrap();
    let source = lively.source();
    projector.catch_up(&source).unwrap();
    let views = projector.views(&source);
    let due = today().plus(Period::years(2));
    let mut of_case: Vec<_> =
        views.due(due, 0).unwrap().into_iter().filter(|entry| entry.thread == case).collect();
    of_case.sort_by_key(|entry| entry.compartment);
    let names: Vec<_> = of_case.iter().map(|entry| (entry.compartment, entry.state)).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(of_case.iter().all(|entry| entry.date == Some(due.to_string())));
    assert!(views.due(due.minus(Period::days(1)), 0).unwrap().iter().all(|entry| entry.thread != case));
    let late = views.overdue(due.plus(Period::days(31))).unwrap();
    assert!(late.iter().filter(|entry| entry.thread == case).count() >= 3, "{}", late.len());
    let why = views.why(&case, due).unwrap();
    assert!(why.iter().any(|line| line.explanation.iter().any(|reason| reason.contains("closed on"))));
}

#[test]
fn a_page_of_the_calendar_is_a_piece_of_the_whole() {
    let mut lively = Lively::found(2);
    (0..12).for_each(|_| lively.open_case().unwrap());
    for case in lively.cases.clone() {
        lively.take(case, Kind::ExtractShown, shown).unwrap();
        lively.take(case, Kind::CaseClosed, |step| step.process = Some(Process::CaseClosed)).unwrap();
    }
    let projector = lively.projector();
    let source = lively.source();
    let views = projector.views(&source);
    let one = |due: &DueAnswer| (due.date.clone(), due.thread, due.compartment, due.handle.clone());
    let all: Vec<_> = views.due(today(), 10_000).unwrap().iter().map(one).collect();
    // More than one thread looks up at a time.
    assert!(all.len() > 40, "{} entries", all.len());
    assert!(all.is_sorted_by_key(|(date, ..)| date.clone()), "earliest first");
    let whole = |count| views.due_from(today(), 10_000, None, count).unwrap();
    for count in 0..=all.len() + 1 {
        let page: Vec<_> = whole(count).iter().map(one).collect();
        assert_eq!(page, all[..count.min(all.len())]);
    }
    let last: Day = all.last().unwrap().0.clone().unwrap().parse().unwrap();
    let of_last_day = all.iter().filter(|(date, ..)| *date == all.last().unwrap().0).count();
    let page: Vec<_> =
        views.due_from(today(), 10_000, Some((last, [0; 16])), 1_000).unwrap().iter().map(one).collect();
    assert_eq!(page, all[all.len() - of_last_day..]);
    assert!(
        views.due_from(today(), 10_000, Some((last.plus(Period::days(1)), [0; 16])), 9).unwrap().is_empty()
    );
}
