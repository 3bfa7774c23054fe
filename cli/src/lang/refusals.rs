//! What the stable error codes mean, in Swedish. The exact English words stand below it when printed.

/// The Swedish sentence for a code, for those that people meet in daily work.
#[must_use]
pub fn in_swedish(code: &str) -> Option<&'static str> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

const CODES: &[(&str, &str)] = &[
    ("no-ledger", "det finns ingen liggare här"),
    ("held", "en annan process skriver i liggaren"),
    (
        "rolled-back",
        "liggaren är kortare än vad den själv har intygat: den har återställts till ett äldre läge",
    ),
    ("fork", "liggaren har en annan historia än den som minnet känner"),
    ("log-damaged", "loggen är skadad"),
    ("wrong-passphrase", "lösenfrasen öppnar inte nyckelfilen"),
    ("passphrase-needed", "nyckelfilen kräver en lösenfras"),
    ("key-exposed", "nyckelfilen kan läsas av andra än ägaren"),
    ("not-a-key", "filen är ingen nyckelfil"),
    ("key", "nyckeln får inte signera här och nu"),
    ("role", "den som signerar saknar behörigheten"),
    ("signature-count", "åtgärden kräver två personers signaturer"),
    ("same-person", "två olika personer krävs; två nycklar hos en person räcker inte"),
    ("possession", "ingen har visat att den innehar den nya nyckeln"),
    ("last-administrators", "minst två administratörer måste finnas kvar"),
    ("conflict", "någon annan hann före; läs ärendet på nytt"),
    ("unknown-case", "det finns inget sådant ärende"),
    ("day-in-future", "dagen har inte inträffat"),
    ("day-before-case", "dagen ligger före ärendets öppnande"),
    ("closed", "ärendet är avslutat"),
    ("restricted", "behandlingen är begränsad"),
    ("erasure-under-way", "gallringen har påbörjats; ett gallringsstopp kommer för sent"),
    ("approval", "godkännandet gäller inte"),
    ("no-policy", "inget regelpaket gäller för dagen"),
    ("policy", "regelpaketet godtas inte"),
    ("policy-order", "regelpaketet kan inte gälla från en dag före det senast antagna"),
    ("policy-incomplete", "regel saknas: en jurist måste bekräfta den"),
    ("unknown-role", "regelpaketet har ingen sådan befattningskategori"),
    ("role-not-in-force", "regeln gäller inte den dagen"),
    ("check-forbidden", "en kontroll saknar stöd i lag"),
    ("check-elsewhere", "kontrollen görs i annan ordning, utanför liggaren"),
    ("kind-not-recordable", "lagen tillåter inte att detta dokumenteras"),
    ("field-not-recordable", "lagen tillåter inte att uppgiften dokumenteras"),
    ("occasion-not-covered", "lagen omfattar inte denna anledning"),
    ("position-not-assessed", "befattningen saknar en gällande befattningsbedömning"),
    ("another-case-open", "bara den kandidat som valts får tillfrågas"),
    ("consent-not-a-ground", "samtycke är inte rättslig grund här; anteckna kvittens av information"),
    ("too-early", "ett tidigare steg saknas"),
    ("repeated", "steget är redan infört"),
    ("evidence-missing", "en uppgift om utdraget måste anges; den kontrolleras och bevaras inte"),
    ("extract-too-old", "registerutdraget är för gammalt"),
    ("extract-from-future", "registerutdraget är daterat efter dagen"),
    ("extract-wrong-law", "registerutdraget är utfärdat enligt en annan lag"),
    ("extract-registers", "registerutdraget omfattar inte de register som lagen anger"),
    ("no-exemption", "undantaget saknar stöd"),
    ("not-heard", "kandidaten ska ha kommunicerats före ett negativt beslut"),
    ("not-reviewed", "beslutet kräver en andra granskare"),
    ("nothing-to-release", "det finns inget sådant gällande gallringsstopp eller sådan begränsning"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once_and_says_something() {
        for (at, (code, text)) in CODES.iter().enumerate() {
            assert!(CODES[..at].iter().all(|(other, _)| other != code), "{code}");
            assert!(!text.is_empty() && !text.ends_with('.'), "{code}");
        }
        assert_eq!(in_swedish("no-such-code"), None);
    }
}
