//! A ledger with its people, a policy and one school case that has been closed: what erasures are tried on.

#![allow(dead_code, reason = "each suite uses a part of it")]

use crate::runner::{Ledger, Ran};

pub(crate) const DECIDER: [&str; 2] = ["--key", "decider.pem"];
/// Two years after the case was closed.
pub(crate) const DUE: &str = "2028-04-01";

/// A ledger with its people and a policy, and with one school case that was closed on 2026-03-20.
pub(crate) struct Story {
    pub(crate) ledger: Ledger,
    pub(crate) handle: String,
}

impl Story {
    pub(crate) fn closed_case() -> Self {
        let ledger = Ledger::found();
        let adopt = ["policy", "adopt", "se-2026", "--from", "2026-01-01", "--confirmed-by", "Juristen"];
        ledger.two(&adopt).ok();
        for role in ["decider", "controllers-delegate", "handler"] {
            let file = format!("{role}.pem");
            ledger.run(&["key", "new", &file, "--no-passphrase"]).ok();
            ledger.two(&["key", "enroll", "--new-key", &file, "--actor", "new", "--role", role]).ok();
        }
        let assess = ["position", "assess", "--role", "SCHOOL", "--board", "Nämnden", "--need", "barn"];
        let references = ["--union-reference", "MBL 1", "--impact-reference", "DPIA 1"];
        ledger.run(&[&assess[..], &references, &DECIDER].concat()).ok();
        let handle = open(&ledger, "R1");
        let story = Self { ledger, handle };
        story.school_case(&story.handle);
        story
    }

    /// Shows an extract and closes.
    pub(crate) fn school_case(&self, handle: &str) {
        let shown = ["case", "shown", handle, "--issued", "2026-03-01", "--authenticity", "control-service"];
        self.ledger.run(&[&shown[..], &DECIDER].concat()).ok();
        self.ledger.run(&[&["case", "close", handle], &DECIDER[..]].concat()).ok();
    }

    /// Adopts a disposal decision and returns its record.
    pub(crate) fn decide(&self, classes: &[&str]) -> String {
        let decision =
            ["--json", "disposal", "adopt", "--body", "KF", "--number", "7", "--decided", "2026-01-10"];
        let classes: Vec<&str> = classes.iter().flat_map(|class| ["--class", class]).collect();
        let adopted = self.ledger.two(&[&decision[..], &classes].concat()).ok();
        adopted.lines()[0]["record"].to_string()
    }

    pub(crate) fn on(&self, day: &str, arguments: &[&str]) -> Ran {
        let arguments = [&["--json"], arguments].concat();
        self.ledger.on(day, &arguments)
    }

    /// Plans on a day, and returns the plan's hash.
    pub(crate) fn plan(&self, day: &str, decision: &str) -> String {
        let planned = self.on(day, &["retention", "plan", "--disposal", decision]).ok();
        let end = planned.lines().pop().unwrap();
        end["plans"][0].as_str().unwrap_or_else(|| panic!("no plan: {}", planned.text())).to_owned()
    }

    pub(crate) fn order(&self, day: &str, plan: &str) -> Ran {
        self.on(day, &["retention", "order", "--plan", plan, "--key", "handler.pem"])
    }

    pub(crate) fn approve(&self, day: &str, plan: &str) -> Ran {
        self.on(day, &["retention", "approve", "--plan", plan, "--key", "controllers-delegate.pem"])
    }

    pub(crate) fn apply(&self, day: &str, plan: &str) -> Ran {
        self.on(day, &["retention", "apply", "--plan", plan])
    }

    pub(crate) fn hold(&self, day: &str) {
        let hold = ["hold", "place", &*self.handle, "--ground", "dispute", "--review", "2028-12-31"];
        self.on(day, &[&hold[..], &DECIDER].concat()).ok();
    }
}

pub(crate) fn open(ledger: &Ledger, reference: &str) -> String {
    let identity = "number: 19961010-9945\nsurname: Kanariesson\ngiven name: Göran\n";
    std::fs::write(ledger.path("identity"), identity).unwrap();
    let open = ["--json", "case", "open", "--role", "SCHOOL", "--board", "Nämnden", "--reference", reference];
    let opened = ledger.run(&[&open[..], &["--identity", "identity"], &DECIDER].concat()).ok();
    opened.lines()[0]["handle"].as_str().unwrap().to_owned()
}

/// It is refused by policy, for this reason.
pub(crate) fn refused(ran: &Ran, code: &str) {
    ran.exits(8);
    assert_eq!(ran.error()["code"], code, "{}", ran.error());
}

/// Carries out the plan of the closed case.
pub(crate) fn carry_out(story: &Story) -> String {
    let decision = story.decide(&["note", "case", "identity"]);
    let plan = story.plan(DUE, &decision);
    story.order(DUE, &plan).ok();
    story.approve(DUE, &plan).ok();
    story.apply(DUE, &plan).ok();
    plan
}
