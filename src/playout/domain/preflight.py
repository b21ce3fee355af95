"""The check of a post against what a platform takes: before anything is made, and again before anything is sent.

One function for the API, the command line, the pages and the step itself. Each problem names a fix where there is one.
Not here: what needs the store (duplicates, caps, permissions): `application/preflight.py`.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.limits import Choice, FileLimits, Limits, Live, Wanted, WordLimits, in_time
from playout.domain.video import Facts

#: The fix of a file: a rendition.
RENDER = "render"
#: The fix of a permission: the sign-in at the platform, once more.
RECONNECT = "reconnect"

#: 59.94 pictures a second are called 60, and 23.976 are called 24.
_FPS_TOLERANCE = 0.1
_HASHTAG = re.compile(r"(?<![\w#])#\w+")
_MENTION = re.compile(r"(?<![\w@])@\w[\w.]*")


def check(limits: Limits, wanted: Wanted, facts: Facts | None, size: int, live: Live | None) -> tuple[Problem, ...]:
    """All problems of this post on this channel, remarks (`warning`) among them. `facts` None: not probed yet."""
    found = [*_check_wording(limits.words, wanted), *_check_options(limits, wanted, live)]
    if facts:
        longest = min(limits.file.most_seconds, (live and live.most_seconds) or math.inf)
        found += check_file(limits.file, facts, size, longest)
        found += (remark for about in limits.remarks if (remark := about(wanted.options, facts)))
    elif size > limits.file.most_bytes:
        found.append(_too_large(limits.file, size))
    if live and live.blocked:
        found.append(live.blocked)
    return tuple(replace(one, channel_id=wanted.channel_id) for one in found)


def blocking(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Those with which nothing can be sent."""
    return tuple(one for one in problems if not one.warning)


# ── wording ──────────────────────────────────────────────────────────────────────────────────────


def _check_wording(words: WordLimits, wanted: Wanted) -> Iterable[Problem]:
    length = words.caption_unit(wanted.caption)
    if length > words.caption_length:
        sentence = f"The caption has {length} {words.unit}; {words.caption_length} is the limit."
        yield Problem("caption_too_long", "/caption", sentence)
    yield from _count(_HASHTAG, words.most_hashtags, "hashtags", wanted.caption)
    yield from _count(_MENTION, words.most_mentions, "mentions", wanted.caption)
    yield from _forbidden(words, "caption", wanted.caption)
    if words.title_length is None:
        return
    title = (wanted.title or "").strip()
    if words.title_required and not title:
        yield Problem("title_required", "/title", "A title is needed here.")
    if len(title) > words.title_length:
        sentence = f"The title has {len(title)} characters; {words.title_length} is the limit."
        yield Problem("title_too_long", "/title", sentence)
    yield from _forbidden(words, "title", title)


def _count(pattern: re.Pattern[str], most: int | None, what: str, caption: str) -> Iterable[Problem]:
    found = len(pattern.findall(caption))
    if most is not None and found > most:
        yield Problem(f"too_many_{what}", "/caption", f"The caption has {found} {what}; {most} is the limit.")


def _forbidden(words: WordLimits, field: str, text: str) -> Iterable[Problem]:
    there = [letter for letter in words.forbidden if letter in text]
    if there:
        sentence = f"The {field} must not contain {' or '.join(there)}."
        yield Problem(f"{field}_forbidden_character", f"/{field}", sentence)


# ── options ──────────────────────────────────────────────────────────────────────────────────────


def _check_options(limits: Limits, wanted: Wanted, live: Live | None) -> Iterable[Problem]:
    for name, value in wanted.options.items():
        choice = limits.choices.get(name)
        if choice is None:
            known = ", ".join(sorted(limits.choices))
            yield Problem("unknown_option", f"/options/{name}", f"There is no option “{name}” here. Known: {known}.")
        elif not _is_of(choice.kind, value):
            yield Problem("wrong_type", f"/options/{name}", f"“{name}” must be a {_word(choice.kind)}.")
        else:
            yield from _check_choice(name, value, choice, live)
    for name, choice in limits.choices.items():
        if choice.required and name not in wanted.options:
            yield Problem("option_required", f"/options/{name}", f"“{name}” must be chosen by a person.")
    yield from (problem for rule in limits.rules if (problem := rule(wanted.options)))


def _is_of(kind: type, value: JsonValue) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return type(value) is kind


def _check_choice(name: str, value: JsonValue, choice: Choice, live: Live | None) -> Iterable[Problem]:
    offered = live.choices.get(name, choice.values) if live and choice.live else choice.values
    if offered is not None and value not in offered:
        yield Problem("not_offered", f"/options/{name}", f"“{name}” can be: {', '.join(offered) or 'nothing now'}.")
    if live and value is True and name in live.refused:
        yield Problem("not_offered", f"/options/{name}", live.refused[name])


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


