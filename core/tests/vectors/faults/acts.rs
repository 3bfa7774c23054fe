//! Policies, disposal decisions and erasures that are refused.

use vandel_core::event::{DisposalDecision, ErasureExecuted, OpenEvent, PolicyAdopted};

use super::Bench;
use crate::ledger::{completed, disposal, erasure, executed, policy};
use crate::world::{START, TODAY, day, open, second};

pub(super) fn acts(bench: &mut Bench<'_>) {
    let policy_with = |change: &dyn Fn(&mut PolicyAdopted)| {
        let mut event = policy();
        change(&mut event);
        OpenEvent::PolicyAdopted(event)
    };
    bench.both(
        4,
        policy_with(&|event| event.confirmed_by = " ".to_owned()),
        "policy confirmed by nobody",
        "a blank",
        "Open.Policy",
    );
    bench.both(
        4,
        policy_with(&|event| event.pack.push_str("unknown = 1\n")),
        "policy with an unknown key",
        "packs are read strictly",
        "Open.Policy",
    );
    bench.both(
        4,
        policy_with(&|event| event.from = day(TODAY - 1)),
        "policy before the last",
        "policies come in the order of their first days",
        "Open.PolicyOrder",
    );
    let disposal_with = |change: &dyn Fn(&mut DisposalDecision)| {
        let mut event = disposal();
        change(&mut event);
        OpenEvent::DisposalAdopted(event)
    };
    bench.both(4, disposal_with(&|event| event.body.clear()), "disposal by no body", "", "Open.Disposal");
    bench.both(
        4,
        disposal_with(&|event| event.number.clear()),
        "disposal without a number",
        "",
        "Open.Disposal",
    );
    bench.both(
        4,
        disposal_with(&|event| event.classes.push(" ".to_owned())),
        "disposal of a blank class",
        "",
        "Open.Disposal",
    );
    bench.both(4, disposal_with(&|event| event.classes.clear()), "disposal of no class", "", "Open.Disposal");
    bench.both(
        4,
        disposal_with(&|event| event.until = Some(day(TODAY - 1))),
        "disposal ends before it begins",
        "",
        "Open.Disposal",
    );
    let starts = |bench: &mut Bench<'_>, records: &[u64], name: &str, comment: &str, error: &str| {
        let event = vandel_core::event::ErasureStarted { records: records.to_vec(), ..erasure() };
        bench.says(10, ("alice", Some("dora"), open(OpenEvent::ErasureStarted(event))), name, comment, error);
    };
    starts(bench, &[], "erasure of nothing", "", "Open.ErasureRecords");
    starts(bench, &[8, 7], "erasure unsorted", "records ascend", "Open.ErasureRecords");
    starts(bench, &[7, 7], "erasure of one record twice", "records ascend strictly", "Open.ErasureRecords");
    starts(bench, &[7, 17], "erasure of itself", "record 17 is the start", "Open.ErasureRecords");
    let late = vandel_core::event::ErasureStarted { expires: second(START + 599), ..erasure() };
    bench.says(
        10,
        ("alice", Some("dora"), open(OpenEvent::ErasureStarted(late))),
        "approval expired",
        "a second too late",
        "Open.ApprovalExpired",
    );
    bench.says(
        10,
        ("alice", Some("bob"), open(OpenEvent::ErasureStarted(erasure()))),
        "erasure without a delegate",
        "bob is none",
        "Open.Role",
    );
    let executed_at = |started| open(OpenEvent::ErasureExecuted(ErasureExecuted { started, ..executed() }));
    bench.says(
        11,
        ("service 2", None, executed_at(16)),
        "execution of no erasure",
        "record 16 is none",
        "Open.ErasureState",
    );
    bench.says(12, ("service 2", None, executed_at(17)), "executed twice", "", "Open.ErasureState");
    bench.says(
        11,
        ("alice", None, executed_at(17)),
        "execution by a person",
        "a service carries out",
        "Open.Role",
    );
    let complete =
        |name: &str| ("bob", Some("dora"), open(OpenEvent::ErasureCompleted(completed())), name.to_owned());
    for (after, name) in [(11, "completed before it is executed"), (13, "completed twice")] {
        let (author, second, body, name) = complete(name);
        bench.says(after, (author, second, body), &name, "", "Open.ErasureState");
    }
}
