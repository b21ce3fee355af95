"""How nested values of the domain are said in JSON, and read back: one way for every store that keeps text."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any, Generic, TypeAlias, TypeVar

from playout.domain.channel import Profile, WrappedKey
from playout.domain.delivery import Fence, Receipt
from playout.domain.errors import Problem
from playout.domain.person import Member, Passkey, Role, Scope
from playout.domain.post import Approval, Consent, Destination
from playout.domain.rendition import Fit
from playout.domain.retry import Reason, Turn
from playout.domain.slots import Day, Slot, Slots
from playout.domain.video import Facts, Rendition, RenditionState

T = TypeVar("T")
Said: TypeAlias = Mapping[str, Any]  # an object as JSON gives it; its shape is ours, written by the same file


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """A value of its own shape; `lay` turns it into what JSON can say, `pick` back."""

    lay: Callable[[T], object]
    pick: Callable[..., T]

    def write(self, value: T) -> str:
        return json.dumps(self.lay(value), ensure_ascii=False, separators=(",", ":"))

    def read(self, text: str) -> T:
        return self.pick(json.loads(text))


def _lay_words(words: Sequence[str]) -> list[str]:
    return list(words)


def _pick_words(said: Sequence[str]) -> tuple[str, ...]:
    return tuple(said)


def _lay_scopes(scopes: frozenset[Scope]) -> list[str]:
    return sorted(scopes)


def _pick_scopes(said: Sequence[str]) -> frozenset[Scope]:
    return frozenset(Scope(one) for one in said)


def _lay_profile(profile: Profile) -> Said:
    return asdict(profile)


def _pick_profile(said: Said) -> Profile:
    return Profile(**said)


def _lay_key(key: WrappedKey) -> Said:
    return {"key_id": key.key_id, "wrapped": key.wrapped.hex()}


def _pick_key(said: Said) -> WrappedKey:
    return WrappedKey(said["key_id"], bytes.fromhex(said["wrapped"]))


def _lay_reason(reason: Reason) -> Said:
    return {"code": reason.code, "message": reason.message, "whose_turn": reason.whose_turn.value}


def _pick_reason(said: Said) -> Reason:
    return Reason(said["code"], said["message"], Turn(said["whose_turn"]))


def _lay_fence(fence: Fence) -> Said:
    return {"step": fence.step, "at": fence.at.isoformat()}


def _pick_fence(said: Said) -> Fence:
    return Fence(said["step"], datetime.fromisoformat(said["at"]))


def _lay_receipt(receipt: Receipt) -> Said:
    return {
        "remote_id": receipt.remote_id,
        "url": receipt.url,
        "published_at": receipt.published_at.isoformat(),
    }


def _pick_receipt(said: Said) -> Receipt:
    return Receipt(said["remote_id"], said["url"], datetime.fromisoformat(said["published_at"]))


def _lay_facts(facts: Facts) -> Said:
    return asdict(facts)


def _pick_facts(said: Said) -> Facts:
    return Facts(**said)


def _lay_renditions(renditions: Sequence[Rendition]) -> Sequence[Said]:
    return [
        asdict(one) | {"state": one.state.value, "reason": _lay_reason(one.reason) if one.reason else None}
        for one in renditions
    ]


def _pick_renditions(said: Sequence[Said]) -> tuple[Rendition, ...]:
    return tuple(
        Rendition(
            name=one["name"],
            key=one["key"],
            state=RenditionState(one["state"]),
            size=one["size"],
            sha256=one["sha256"],
            facts=_pick_facts(one["facts"]) if one["facts"] else None,
            reason=_pick_reason(one["reason"]) if one["reason"] else None,
        )
        for one in said
    )


def _lay_problems(problems: Sequence[Problem]) -> Sequence[Said]:
    return [asdict(one) for one in problems]


def _pick_problems(said: Sequence[Said]) -> tuple[Problem, ...]:
    return tuple(Problem(**one) for one in said)


def _lay_destinations(destinations: Sequence[Destination]) -> Sequence[Said]:
    return [
        {
            "channel_id": one.channel_id,
            "caption": one.caption,
            "title": one.title,
            "options": dict(one.options),
            "consent": _lay_consent(one.consent) if one.consent else None,
            "fit": one.fit and one.fit.value,
        }
        for one in destinations
    ]


def _pick_destinations(said: Sequence[Said]) -> tuple[Destination, ...]:
    return tuple(
        Destination(
            channel_id=one["channel_id"],
            caption=one["caption"],
            title=one["title"],
            options=one["options"],
            consent=_pick_consent(one["consent"]) if one["consent"] else None,
            fit=Fit(one["fit"]) if one.get("fit") else None,
        )
        for one in said
    )


def _lay_consent(consent: Consent) -> Said:
    return {"at": consent.at.isoformat(), "by": consent.by, "via": consent.via, "text": consent.text}


def _pick_consent(said: Said) -> Consent:
    return Consent(datetime.fromisoformat(said["at"]), said["by"], said["via"], said["text"])


def _lay_approval(one: Approval) -> Said:
    return asdict(one) | {
        "asked_at": one.asked_at.isoformat(),
        "rejected_at": one.rejected_at.isoformat() if one.rejected_at else None,
    }


def _pick_approval(said: Said) -> Approval:
    rejected_at = datetime.fromisoformat(said["rejected_at"]) if said["rejected_at"] else None
    return Approval(**{**said, "asked_at": datetime.fromisoformat(said["asked_at"]), "rejected_at": rejected_at})


def _lay_slots(one: Slots) -> Said:
    times = [[slot.day.value, slot.at.isoformat()] for slot in one.slots]
    return {"timezone": one.timezone, "slots": times, "paused": one.paused}


def _pick_slots(said: Said) -> Slots:
    times = tuple(Slot(Day(day), time.fromisoformat(at)) for day, at in said["slots"])
    return Slots(said["timezone"], times, said["paused"])


def _lay_members(members: Sequence[Member]) -> Sequence[Said]:
    return [{"person_id": one.person_id, "role": one.role.value, "since": one.since.isoformat()} for one in members]


def _pick_members(said: Sequence[Said]) -> tuple[Member, ...]:
    return tuple(Member(one["person_id"], Role(one["role"]), datetime.fromisoformat(one["since"])) for one in said)


def _lay_passkeys(passkeys: Sequence[Passkey]) -> Sequence[Said]:
    return [
        asdict(one)
        | {
            "public_key": one.public_key.hex(),
            "created_at": one.created_at.isoformat(),
            "last_used_at": one.last_used_at.isoformat() if one.last_used_at else None,
        }
        for one in passkeys
    ]


def _pick_passkeys(said: Sequence[Said]) -> tuple[Passkey, ...]:
    return tuple(
        Passkey(
            id=one["id"],
            public_key=bytes.fromhex(one["public_key"]),
            sign_count=one["sign_count"],
            name=one["name"],
            created_at=datetime.fromisoformat(one["created_at"]),
            last_used_at=datetime.fromisoformat(one["last_used_at"]) if one["last_used_at"] else None,
        )
        for one in said
    )


WORDS = Codec(_lay_words, _pick_words)
SCOPES = Codec(_lay_scopes, _pick_scopes)
PROFILE = Codec(_lay_profile, _pick_profile)
KEY = Codec(_lay_key, _pick_key)
REASON = Codec(_lay_reason, _pick_reason)
FENCE = Codec(_lay_fence, _pick_fence)
RECEIPT = Codec(_lay_receipt, _pick_receipt)
RENDITIONS = Codec(_lay_renditions, _pick_renditions)
FACTS = Codec(_lay_facts, _pick_facts)
PROBLEMS = Codec(_lay_problems, _pick_problems)
DESTINATIONS = Codec(_lay_destinations, _pick_destinations)
APPROVAL = Codec(_lay_approval, _pick_approval)
SLOTS = Codec(_lay_slots, _pick_slots)
MEMBERS = Codec(_lay_members, _pick_members)
PASSKEYS = Codec(_lay_passkeys, _pick_passkeys)
