//! The words around every command's own.

super::texts! {
    /// Labels and general words.
    Text {
        Error: "error:" / "fel:",
        Warning: "warning:" / "varning:",
        ErrorDetail: "detail:" / "i detalj:",
        ErrorCode: "code:" / "kod:",
        ErrorRecord: "record:" / "post:",
        ErrorExpected: "expected:" / "väntat:",
        ErrorFound: "found:" / "funnet:",
        ErrorParagraph: "rests on:" / "stöd:",
        ErrorNext: "next:" / "gör så här:",
        Passphrase: "Passphrase for {file}: " / "Lösenfras för {file}: ",
        NewPassphrase: "New passphrase for {file} (empty for none): " / "Ny lösenfras för {file} (tom för ingen): ",
        RepeatPassphrase: "Once more: " / "En gång till: ",
        Recorded: "{what}: record {record}, {time}" / "{what}: post {record}, {time}",
        Actor: "actor" / "aktör",
        Count: "{count} shown" / "{count} visade",
    }
}
