"""Policy packs, as far as a chain's integrity rests on them (docs/policy.md; V12).

Read strictly: TOML with known keys, terms and names, nothing twice, and what no pack may say. Not judged
here: whether the retention periods of a pack contradict each other. A verdict says so.
"""

import re
import tomllib
from datetime import date

from .payload import KINDS
from .refused import Refused

PACK_MAX = 196_608
NOT_JUDGED = "whether the retention periods of the adopted policy packs contradict each other"

_TERMS = {
    "duty": ("mandatory", "optional", "forbidden", "external"),
    "storage": ("note_only", "copy_required", "none"),
    "acquisition": ("shown", "handed_in", "fetched"),
    "noted_by": ("decider", "handler"),
    "subject": ("candidate", "household_member"),
    "legal_ground": ("legal_obligation", "public_task", "statutory_consent"),
    "registers": ("criminal_records", "suspicions", "criminal_records_without_fines", "foreign"),
    "occasions": (
        "new_employment", "internal_move", "renewal", "assignment", "agency", "placement", "volunteer"),
    "records": KINDS,
    "fields": (
        "case_opened.offer_day", "extract_shown.issued", "extract_shown.law", "extract_shown.registers",
        "extract_shown.authenticity", "extract_shown.remark", "decision_made.reasons", "decision_made.follow_up",
        "decision_made.support"),
}
_DECIDING_DAYS = ("offer", "showing", "start")
_TRIGGERS = (
    "opened", "closed", "decision", "legal_force", "employment_start", "employment_end", "last_linked", "reading")
_COMPARTMENTS = ("identity", "process", "note", "copy", "assessment")
_NOTE_ONLY = {
    "case_opened", "extract_shown", "case_closed", "rectified", "restricted", "held", "released", "reassigned",
    "identity_changed", "record_read",
}
_PERIOD = re.compile(r"(?=.)(\d+y)?(\d+m)?(\d+d)?", re.ASCII)
_BOUND = re.compile(rf"(?:(?:{'|'.join(_TRIGGERS)}) \+ )?((?=\d)(?:\d+y)?(?:\d+m)?(?:\d+d)?)", re.ASCII)

_flag, _text, _number, _table, _list = bool, str, int, dict, list
_RULE = {
    "when": _text, "class": _text, "trigger": _text, "otherwise": _text, "keep": _text, "never_before": _text,
    "no_later_than": _text, "interruption_extends": _flag,
}
_PACK = {
    "name": _text, "version": _text, "title": _table, "jurisdiction": _text, "confirmed_by": _text,
    "confirmation_required": _flag, "reads": _table, "purpose": _list, "class": _list, "retention": _table,
    "role": _list, "local": _list, "unverified": _list,
}
_ROLE = {
    "code": _text, "title": _table, "sfs": _text, "law": _text, "in_force_from": _text, "in_force_until": _text,
    "duty": _text, "storage": _text, "acquisition": _list, "noted_by": _text, "subject": _text,
    "subject_age_min": _number, "legal_ground": _text, "purposes": _list, "registers": _list, "occasions": _list,
    "extract_age": _table, "renewal": _table, "consent_is_ground": _flag, "acknowledgement_required": _flag,
    "foreign_extract": _flag, "vendor_check": _flag, "records": _list, "fields": _list, "position": _table,
    "assessment": _table, "retention": _text, "local": _list, "unverified": _list,
}
_INNER = {
    "title": {"sv": _text, "en": _text},
    "extract_age": {"max": _text, "on": _text},
    "renewal": {"within": _text, "on": _text},
    "position": {"assessed": _flag, "union_reference": _flag, "impact_reference": _flag},
    "assessment": {"candidate_heard": _flag, "second_reviewer": _flag},
}


def _refuse(why):
    raise Refused("Policy", why)


def _keys(table, known, where):
    for key, value in table.items():
        if key not in known:
            _refuse(f"{where}: unknown key {key}")
        if type(value) is not known[key]:
            _refuse(f"{where}: {key} is of another type")


def _names(pack, what):
    names = []
    for one in pack.get(what, []):
        if type(one) is not dict:
            _refuse(f"{what} is of another type")
        _keys(one, {"name": _text, "sv": _text, "en": _text}, what)
        names.append(one.get("name", ""))
    if "" in names or len(set(names)) != len(names):
        _refuse(f"a {what} without a name, or twice")
    return names


