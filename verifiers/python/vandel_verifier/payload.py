"""Sealed steps: parts, header, commitment and approval (docs/format.md sections 6 and 7; V18)."""

from datetime import date

from . import ed25519
from .hashes import digest, domain
from .postcard import (
    actor, day, fields, flag, hashed, identifier, key, listed, nothing, one_of, option, raw, read_body, signature,
    term, text, thread, u8, u32,
)
from .refused import Refused
from .structure import Cursor

PART_MAX, TEXT_MAX, LIST_MAX = 262_144, 8_192, 64
KINDS = (
    "position_assessed", "case_opened", "information_given", "information_acknowledged", "consent_given",
    "consent_withdrawn", "candidate_withdrew", "extract_requested", "extract_shown", "extract_rejected",
    "extract_exempted", "copy_stored", "copy_returned", "authority_fetched", "assessment_made", "candidate_heard",
    "second_reviewed", "decision_made", "appeal_lodged", "appeal_settled", "legal_force_gained",
    "employment_started", "employment_moved", "employment_ended", "case_closed", "rectified", "reassigned", "held",
    "released", "restricted", "interrupted", "identity_changed", "record_read",
)
registers = listed(term("criminal_records", "suspicions", "criminal_records_without_fines", "foreign"))
compartments = listed(term("spine", "identity", "process", "note", "copy", "assessment", "reads"))


def _number(coordination):
    """A text that is an identity number of the kind said."""

    def read(reader):
        value = text(reader)
        if not _is_identity_number(value, coordination):
            reader.bad("no identity number of this kind")
        return value

    return read


