//! Records signed by a key that was later revoked as suspect: still valid, and listed.

use std::collections::{BTreeMap, VecDeque};

use crate::chain::Chain;
use crate::event::OpenEvent;
use crate::id::PublicKey;
use crate::record::Record;
use crate::statement::Body;
use crate::time::Second;
use crate::verify::report::SuspectReport;

/// How many of its last records are kept for each key: revocation looks back over days, not years,
/// and memory must not grow with the log.
const KEPT_FOR_EACH_KEY: usize = 1_000;

/// The last records of each key, and what revocations made of them.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    recent: BTreeMap<PublicKey, Recent>,
    reports: Vec<SuspectReport>,
}

#[derive(Debug, Default)]
struct Recent {
    records: VecDeque<(u64, Second)>,
    dropped: bool,
}

impl Suspects {
    pub(super) fn visit(&mut self, chain: &Chain, record: &Record<'_>) {
        let statement = &record.statement.statement;
        self.note(statement.author, record);
        if let Some((second, _)) = record.statement.second {
            self.note(second, record);
        }
        if let Body::Open(event) = &statement.body
            && let OpenEvent::KeyRevoked(revoked) = &**event
            && let Some(since) = revoked.suspect_since
        {
            self.report(chain, revoked.key, since, record.number);
        }
    }

    fn note(&mut self, key: PublicKey, record: &Record<'_>) {
        let recent = self.recent.entry(key).or_default();
        if recent.records.len() == KEPT_FOR_EACH_KEY {
            recent.records.pop_front();
            recent.dropped = true;
        }
        recent.records.push_back((record.number, record.time));
    }

    fn report(&mut self, chain: &Chain, key: PublicKey, since: Second, revoked_by: u64) {
        let Some(recent) = self.recent.get(&key) else { return };
        let suspect = recent.records.iter().filter(|(_, at)| *at >= since);
        let records: Vec<u64> = suspect.map(|(number, _)| *number).collect();
        let at_least = recent.dropped && records.len() == recent.records.len();
        if records.is_empty() {
            return;
        }
        self.reports.push(SuspectReport {
            key: key.to_string(),
            actor: chain.keyring.get(&key).map(|entry| entry.actor.to_string()),
            suspect_since: since.0,
            revoked_by_record: revoked_by,
            records,
            at_least,
        });
    }

    pub(super) fn into_reports(self) -> Vec<SuspectReport> {
        self.reports
    }
}
