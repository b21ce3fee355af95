"""Follows deliveries until nothing more moves by itself, and prints their receipts."""

from collections.abc import Mapping, Sequence

from playout.cli import records
from playout.cli.choose import called
from playout.cli.desk import Desk
from playout.cli.output import Out, Progress, plain
from playout.domain.channel import Channel
from playout.domain.delivery import OVER, Delivery, State

_GLANCE = 0.25  # seconds between two looks at a record
#: The address of something published comes a little later, once the platform has looked at it.
_WAIT_FOR_ADDRESS = 12.0  # seconds
_STILL = OVER | {State.HELD, State.UNCONFIRMED, State.HANDED_OVER}
_WORDS = {
    State.WAITING: "waiting",
    State.SENDING: "sending",
    State.PROCESSING: "the platform works on it",
    State.PUBLISHED: "published; its address is still to come",
}
_ENDS = {
    State.PUBLISHED: "published",
    State.HANDED_OVER: "handed over: finish it in the app on the phone",
    State.HELD: "held",
    State.UNCONFIRMED: "unconfirmed: the platform may have it",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}


async def watch(desk: Desk, post_id: str, channels: Mapping[str, Channel]) -> Sequence[Delivery]:
    """The deliveries as they came to rest, each told as it did."""
    patience = _WAIT_FOR_ADDRESS / _GLANCE
    told: set[str] = set()
    with desk.out.progress() as progress:
        while True:
            deliveries = (await desk.services.posts.get(desk.actor, post_id)).deliveries
            moving = [one for one in deliveries if _moves(one, wait_for_address=patience > 0)]
            for one in deliveries:
                if one in moving:
                    _show(progress, one, channels)
                elif one.id not in told:
                    told.add(one.id)
                    progress.over(one.id)
                    _tell(desk.out, one, channels)
            if not moving:
                return deliveries
            patience -= all(one.state is State.PUBLISHED for one in moving)
            await desk.services.clock.sleep(_GLANCE)


def receipts(out: Out, deliveries: Sequence[Delivery], channels: Mapping[str, Channel]) -> None:
    """The result, as data."""
    for one in deliveries:
        out.record(records.delivery(one), receipt(one, channels) if one.receipt else None)


def receipt(one: Delivery, channels: Mapping[str, Channel]) -> str:
    """Proof of publication, for people."""
    record = records.delivery(one)
    lines = {
        "where": called(channels[one.channel_id]) if one.channel_id in channels else one.channel_id,
        "id": record["remote_id"],
        "address": record["url"] or "comes once the platform shows it",
        "time": record["published_at"],
        "delivery": one.id,
    }
    return "\n".join(f"  {name:9} {plain(value)}" for name, value in lines.items())


def _moves(one: Delivery, *, wait_for_address: bool) -> bool:
    if one.state is State.PUBLISHED:
        coming = one.due_at is not None and one.receipt is not None and one.receipt.url is None
        return coming and wait_for_address
    return one.state not in _STILL


def _show(progress: Progress, one: Delivery, channels: Mapping[str, Channel]) -> None:
    trouble = f": {one.reason.message}" if one.reason and one.state is not State.PUBLISHED else ""
    label = f"{_name(one, channels)} · {_WORDS.get(one.state, one.state)}{trouble}"
    counted = one.state is State.SENDING and one.total > 0
    progress.show(one.id, plain(label), *((one.sent, one.total) if counted else (0, 0)))


def _tell(out: Out, one: Delivery, channels: Mapping[str, Channel]) -> None:
    why = f": {one.reason.message}" if one.reason else ""
    text = f"{_name(one, channels)} · {_ENDS.get(one.state, one.state)}{why}"
    facts = {"delivery_id": one.id, "state": one.state.value}
    if one.state in {State.PUBLISHED, State.HANDED_OVER}:
        out.done(text, **facts)
    else:
        out.warn(text, **facts)
        if one.state is State.UNCONFIRMED:
            out.say(f"  Look for yourself, then: playout deliveries resolve {one.id} --published (or --not-there).")


def _name(one: Delivery, channels: Mapping[str, Channel]) -> str:
    return called(channels[one.channel_id]) if one.channel_id in channels else one.channel_id