def check_pack(text):
    """Refuses a pack that does not read strictly, or that cannot be adopted."""
    if len(text.encode()) > PACK_MAX:
        _refuse("too long")
    try:
        pack = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _refuse(f"no TOML: {error}")
    _keys(pack, _PACK, "pack")
    _keys(pack.get("title", {}), _INNER["title"], "title")
    purposes, classes = _names(pack, "purpose"), _names(pack, "class")
    schedules = pack.get("retention", {})
    for name, schedule in schedules.items():
        if type(schedule) is not dict:
            _refuse(f"retention.{name} is of another type")
        _check_schedule(name, schedule, classes)
    if "reads" in pack:
        _check_rule("reads", pack["reads"], classes)
    _check_marks(pack, _PACK, "pack")
    roles = pack.get("role", [])
    for role in roles:
        if type(role) is not dict:
            _refuse("role is of another type")
        _check_role(role, purposes, schedules)
    _check_versions(roles)
    if pack.get("confirmation_required") and not pack.get("confirmed_by", "").strip():
        _refuse("it must be confirmed before it is adopted")


def _check_schedule(name, schedule, classes):
    _keys(schedule, dict.fromkeys(_COMPARTMENTS, _list), f"retention.{name}")
    for compartment, rules in schedule.items():
        for rule in rules:
            if type(rule) is not dict:
                _refuse(f"retention.{name}.{compartment} is of another type")
            _check_rule(f"retention.{name}.{compartment}", rule, classes)
        whens = sorted(rule.get("when", "") for rule in rules)
        if whens not in ([""], ["hired", "not_hired"]):
            _refuse(f"retention.{name}.{compartment}: one rule for all, or one for each outcome")


def _check_rule(where, rule, classes):
    _keys(rule, _RULE, where)
    if rule.get("class") not in classes:
        _refuse(f"{where}: no such class")
    if rule.get("trigger") not in _TRIGGERS or rule.get("otherwise", "opened") not in _TRIGGERS:
        _refuse(f"{where}: no such trigger")
    if not _PERIOD.fullmatch(rule.get("keep", "")):
        _refuse(f"{where}: keep is no period")
    if any(not _BOUND.fullmatch(rule[bound]) for bound in ("never_before", "no_later_than") if bound in rule):
        _refuse(f"{where}: a bound is no period")


def _check_marks(table, known, where):
    for mark in table.get("local", []) + table.get("unverified", []):
        if type(mark) is not str or mark.split(".")[0] not in known:
            _refuse(f"{where}: a mark on no key")


def _check_role(role, purposes, schedules):
    code = role.get("code", "")
    if not re.fullmatch("[A-Z0-9_]{1,32}", code):
        _refuse("a role without a code")
    _keys(role, _ROLE, code)
    for name, inner in _INNER.items():
        _keys(role.get(name, {}), inner, f"{code}.{name}")
    for name, terms in _TERMS.items():
        values = role.get(name, [])
        values = values if type(values) is list else [values] if values else []
        if any(value not in terms for value in values) or len(set(values)) != len(values):
            _refuse(f"{code}: {name} has an unknown term, or one twice")
    for name in ("extract_age", "renewal"):
        inner = role.get(name, {})
        period = inner.get("max", inner.get("within", ""))
        if inner.get("on", "") not in ("", *_DECIDING_DAYS) or period and not _PERIOD.fullmatch(period):
            _refuse(f"{code}: {name}")
    if any(purpose not in purposes for purpose in role.get("purposes", [])):
        _refuse(f"{code}: no such purpose")
    if role.get("retention", "") not in ("", *schedules):
        _refuse(f"{code}: no such retention")
    _check_marks(role, _ROLE, code)
    _check_what_no_pack_may_say(role, code)


def _check_what_no_pack_may_say(role, code):
    records = set(role.get("records", []))
    if role.get("storage") == "note_only":
        allowed = _NOTE_ONLY | ({"extract_exempted"} if "renewal" in role else set())
        if records - allowed or role.get("fields"):
            _refuse(f"{code}: under note_only only a note may be recorded")
    if records & {"copy_stored", "copy_returned"} and role.get("storage") != "copy_required":
        _refuse(f"{code}: a copy is recorded where none is required")
    if "authority_fetched" in records and "fetched" not in role.get("acquisition", []):
        _refuse(f"{code}: it does not fetch")
    consent = role.get("consent_is_ground", False)
    if records & {"consent_given", "consent_withdrawn"} and not consent:
        _refuse(f"{code}: consent is no ground here")
    if consent and role.get("legal_ground") != "statutory_consent":
        _refuse(f"{code}: consent is a ground only by statute")


def _day(text, code):
    try:
        return date.fromisoformat(text)
    except ValueError:
        _refuse(f"{code}: {text} is no day")


def _check_versions(roles):
    versions = {}
    for role in roles:
        code = role["code"]
        first = _day(role.get("in_force_from") or "1900-01-01", code)
        last = role.get("in_force_until")
        versions.setdefault(code, []).append((first, _day(last, code) if last else None))
    for code, spans in versions.items():
        spans.sort(key=lambda span: span[0])
        for (first, last), (following, _) in zip(spans, spans[1:]):
            if last is None or last < first or (following - last).days != 1:
                _refuse(f"{code}: versions overlap, or leave days between them uncovered")
