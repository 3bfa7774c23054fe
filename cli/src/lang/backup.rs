//! Texts about backups.

super::texts! {
    /// Making, checking, restoring, destroying.
    BackupText {
        Copying: "{files} files, {bytes} MiB read, {written} MiB new" / "{files} filer, {bytes} MiB lästa, {written} MiB nya",
        Made: "generation {generation}: {records} records, vault epoch {epoch}\n  data  {place}, until {expires}\n  keys  {keys}\n  {files} files, {bytes} MiB, of which {written} MiB were new" / "generation {generation}: {records} poster, valvets epok {epoch}\n  data      {place}, till {expires}\n  nycklar   {keys}\n  {files} filer, {bytes} MiB, varav {written} MiB nya",
        NoKeys: "not copied: this generation restores a log, and no content" / "inte kopierade: generationen återställer en logg men inget innehåll",
        KeysAt: "{place}, until {expires}{root}" / "{place}, till {expires}{root}",
        WithRoot: ", WITH THE ROOT CELL: keep the halves apart" / ", MED ROTNYCKELN: håll halvorna åtskilda",
        WithoutRoot: ", without the root cell" / ", utan rotnyckeln",
        RootWarning: "the root cell is in this backup: erasures from now on stay at \"executed\" until generation {generation} is destroyed" / "rotnyckeln ingår i säkerhetskopian: gallringar från och med nu stannar vid ”verkställd” tills generation {generation} är förstörd",
        ListEnd: "{living} generation half(s) may exist, {late} past their horizon, {destroyed} destroyed" / "{living} halva generationer kan finnas, {late} förbi sin gräns, {destroyed} förstörda",
        Files: "files      {files} checked, {problems} damaged or missing" / "filer      {files} kontrollerade, {problems} skadade eller saknade",
        NotChecked: "not checked: {what}" / "inte kontrollerat: {what}",
        Restored: "generation {generation} is restored to {home}: {records} records ({newer} from the newer log)\n  {erasures} erasure(s) applied again, {keys} keys destroyed; the vault's epoch is {epoch}" / "generation {generation} är återställd till {home}: {records} poster ({newer} från den nyare loggen)\n  {erasures} gallringar gjorda på nytt, {keys} nycklar förstörda; valvets epok är {epoch}",
        WholeRecords: "of the erasures begun in {records} it was not known which keys had gone: all content of their records was destroyed" / "för gallringarna som påbörjades i {records} var det inte känt vilka nycklar som förstörts: allt innehåll i deras poster förstördes",
        RestoredNext: "next: vandel verify {home} --trust FILE, then vandel doctor" / "härnäst: vandel verify {home} --trust FIL, sedan vandel doctor",
        NoMemory: "no memory lies at {memory}: name the ledger's own with --memory DIR; only if it is truly lost, compare the log with receipts and open once with --trust-new-memory" / "inget minne finns i {memory}: ange liggarens eget med --memory DIR; bara om det verkligen är förlorat: jämför loggen med kvitton och öppna en gång med --trust-new-memory",
        Destroyed: "generation {generation} ({half}): {how}; sink {sink}" / "generation {generation} ({half}): {how}; förvaringsställe {sink}",
        Before: "generation {generation} ({half}) was destroyed before: {how}" / "generation {generation} ({half}) var redan förstörd: {how}",
    }
}