def _is_identity_number(value, coordination):
    if len(value) != 12 or not value.isascii() or not value.isdigit() or value[8:11] == "000":
        return False
    try:
        born = date(int(value[:4]), int(value[4:6]), int(value[6:8]) - (60 if coordination else 0))
    except ValueError:
        return False
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(value[2:])]
    return born.year >= 1900 and sum(n // 10 + n % 10 for n in doubled) % 10 == 0


spine = fields(thread=thread, number=u32, previous=hashed, kind=term(*KINDS), day=day)
identity = fields(
    subject=identifier, handle=text,
    number=one_of(
        ("Personal", fields(text=_number(False))), ("Coordination", fields(text=_number(True))),
        ("None", fields(reason=term("not_yet_assigned", "not_resident")))),
    surname=text, given_name=text, protected=flag)
process = one_of(
    ("PositionAssessed", fields(
        controller=identifier, unit=identifier, role=text, title=text, need=text, union_reference=text,
        impact_reference=text, until=option(day))),
    ("CaseOpened", fields(
        subject=identifier, controller=identifier, unit=identifier, assignment=identifier, reference=text, role=text,
        position=option(thread),
        occasion=term("new_employment", "internal_move", "renewal", "assignment", "agency", "placement", "volunteer"),
        offered=option(day))),
    ("InformationGiven", fields(registers=registers)),
    ("InformationAcknowledged", nothing),
    ("ConsentGiven", nothing),
    ("ConsentWithdrawn", nothing),
    ("CandidateWithdrew", nothing),
    ("ExtractRequested", fields(registers=registers)),
    ("ExtractRejected", fields(reason=term("too-old", "wrong-law", "unverified"))),
    ("AuthorityFetched", fields(registers=registers, need=text)),
    ("DecisionMade", fields(
        outcome=term("fit", "fit-with-support", "not-fit"), delegation=text, follow_up=option(day),
        support=option(term("supervision", "adjusted-duties", "counselling")))),
    ("AppealLodged", fields(reference=text)),
    ("AppealSettled", fields(outcome=term("upheld", "set-aside", "withdrawn"))),
    ("LegalForceGained", nothing),
    ("EmploymentStarted", nothing),
    ("EmploymentMoved", fields(controller=identifier, unit=identifier)),
    ("EmploymentEnded", nothing),
    ("CaseClosed", nothing),
    ("Rectified", fields(number=u32, correction=text)),
    ("Held", fields(
        ground=term("disclosure-request", "dispute", "supervision"), owner=actor, review=day, remark=text)),
    ("Released", fields(number=u32)),
    ("Restricted", fields(
        ground=term("contested", "unlawful", "legal-claim", "objection"), owner=actor, review=day, remark=text)),
    ("Interrupted", fields(reference=text)),
)
note = one_of(
    ("Shown", fields(
        issued=option(day), law=option(text), registers=option(registers),
        authenticity=option(term("paper-original", "control-service")), remark=option(text))),
    ("Exempted", fields(thread=thread, statement=hashed)),
)
copy = one_of(("Document", fields(media_type=text, bytes=raw)), ("Paper", fields(place=text)), ("Returned", nothing))
assessment = one_of(
    ("Findings", fields(findings=listed(fields(offence=text, years_ago=u8, relevance=text)))),
    ("Heard", fields(text=text)),
    ("Reviewed", fields(agrees=flag, opinion=text)),
    ("Reasons", fields(relevance=text, time_elapsed=text, remark=text)),
)
reads = fields(
    thread=option(thread),
    purpose=term("handling", "deciding", "subject-access", "audit", "retention", "disclosure", "export"),
    remark=text, compartments=compartments, count=u32)
approval = fields(key=key, signature=signature)
SPINE, IDENTITY, PROCESS, NOTE, COPY, ASSESSMENT, READS, APPROVAL = range(8)
PARTS = (spine, identity, process, note, copy, assessment, reads, approval)

# Section 6.1: the compartments of each kind besides the spine, by slot, with the variant where there is a choice.
_SHAPES = {
    "case_opened": {IDENTITY: None, PROCESS: "CaseOpened"},
    "extract_shown": {NOTE: ("Shown",)},
    "extract_exempted": {NOTE: ("Exempted",)},
    "copy_stored": {COPY: ("Document", "Paper")},
    "copy_returned": {COPY: ("Returned",)},
    "assessment_made": {ASSESSMENT: ("Findings",)},
    "candidate_heard": {ASSESSMENT: ("Heard",)},
    "second_reviewed": {ASSESSMENT: ("Reviewed",)},
    "decision_made": {PROCESS: ("DecisionMade",), ASSESSMENT: ("Reasons",)},
    "reassigned": {IDENTITY: None},
    "identity_changed": {IDENTITY: None},
    "record_read": {READS: None},
}
_SHAPES["case_opened"][PROCESS] = ("CaseOpened",)


def shape_of(kind):
    """The slots that a kind may fill besides the spine's, and the variants there."""
    shape = _SHAPES.get(kind)
    if shape is None:
        shape = {PROCESS: ("".join(word.capitalize() for word in kind.split("_")),)}
    return shape


def read_part(slot, content):
    """Reads the body of a part."""
    if len(content) > PART_MAX:
        raise Refused("TooLong", "part content")
    return read_body(content, "part content", PARTS[slot])


def read_header(data):
    """(salt, the eight slots)."""
    cursor = Cursor(data)
    salt = cursor.take(32, "payload salt")
    slots = [cursor.take(32, "payload slot") for _ in range(8)]
    if cursor.at != len(data):
        raise Refused("TooLong", "payload header")
    return salt, slots


def _keeps_limits(value):
    """Whether texts and lists keep their limits."""
    if isinstance(value, str):
        return len(value.encode()) <= TEXT_MAX
    if isinstance(value, list):
        return len(value) <= LIST_MAX and all(map(_keeps_limits, value))
    if isinstance(value, dict):
        return all(map(_keeps_limits, value.values()))
    if isinstance(value, tuple):
        return _keeps_limits(value[1])
    return True


def open_payload(commitment, header, parts):
    """V18: holds a header and stored parts (salt and content, by slot) against a commitment; gives the bodies."""
    if digest(domain("commitment"), header) != commitment:
        raise Refused("Commitment", "the header is another")
    _, slots = read_header(header)
    for slot, stored in sorted(parts.items()):
        if len(stored) < 32 or digest(domain("part"), bytes([slot]), stored) != slots[slot]:
            raise Refused("PartHash", f"slot {slot}")
    if SPINE not in parts:
        raise Refused("NoSpine", "nothing says what the step was")
    bodies = {}
    for slot, stored in sorted(parts.items()):
        try:
            bodies[slot] = read_part(slot, stored[32:])
        except Refused as refused:
            raise refused.under("Part") from None
    _check_shape(bodies)
    return bodies


def _check_shape(bodies):
    kind = bodies[SPINE]["kind"]
    shape = shape_of(kind)
    for slot, body in bodies.items():
        if slot == SPINE:
            continue
        if slot == APPROVAL:
            if kind != "released":
                raise Refused("Shape.Approval", f"{kind} needs none")
            continue
        if slot not in shape or (shape[slot] is not None and body[0] not in shape[slot]):
            raise Refused("Shape.Unexpected", f"{kind} has no such part in slot {slot}")
    if not all(map(_keeps_limits, bodies.values())):
        raise Refused("Shape.TooLong", "a text or a list")


def check_approval(ledger, author, header, body):
    """The approval's signature (section 7)."""
    ed25519.verify(body["key"], domain("approval") + ledger + author + header[: 32 * 8], body["signature"])
