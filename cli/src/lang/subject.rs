//! Texts about what a person may ask for.

super::texts! {
    /// The report under article 15.
    SubjectText {
        Title: "What is held about you (GDPR article 15)" / "Uppgifter om dig (registerutdrag enligt artikel 15 i dataskyddsförordningen)",
        AsOf: "As of {day}." / "Per {day}.",
        Received: "The request came on {received}; it is answered by {answer_by} (article 12.3)." / "Begäran kom {received}; den ska besvaras senast {answer_by} (artikel 12.3).",
        Late: "The request came on {received} and should have been answered by {answer_by} (article 12.3): this answer is late." / "Begäran kom {received} och skulle ha besvarats senast {answer_by} (artikel 12.3): svaret är försenat.",
        StaffNamed: "Staff are named, as the controller has weighed it: {weighing}." / "Handläggare anges med namn efter den personuppgiftsansvariges avvägning: {weighing}.",
        StaffByRole: "Staff are given by role; who it was is told only after the controller has weighed it." / "Handläggare anges med roll; namn lämnas bara efter den personuppgiftsansvariges avvägning.",
        Case: "Case {handle}" / "Ärende {handle}",
        Place: "Controller: {controller}; unit: {unit}" / "Personuppgiftsansvarig: {controller}; enhet: {unit}",
        Steps: "Every step, and all that it holds" / "Varje steg och allt som står i det",
        Readings: "Who has read it, when and why" / "Vem som har läst, när och varför",
        Kept: "How long each part is kept" / "Hur länge varje del bevaras",
        Recipients: "Who has received a copy" / "Vilka som har fått en kopia",
        NoRecipients: "Nobody, as far as the register of sinks knows." / "Ingen, så långt registret över förvaringsställen känner till.",
        Rights: "Your rights" / "Dina rättigheter",
        RightsText: "You may ask for rectification (article 16), erasure (17) and restriction (18), object (21), and complain to the Swedish Authority for Privacy Protection (IMY)." / "Du kan begära rättelse (artikel 16), radering (17) och begränsning (18), invända (21) och klaga hos Integritetsskyddsmyndigheten (IMY).",
        OtherBoards: "This report covers the boards that its author answers for. Others answer for themselves: there is secrecy between them (OSL ch. 8 section 2)." / "Utdraget omfattar de nämnder som handläggaren svarar för. Andra nämnder svarar själva: sekretess gäller mellan dem (8 kap. 2 § OSL).",
        NotHere: "What recruitment systems, e-mail and paper hold besides is not in this ledger." / "Vad som därutöver finns i rekryteringssystem, e-post och på papper ingår inte i liggaren.",
        Indexed: "{count} cases were searched in {milliseconds} ms" / "{count} ärenden genomsöktes på {milliseconds} ms",
        ReviewRow: "{day}  {reader}  {purpose}  {count}  {what}" / "{day}  {reader}  {purpose}  {count}  {what}",
        ReviewEnd: "{readings} reading(s) by {readers} reader(s); {sampled} of them drawn for review" / "{readings} läsningar av {readers} läsare; {sampled} av dem uttagna för granskning",
    }
}
