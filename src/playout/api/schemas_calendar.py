"""The bodies of slots, the calendar and results."""

from typing import Annotated, Literal

from pydantic import Field

from playout.api.schemas import Delivery, Status, example
from playout.api.words import Given, Text, Time, Told
from playout.domain.delivery import State
from playout.domain.post import PostState
from playout.domain.slots import MOST_SLOTS

DayName = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_CLOCK = Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="By the clock on the wall: `18:00`.")


class Slot(Given):
    """One time of the week."""

    model_config = example(day="monday", time="18:00")

    day: DayName
    time: Annotated[str, _CLOCK]


class Week(Given):
    """A channel's week."""

    model_config = example(
        timezone="Europe/Berlin", slots=[{"day": "monday", "time": "18:00"}, {"day": "friday", "time": "12:30"}]
    )

    timezone: Text = Field(description="IANA name. Slots keep to its clock when daylight saving begins and ends.")
    slots: list[Slot] = Field(max_length=MOST_SLOTS)
    paused: bool = Field(default=False, description="Nothing new is put into a slot; what is scheduled stays.")


class ShownSlot(Told):
    """One time of the week."""

    day: DayName
    time: str


class ShownWeek(Told):
    """A channel's week."""

    channel_id: str
    timezone: str
    slots: list[ShownSlot]
    paused: bool


class NextSlots(Told):
    """The next free times of a channel."""

    channel_id: str
    timezone: str
    at: Time | None = Field(description="The first; null: there is none (no slots, paused, or all taken for a year).")
    upcoming: list[Time] = Field(description="The first and those after it.")


class CalendarDelivery(Told):
    """Where it goes, and how far it is."""

    id: str
    channel_id: str
    platform: str
    state: State
    status: Status
    url: str | None


class CalendarEntry(Told):
    """A post at its time."""

    at: Time
    post_id: str
    state: PostState
    caption: str
    title: str | None
    timezone: str
    video_id: str
    channel_ids: list[str]
    deliveries: list[CalendarDelivery]


class Calendar(Told):
    """What goes out in a stretch of time, in order."""

    items: list[CalendarEntry]
    more_from: Time | None = Field(description="There is more: ask again with this as `from`.")


class Numbers(Told):
    """How a publication fares, as the platform counted."""

    views: int | None
    likes: int | None
    comments: int | None
    shares: int | None
    collected_at: Time


class Result(Told):
    """A publication."""

    delivery: Delivery
    metrics: Numbers | None = Field(description="null: none were collected yet.")


class Results(Told):
    """What was published, in the order of its times."""

    items: list[Result]
    more_from: Time | None = Field(description="There is more: ask again with this as `from`.")


class Metrics(Told):
    """The numbers of one publication."""

    delivery_id: str
    latest: Numbers | None = Field(description="null: none were collected yet.")
