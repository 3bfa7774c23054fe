"""Keys over time (docs/format.md section 8)."""

from dataclasses import dataclass, replace
from typing import Optional

from .postcard import LAST_DAY
from .refused import Refused

EVERYWHERE = {"controller": None, "unit": None, "assignment": None}
# Held for the whole ledger; the others may be held anywhere.
_FOR_THE_WHOLE = ("administrator", "service", "data-protection officer")


def latest_day(second):
    """The latest civil day that can have begun in Sweden at a second."""
    return min((second + 7200) // 86400, LAST_DAY)


def outsiders(chain, cosigners):
    """Those cosigners whose keys are none of this ledger's own: nobody is a witness to itself."""
    own = set(chain.keyring.entries) | {key for _, key in chain.checkpoint_keys}
    return [key for key, _ in cosigners if key.key not in own]


@dataclass(frozen=True)
class Entry:
    """A key's entry."""

    actor: bytes
    grants: tuple
    enrolled_at: int
    last_second: Optional[int] = None
    ended_at: Optional[int] = None


class Keyring:
    """All keys that were ever enrolled, by their 32 bytes."""

    def __init__(self, entries=None):
        self.entries = dict(entries or {})

    def copy(self):
        return Keyring(self.entries)

    def refusal(self, key, second):
        """Why a key may not sign at a second: Unknown, Ended, Expired; None if it may."""
        entry = self.entries.get(key)
        if entry is None:
            return "Unknown"
        if entry.ended_at is not None:
            return "Ended"
        if entry.last_second is not None and entry.last_second < second:
            return "Expired"
        return None

    def may_sign(self, key, second, prefix):
        """Refuses a key that may not sign, and gives its entry."""
        refusal = self.refusal(key, second)
        if refusal is not None:
            raise Refused(f"{prefix}.{refusal}", f"key {key.hex()}")
        return self.entries[key]

    def holds(self, key, roles, second):
        """Whether a key holds one of the roles at a second."""
        today = latest_day(second)
        for grant in self.entries[key].grants:
            in_force = grant["begins"] <= today and (grant["until"] is None or today <= grant["until"])
            whole = grant["scope"] == EVERYWHERE or grant["role"] not in _FOR_THE_WHOLE
            if grant["role"] in roles and in_force and whole:
                return True
        return False

    def administrators(self, second):
        """How many people hold `administrator` through keys that may sign."""
        holders = set()
        for key, entry in self.entries.items():
            if self.refusal(key, second) is None and self.holds(key, ("administrator",), second):
                holders.add(entry.actor)
        return len(holders)

    def end(self, key, record):
        self.entries[key] = replace(self.entries[key], ended_at=record)
