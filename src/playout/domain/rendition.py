"""A rendition: a copy of a video made to fit a platform's limits, once a person has asked for it.

The original stays. Not here: how pictures and sound are coded anew (the room `media`).
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from playout.domain.limits import FileLimits
from playout.domain.preflight import RENDER, check_file
from playout.domain.video import Facts

#: What every platform recommends at most; a copy has no more.
_LONG_SIDE, _SHORT_SIDE = 1920, 1080
_SMALLEST = 240  # of the short side: below it an even number of pixels is no shape any more
_UPRIGHT = 9 / 16
_LEAST_FPS, _MOST_FPS = 24, 60
_BITS_A_PIXEL = 0.13  # of H.264, where the difference is hard to see
_LEAST_BITRATE = 300_000  # below it nobody would want to watch it
_AUDIO_BITRATE = 128_000
_MARGIN = 0.9  # of a limit on bytes or bits: containers and coders need room


class Fit(StrEnum):
    """What happens to a picture whose shape is not the wanted one."""

    PAD = "pad"  # black bars; nothing is lost
    CROP = "crop"  # the middle; the edges are lost


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a rendition will be.

    Always: MP4 with its index in front and no edit list, H.264 high with closed groups of pictures of 2 s, yuv420p,
    upright, AAC-LC 48 kHz (if there is sound) as loud as before, both from time 0. Sizes are even.
    """

    width: int  # pixels
    height: int
    fps: int  # constant
    fit: Fit
    video_bitrate: int  # bit/s at most; less where the pictures need less
    audio_bitrate: int  # bit/s


def is_needed(limits: FileLimits, facts: Facts, size: int) -> bool:
    """Whether the file itself is not taken, in a way that a copy mends. What only warns needs no copy by itself."""
    found = check_file(limits, facts, size, limits.most_seconds)
    return any(one.fix == RENDER and not one.warning for one in found)


def recipe_for(limits: FileLimits, facts: Facts, fit: Fit) -> Recipe | None:
    """The copy of this video that fits these limits; None where no copy of bearable quality does."""
    width, height = _size(limits, facts, fit)
    fps = min(max(round(facts.fps), _LEAST_FPS, math.ceil(limits.least_fps)), _MOST_FPS, math.floor(limits.most_fps))
    most = limits.most_bytes * 8 * _MARGIN / max(facts.duration, 1) - _AUDIO_BITRATE
    if limits.most_bitrate:
        most = min(most, limits.most_bitrate * _MARGIN - _AUDIO_BITRATE)
    wanted = width * height * fps * _BITS_A_PIXEL
    if most < min(wanted, _LEAST_BITRATE):
        return None
    return Recipe(width, height, fps, fit, int(min(wanted, most)), _AUDIO_BITRATE)


def foreseen(facts: Facts, recipe: Recipe) -> Facts:
    """What a probe will find in the rendition."""
    return replace(
        facts,
        container="mp4",
        width=recipe.width,
        height=recipe.height,
        rotation=0,
        fps=float(recipe.fps),
        variable_fps=False,
        video_codec="h264",
        audio_codec=facts.audio_codec and "aac",
        pixel_format="yuv420p",
        sample_rate=facts.sample_rate and 48_000,
        channels=facts.channels and min(facts.channels, 2),
        bitrate=recipe.video_bitrate + recipe.audio_bitrate,
        faststart=True,
        edit_list=False,
        closed_gop=True,
    )


def _size(limits: FileLimits, facts: Facts, fit: Fit) -> tuple[int, int]:
    """The picture's own shape where it is taken, else 9:16 (around it, or within it); as large as may be."""
    aspect = facts.width / facts.height
    narrowest = max(limits.least_aspect, limits.least_width / limits.most_height)
    widest = min(limits.most_aspect, limits.most_width / limits.least_height)
    if not narrowest <= aspect <= widest:
        aspect = min(max(_UPRIGHT, narrowest), widest)
    sides = (float(facts.width), facts.height * aspect)
    width = max(sides) if fit is Fit.PAD else min(sides)
    width *= max(1, _SMALLEST / min(width, width / aspect))
    long, short = (width, width / aspect) if aspect > 1 else (width / aspect, width)
    width *= min(1, _LONG_SIDE / long, _SHORT_SIDE / short)
    width *= min(1, limits.most_width / width, limits.most_height * aspect / width)
    width *= max(1, limits.least_width / width, limits.least_height * aspect / width)
    across = _even(width, limits.least_width, limits.most_width)
    down = _even(across / aspect, limits.least_height, limits.most_height)
    if across / down < limits.least_aspect:  # rounded to the wrong side of a shape that was just taken
        return across + 2, down
    return across, down + 2 if across / down > limits.most_aspect else down


def _even(pixels: float, least: int, most: int) -> int:
    rounded = min(2 * round(pixels / 2), most - most % 2)
    return rounded if rounded >= least else rounded + 2
