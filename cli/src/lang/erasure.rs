//! Texts about erasure.

super::texts! {
    /// Planning, ordering, approving, carrying out.
    ErasureText {
        PlanEnd: "as of {as_of}: {lines} lines in {plans} plan(s), {left_out} due and left out\n{hashes}" / "per {as_of}: {lines} rader i {plans} plan(er), {left_out} förfallna men undantagna\n{hashes}",
        PlanNext: "next: vandel retention order --plan {plan} --key FILE" / "härnäst: vandel retention order --plan {plan} --key FIL",
        Stays: "stays: {compartment}, due {due}: {why}" / "kvar: {compartment}, förföll {due}: {why}",
        Ordered: "{plan} is ordered, until {expires}. The controller's delegate approves: vandel retention approve --plan {plan} --key FILE" / "{plan} är beordrad, till {expires}. Den personuppgiftsansvariges delegat godkänner: vandel retention approve --plan {plan} --key FIL",
        Approved: "{plan} is approved, until {expires}: vandel retention apply --plan {plan}" / "{plan} är godkänd, till {expires}: vandel retention apply --plan {plan}",
        Started: "erasure started, record {record}" / "gallring påbörjad, post {record}",
        Resuming: "going on with the erasure of record {record}" / "fortsätter gallringen i post {record}",
        Executed: "{plan}\n  started   record {started}\n  executed  record {executed}\n  {keys} keys destroyed, {parts} parts overwritten, {records} records\n  root cell {cell}, epoch {epoch}: {assurance}\n  views hold nothing of what went; backups older than this are not destroyed by it" / "{plan}\n  påbörjad   post {started}\n  verkställd post {executed}\n  {keys} nycklar förstörda, {parts} delar överskrivna, {records} poster\n  rotnyckelns förvar {cell}, epok {epoch}: {assurance}\n  vyerna innehåller inget av det gallrade; äldre säkerhetskopior förstörs inte härav",
        Already: "{plan} was executed before, record {executed}: nothing to do" / "{plan} är redan verkställd, post {executed}: inget att göra",
    }
}
