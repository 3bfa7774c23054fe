"""What every check raises when it refuses."""


class Refused(Exception):
    """A refusal: the name of the check as the test vectors spell it, and where it failed."""

    def __init__(self, name, what="", block=None, record=None):
        super().__init__(name)
        self.name = name
        self.what = what
        self.block = block
        self.record = record
        # Which record a report names, and up to which one it cannot tell; set by the chain.
        self.names = None
        self.through = None

    def at(self, block=None, record=None):
        """The same refusal, with its place."""
        if block is not None:
            self.block = block
        if record is not None:
            self.record = record
        return self

    def naming(self, record):
        """The same refusal, with the record that a report names for it."""
        self.names = record
        return self

    def under(self, prefix):
        """The same refusal, named as a part of another check."""
        self.name = f"{prefix}.{self.name}"
        return self

    def __str__(self):
        return f"{self.name}: {self.what}" if self.what else self.name


STEPS = [
    # The longest fitting beginning of a name decides; docs/format.md section 10 has the same table.
    (("TooLong", "Truncated", "Trailing", "UnknownVersion", "BadValue", "BadBody", "NotCanonical"), "V1"),
    (("Open.NotOpened", "OtherLedger"), "V2"),
    (("BlockPosition", "BlockPrevious"), "V3"),
    (("NotTheStartedSequencer", "Sequencer."), "V4"),
    (("RecordPrevious",), "V5"),
    (("TimeRunsBack",), "V6"),
    (("SeenSize", "SeenRoot"), "V8"),
    (("Author.",), "V9"),
    (("Open.SignatureCount", "Open.Key.", "Open.SamePerson", "Open.Role"), "V10"),
    (("Open.StartNotFirst", "Open.OpenedAgain"), "V11"),
    (("Open.",), "V12"),
    (("Signature.Author.", "Signature.Second."), "V13"),
    (("Signature.Block.",), "V14"),
    (("Log.", "Tiles."), "V15"),
    (("Checkpoint.", "Receipt.", "Remembered."), "V16"),
    (("Trust.",), "V17"),
    (("Commitment", "PartHash", "NoSpine", "Part.", "Shape."), "V18"),
    (("Coverage.",), "V19"),
]


def step_of(name, record):
    """The verification step of section 10, or of the file's own document, that an error's name belongs to."""
    if name.startswith(("Certificate.", "Dossier.")):
        return name.split(".")[1]
    if name == "Ledger":
        return "V3" if record is None else "V7"
    if name == "RecordNumber":
        return "V3" if record is None else "V5"
    for names, step in STEPS:
        if any(name == one or (one.endswith(".") and name.startswith(one)) for one in names):
            return step
    return ""