def check_file(limits: FileLimits, facts: Facts, size: int, longest: float) -> list[Problem]:
    """What about a file is not taken. `longest`: seconds, for this account."""
    return [
        *_check_form(limits, facts),
        *_check_picture(limits, facts),
        *_check_sound(limits, facts),
        *_check_length(limits, facts, longest),
        *([_too_large(limits, size)] if size > limits.most_bytes else []),
    ]


def _check_form(limits: FileLimits, facts: Facts) -> Iterable[Problem]:
    if facts.container not in limits.containers:
        yield _mendable("container", f"The file is {facts.container}; taken here: {_list(limits.containers)}.")
    if limits.faststart and not facts.faststart and facts.container in {"mp4", "mov"}:
        sentence = "The file's index stands at its end; it should stand in front here, and may be refused."
        yield replace(_mendable("not_faststart", sentence), warning=True)
    if facts.edit_list and not limits.edit_list:
        sentence = "The file shifts its tracks by an edit list, as most do; files with one may be refused here."
        yield replace(_mendable("edit_list", sentence), warning=True)
    if limits.most_bitrate and facts.bitrate > limits.most_bitrate:
        have, most = facts.bitrate / 1e6, limits.most_bitrate / 1e6
        yield _mendable("bitrate", f"The file has {have:.1f} Mbit/s; {most:g} is the limit.")


def _check_picture(limits: FileLimits, facts: Facts) -> Iterable[Problem]:
    if limits.video_codecs is not None and facts.video_codec not in limits.video_codecs:
        yield _mendable("video_codec", f"The picture is {facts.video_codec}; taken: {_list(limits.video_codecs)}.")
    if limits.chroma is not None and facts.pixel_format not in limits.chroma:
        yield _mendable("pixel_format", f"The picture's colours are {facts.pixel_format}; 4:2:0 is taken here.")
    if not limits.least_fps - _FPS_TOLERANCE <= facts.fps <= limits.most_fps + _FPS_TOLERANCE:
        sentence = f"{facts.fps:.2f} pictures a second; {limits.least_fps:g} to {limits.most_fps:g} are taken here."
        yield _mendable("fps", sentence)
    if limits.constant_fps and facts.variable_fps:
        sentence = "The pictures come unevenly, as those of most phones do; an even rate is asked for here."
        yield replace(_mendable("variable_fps", sentence), warning=True)
    if limits.closed_gop and facts.closed_gop is False:
        sentence = "Closed groups of pictures are asked for here, which this file has not; it may be refused."
        yield replace(_mendable("open_gop", sentence), warning=True)
    width, height = facts.width, facts.height
    if not (limits.least_width <= width <= limits.most_width and limits.least_height <= height <= limits.most_height):
        least = f"{limits.least_width}×{limits.least_height}"
        most = f"{limits.most_width}×{limits.most_height}"
        yield _mendable("picture_size", f"{width}×{height} pixels; taken here: {least} to {most}.")
    if not limits.least_aspect <= width / height <= limits.most_aspect:
        yield _mendable("aspect", f"A picture of {width}×{height} is too {_shape(limits, width / height)} here.")


def _check_sound(limits: FileLimits, facts: Facts) -> Iterable[Problem]:
    if facts.audio_codec is None:
        return
    if limits.audio_codecs is not None and facts.audio_codec not in limits.audio_codecs:
        yield _mendable("audio_codec", f"The sound is {facts.audio_codec}; taken: {_list(limits.audio_codecs)}.")
    if limits.most_sample_rate and (facts.sample_rate or 0) > limits.most_sample_rate:
        yield _mendable("sample_rate", f"The sound has {facts.sample_rate} Hz; {limits.most_sample_rate} is the limit.")
    if limits.most_channels and (facts.channels or 0) > limits.most_channels:
        yield _mendable("audio_channels", f"The sound has {facts.channels} channels; {limits.most_channels} are taken.")


def _check_length(limits: FileLimits, facts: Facts, longest: float) -> Iterable[Problem]:
    if facts.duration < limits.least_seconds:
        have, least = in_time(facts.duration, up=False), in_time(limits.least_seconds)
        sentence = f"The video lasts {have}; at least {least} are needed here. Use a longer one."
        yield Problem("too_short", "/video_id", sentence)
    elif facts.duration > longest:
        have, most = in_time(facts.duration), in_time(longest)
        sentence = f"The video lasts {have}; at most {most} are taken here. Cut it first."
        yield Problem("too_long", "/video_id", sentence)


def _too_large(limits: FileLimits, size: int) -> Problem:
    have, most = size / 1e6, limits.most_bytes / 1e6
    return _mendable("file_too_large", f"The file has {have:,.1f} MB; {most:,.0f} MB is the limit.")


def _mendable(code: str, sentence: str) -> Problem:
    return Problem(code, "/video_id", sentence, fix=RENDER)


def _shape(limits: FileLimits, aspect: float) -> str:
    return "narrow" if aspect < limits.least_aspect else "wide"


def _word(kind: type) -> str:
    return {bool: "true or false", int: "whole number", str: "text", list: "list of texts"}[kind]


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
