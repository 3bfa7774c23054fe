//! The doctor's texts.

super::texts! {
    /// What is wrong, weak or late.
    DoctorText {
        Ok: "ok" / "bra",
        Weak: "weak" / "svagt",
        Wrong: "WRONG" / "FEL",
        End: "{ok} ok, {weak} weak, {wrong} wrong. This is no verdict: vandel verify gives one." / "{ok} bra, {weak} svaga, {wrong} fel. Detta är inget utlåtande: det ger vandel verify.",
        LogReads: "{size} records of ledger {ledger}, as the memory holds them" / "{size} poster i liggaren {ledger}, så som minnet har dem",
        CheckpointFits: "the published checkpoint is one of this log's" / "den publicerade kontrollpunkten hör till denna logg",
        Administrators: "{count} administrator(s)" / "{count} administratör(er)",
        TooFew: "two different people are needed for every change: enroll another at once" / "två olika personer krävs för varje ändring: inför genast en till",
        NoSpare: "if one leaves or loses the key, nothing can be changed: enroll a third" / "om en slutar eller förlorar sin nyckel kan inget ändras: inför en tredje",
        Policy: "{name} is in force from {from}" / "{name} gäller från {from}",
        NoPolicy: "no policy pack applies on {day}: no case can be opened" / "inget regelpaket gäller {day}: inget ärende kan öppnas",
        NoClasses: "no policy pack, so no retention classes to decide on" / "inget regelpaket, och därför inga gallringsklasser att besluta om",
        Disposal: "every retention class is covered by a disposal decision" / "varje gallringsklass täcks av ett gallringsbeslut",
        NoDisposal: "no disposal decision in force covers: {classes}" / "inget gällande gallringsbeslut täcker: {classes}",
        NoErasureWaits: "no erasure waits to be carried out" / "ingen gallring väntar på att verkställas",
        ErasureWaits: "erasure(s) started and not carried out, at record(s) {records}" / "gallring påbörjad men inte verkställd, vid post {records}",
        NothingOverdue: "nothing is overdue" / "inget är försenat",
        Overdue: "{count} compartment(s) should have been erased" / "{count} fack skulle ha gallrats",
        LockFree: "nobody writes" / "ingen skriver",
        MemoryInside: "the memory lies inside the home: it does not survive a rollback of the whole home" / "minnet ligger i hemmappen: det överlever inte att hela hemmappen återställs",
        MemoryNext: "keep it on another disk with --memory DIR (or VANDEL_MEMORY), or use witnesses" / "lägg det på en annan disk med --memory DIR (eller VANDEL_MEMORY), eller använd vittnen",
        MemoryWitnesses: "the memory is {count} witnesses on other machines, {needed} of which must have cosigned" / "minnet är {count} vittnen på andra maskiner, varav {needed} måste ha medsignerat",
        MemoryOutside: "the memory lies outside the home" / "minnet ligger utanför hemmappen",
        Witnesses: "the published trust file asks for witnesses" / "den publicerade tillitsfilen kräver vittnen",
        NoWitnesses: "no witness cosigns: verdicts rest on the operator alone" / "inget vittne medsignerar: utlåtanden vilar på den driftansvarige ensam",
        Private: "keys and vault are the owner's alone" / "nycklar och valv är bara ägarens",
        Exposed: "{path} is open to others (mode {mode})" / "{path} är öppen för andra (läge {mode})",
    }
}
