//! Why a day is due, in Swedish. The English words are `core`'s own, and stand in the JSON whatever the language.

use vandel_core::policy::Trigger;
use vandel_core::retention::{Awaited, Ignored, Reason};
use vandel_core::time::Period;

use super::Lang;

/// A step of the sum, in words.
#[must_use]
pub fn reason(reason: &Reason, lang: Lang) -> String {
    match lang {
        Lang::English => reason.to_string(),
        Lang::Swedish => in_swedish(reason),
    }
}

fn in_swedish(reason: &Reason) -> String {
    match reason {
        Reason::Policy { pack, role, in_force_from } => {
            format!("policy {pack}, roll {role} i lydelsen från {in_force_from}")
        }
        Reason::Pack(pack) => format!("policy {pack}"),
        Reason::Rule(rule) => format!("regel: {rule}"),
        Reason::Started { trigger, day } => format!("{} den {day} startar tiden", of_trigger(*trigger)),
        Reason::StartedInstead { missing, trigger, day } => format!(
            "{} har inte inträffat; {} den {day} startar tiden i stället",
            of_trigger(*missing),
            of_trigger(*trigger)
        ),
        Reason::Interrupted { day, instead_of } => {
            format!("preskriptionsavbrott den {day}, före {instead_of}: tiden börjar om (6 kap. 5 § DL)")
        }
        Reason::InterruptionIgnored { day, why } => {
            format!("avbrottet den {day} har ingen verkan: {}", of_ignored(*why))
        }
        Reason::Period { from, keep, date } => format!("{from} + {} = {date}", of_period(*keep)),
        Reason::NotBefore { day, instead_of } => format!("tidigast {day}: flyttat från {instead_of}"),
        Reason::NotAfter { day, instead_of } => format!("senast {day}: flyttat från {instead_of}"),
        Reason::CeilingGivesWay { ceiling, to } => {
            format!("senast {ceiling} viker för {to}: det som ska bevaras bevaras")
        }
        Reason::LastDay(day) => format!("sista dag att gallra: {day}"),
        Reason::Linked { day, count } => {
            format!("det som den måste överleva ska gallras den {day} (den sista av {count})")
        }
        Reason::Restricted { since } => {
            format!("begränsad sedan {since} (dataskyddsförordningen art. 18): stoppar ingen tid")
        }
        Reason::Held { hold, review_late } => {
            let late = if *review_late { ", vilket har passerat" } else { "" };
            let (since, review) = (hold.since, hold.review_by);
            format!("gallringsstopp sedan {since} ({}), prövas på nytt senast {review}{late}", hold.ground)
        }
        Reason::Awaits(awaited) => format!("inte påbörjad: {}", of_awaited(*awaited)),
    }
}

const fn of_trigger(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Opened => "att ärendet öppnades",
        Trigger::Closed => "att ärendet avslutades",
        Trigger::Decision => "beslutet",
        Trigger::LegalForce => "att beslutet vann laga kraft",
        Trigger::EmploymentStart => "att anställningen började",
        Trigger::EmploymentEnd => "att anställningen upphörde",
        Trigger::Reading => "läsningen",
        Trigger::LastLinked => "att den sista kopplade uppgiften ska gallras",
    }
}

const fn of_ignored(why: Ignored) -> &'static str {
    match why {
        Ignored::RuleNotExtended => "regeln förlängs inte av avbrott",
        Ignored::BeforeStart => "tiden hade inte börjat",
        Ignored::AfterEnd => "tiden hade gått ut",
        Ignored::OnlyOnce => "tiden hade avbrutits förut, och det får ske en gång (6 kap. 5 § DL)",
    }
}

fn of_awaited(awaited: Awaited) -> String {
    match awaited {
        Awaited::Rule => "policyn har ingen regel för facket".to_owned(),
        Awaited::Outcome => "väntar på om personen anställs".to_owned(),
        Awaited::Trigger(trigger) => format!("väntar på {}", of_trigger(trigger)),
        Awaited::Linked => "väntar på något som den måste överleva".to_owned(),
    }
}

fn of_period(period: Period) -> String {
    let parts = [
        (u32::from(period.years), "år"),
        (u32::from(period.months), "månader"),
        (u32::from(period.days), "dagar"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}"));
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "0 dagar".to_owned() } else { parts.join(" och ") }
}

/// A compartment's name.
#[must_use]
pub fn compartment(name: &'static str, lang: Lang) -> &'static str {
    match (lang, name) {
        (Lang::Swedish, "identity") => "identitet",
        (Lang::Swedish, "process") => "handläggning",
        (Lang::Swedish, "note") => "notering",
        (Lang::Swedish, "copy") => "kopia",
        (Lang::Swedish, "assessment") => "bedömning",
        (Lang::Swedish, "reads") => "läslogg",
        (Lang::Swedish, "spine") => "stomme",
        _ => name,
    }
}

/// The name of where a clock stands.
#[must_use]
pub fn state(name: &'static str, lang: Lang) -> &'static str {
    match (lang, name) {
        (Lang::Swedish, "not-started") => "inte påbörjad",
        (Lang::Swedish, "running") => "löper",
        (Lang::Swedish, "due") => "att gallra",
        (Lang::Swedish, "overdue") => "försenad",
        (Lang::Swedish, "held") => "stoppad",
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_reads_in_swedish() {
        let day = |text: &str| text.parse().expect("a day");
        let keep = Period { years: 2, months: 0, days: 14 };
        let steps = [
            Reason::StartedInstead {
                missing: Trigger::LegalForce,
                trigger: Trigger::Closed,
                day: day("2026-03-20"),
            },
            Reason::Period { from: day("2026-03-20"), keep, date: day("2028-04-03") },
            Reason::Awaits(Awaited::Trigger(Trigger::EmploymentEnd)),
        ];
        let said: Vec<String> = steps.iter().map(|step| reason(step, Lang::Swedish)).collect();
        assert_eq!(
            said,
            [
                "att beslutet vann laga kraft har inte inträffat; att ärendet avslutades den 2026-03-20 startar tiden i \
                 stället",
                "2026-03-20 + 2 år och 14 dagar = 2028-04-03",
                "inte påbörjad: väntar på att anställningen upphörde"
            ]
        );
        assert_eq!(reason(&steps[1], Lang::English), "2026-03-20 + 2y14d = 2028-04-03");
    }
}
