"""Verdicts: what was found, on what it rests, and what was not checked."""

from dataclasses import dataclass, field

from .refused import step_of


@dataclass
class Finding:
    """One thing that is wrong."""

    error: str
    what: str
    record: int = None
    block: int = None
    through: int = None
    step: str = ""

    @property
    def place(self):
        """Findings are told in the order of their records; what concerns a span comes after what does not."""
        last = self.record if self.through is None else self.through
        return (last is None, last or 0, self.through is not None)


@dataclass
class Verdict:
    """The answer."""

    kind: str
    ledger: str = None
    origin: str = None
    size: int = 0
    root: str = None
    anchor: str = "none"
    findings: list = field(default_factory=list)
    not_proven: list = field(default_factory=list)
    not_checked: list = field(default_factory=list)
    counts: dict = field(default_factory=dict)

    def add(self, refused, record=None, through=None):
        """Adds a refusal as a finding."""
        record = refused.names if refused.names is not None else record
        step = step_of(refused.name, refused.record)
        through = refused.through if refused.through is not None else through
        self.findings.append(Finding(refused.name, str(refused), record, refused.block, through, step))

    @property
    def exit(self):
        """0 verified, 3 violation, 4 not proven."""
        return 3 if self.findings else 4 if self.not_proven else 0

    def as_json(self):
        self.findings.sort(key=lambda finding: finding.place)
        words = {0: "verified", 3: "violation", 4: "not proven"}
        return {
            "kind": self.kind, "verdict": words[self.exit], "exit": self.exit, "ledger": self.ledger,
            "origin": self.origin, "size": self.size, "root": self.root,
            "anchor": self.anchor if self.exit == 0 else "none",
            "findings": [dict(vars(finding)) for finding in self.findings],
            "not_proven": self.not_proven, "not_checked": self.not_checked, "counts": self.counts,
        }

    def as_text(self):
        said = self.as_json()
        lines = [f"{said['verdict'].upper()}: {self.kind}, {self.size} records, anchor {said['anchor']}"]
        for finding in self.findings:
            place = "no one record" if finding.record is None else f"record {finding.record}"
            if finding.through is not None:
                place += f" to {finding.through}"
            lines.append(f"  {finding.step or '-'} {place}: {finding.what}")
        lines += [f"  not proven: {line}" for line in self.not_proven]
        lines += [f"  not checked: {line}" for line in self.not_checked]
        return "\n".join(lines)
