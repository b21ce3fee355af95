"""What a platform takes, as data, and the check of a post against it.

The same check serves the API, the command line, the pages and the step itself. Platform facts are not here: each
adapter brings its own `Limits`. Lengths are in the unit the platform counts in.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.video import Facts


def utf16_units(text: str) -> int:
    """Length as several platforms count it: an emoji outside the basic plane counts 2."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` calls in any `window`, counted per channel."""

    limit: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a destination. `values` None: any of the type. Required ones are never defaulted."""

    kind: type[bool] | type[int] | type[str]
    required: bool = False
    values: tuple[str, ...] | None = None
    live: bool = False  # which values are offered differs per account and is asked for live


@dataclass(frozen=True, slots=True)
class Limits:
    """Everything about a platform that a check needs."""

    containers: frozenset[str]
    video_codecs: frozenset[str]
    most_bytes: int
    least_seconds: float
    most_seconds: float
    least_fps: float
    most_fps: float
    least_side: int  # pixels
    most_side: int
    caption_length: int
    caption_unit: Callable[[str], int]
    title_length: int | None  # None: it has no title
    choices: Mapping[str, Choice]
    rates: Mapping[str, Rate] = field(default_factory=dict)  # by name of step
    consent: str | None = None  # version of the words a person must agree to before anything is sent
    #: What no table can say: rules across options, each giving a problem or None.
    rules: tuple[Callable[[Mapping[str, JsonValue]], Problem | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants for one channel, as a check sees it."""

    channel_id: str
    caption: str
    title: str | None
    options: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Live:
    """What the platform offers this account right now."""

    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)  # option -> why it cannot be switched on
    most_seconds: float | None = None
    blocked: Problem | None = None  # nothing may be posted now, and why
    shown: Mapping[str, JsonValue] = field(default_factory=dict)  # for a face to show


def check(limits: Limits, wanted: Wanted, facts: Facts | None, size: int, live: Live | None) -> tuple[Problem, ...]:
    """All problems of this post on this channel; none means it can be sent. `facts` None: not probed yet."""
    found = [
        *_check_wording(limits, wanted),
        *_check_options(limits, wanted, live),
        *_check_size(limits, size),
    ]
    if facts:
        most_seconds = min(
            limits.most_seconds, live.most_seconds if live and live.most_seconds else limits.most_seconds
        )
        found += _check_file(limits, facts, most_seconds)
    if live and live.blocked:
        found.append(live.blocked)
    return tuple(_on(wanted.channel_id, found))


def _check_wording(limits: Limits, wanted: Wanted) -> Iterable[Problem]:
    length = limits.caption_unit(wanted.caption)
    if length > limits.caption_length:
        yield Problem(
            "caption_too_long",
            "/caption",
            f"The caption is {length} long; {limits.caption_length} is the limit.",
        )
    if wanted.title and limits.title_length is not None and limits.caption_unit(wanted.title) > limits.title_length:
        yield Problem("title_too_long", "/title", f"The title is longer than {limits.title_length}.")


def _check_options(limits: Limits, wanted: Wanted, live: Live | None) -> Iterable[Problem]:
    for name, value in wanted.options.items():
        choice = limits.choices.get(name)
        if choice is None:
            known = ", ".join(sorted(limits.choices))
            yield Problem("unknown_option", f"/options/{name}", f"There is no option “{name}” here. Known: {known}.")
        elif type(value) is not choice.kind:
            yield Problem("wrong_type", f"/options/{name}", f"“{name}” must be a {_word(choice.kind)}.")
        else:
            yield from _check_choice(name, value, choice, live)
    for name, choice in limits.choices.items():
        if choice.required and name not in wanted.options:
            yield Problem("option_required", f"/options/{name}", f"“{name}” must be chosen by a person.")
    yield from (problem for rule in limits.rules if (problem := rule(wanted.options)))


def _check_choice(name: str, value: JsonValue, choice: Choice, live: Live | None) -> Iterable[Problem]:
    offered = live.choices.get(name, choice.values) if live and choice.live else choice.values
    if offered is not None and value not in offered:
        yield Problem("not_offered", f"/options/{name}", f"“{name}” can be: {', '.join(offered) or 'nothing now'}.")
    if live and value is True and name in live.refused:
        yield Problem("not_offered", f"/options/{name}", live.refused[name])


def _check_size(limits: Limits, size: int) -> Iterable[Problem]:
    if size > limits.most_bytes:
        yield Problem("file_too_large", "/video_id", f"The file has {size} bytes; {limits.most_bytes} is the limit.")


def _check_file(limits: Limits, facts: Facts, most_seconds: float) -> Iterable[Problem]:
    if facts.container not in limits.containers:
        yield _file_problem("container", f"The file is {facts.container}; it takes {_list(limits.containers)}.")
    if facts.video_codec not in limits.video_codecs:
        yield _file_problem(
            "video_codec", f"The picture is {facts.video_codec}; it takes {_list(limits.video_codecs)}."
        )
    if not limits.least_seconds <= facts.duration <= most_seconds:
        yield Problem(
            "duration",
            "/video_id",
            f"The video lasts {facts.duration:.1f} s; {limits.least_seconds:g} to {most_seconds:g} s are taken here.",
        )
    if not limits.least_fps <= facts.fps <= limits.most_fps:
        yield _file_problem("fps", f"{facts.fps:.2f} pictures a second; {limits.least_fps:g} to {limits.most_fps:g}.")
    if min(facts.width, facts.height) < limits.least_side or max(facts.width, facts.height) > limits.most_side:
        yield _file_problem(
            "picture_size",
            f"{facts.width}×{facts.height} pixels; each side must have {limits.least_side} to {limits.most_side}.",
        )


def _file_problem(code: str, message: str) -> Problem:
    return Problem(code, "/video_id", message)


def _on(channel_id: str, found: Iterable[Problem]) -> Iterable[Problem]:
    for one in found:
        yield Problem(one.code, one.field, one.message, channel_id, one.fix)


def _word(kind: type) -> str:
    return {bool: "true or false", int: "whole number", str: "text"}[kind]


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
