"""Renditions: the sound, and whether it is in step with the pictures."""

import math
from dataclasses import replace

import pytest

from tests.media.film import Film, Samples, filmed, heard, loudness, seen, tone
from tests.media.renders import RECIPE, rendered
from tests.media.stage import probed

HZ = 48_000
IN_STEP = 0.025  # seconds


def flash(number: int, x: int, y: int) -> int:
    """Half a second after the start, at 30 frames a second."""
    return 235 if number == 15 else 16


def click(seconds: float) -> float:
    """At the same time, for two milliseconds."""
    return 0.8 * math.sin(math.tau * 1000 * seconds) if 0.5 <= seconds < 0.502 else 0.0


def flashes(content: bytes) -> float:
    return next(picture.time for picture in seen(content) if picture.at(80, 80) > 120)


def clicks(content: bytes) -> float:
    return next(at for at, level in enumerate(heard(content)[0]) if abs(level) > 0.2) / HZ


CLAP = Film(luma=flash, sound=click)
CLAPS = {
    "mp4": CLAP,
    "mov without compression": replace(CLAP, container="mov", sound_codec="pcm_s16le"),
    "matroska with opus": replace(CLAP, container="matroska", sound_codec="libopus"),
    "fragments": replace(CLAP, muxing={"movflags": "frag_keyframe+empty_moov"}),
    "44.1 kHz, one channel": replace(CLAP, hz=44_100, layout="mono"),
    "B-frames": replace(CLAP, options={"preset": "fast", "bf": "3"}),
    "sound begins later": replace(CLAP, sound_from=0.3),
    "sound ends sooner": replace(CLAP, sound_until=0.7),
    "sound has a hole": replace(CLAP, container="matroska", sound_codec="pcm_s16le", hole=(0.1, 0.4)),
    "pictures begin later": replace(CLAP, luma=lambda number, x, y: flash(number + 6, x, y), pictures_from=0.2),
    "24 frames a second": replace(CLAP, fps=24, luma=lambda number, x, y: flash(number + 3, x, y)),
}


@pytest.mark.parametrize("film", CLAPS.values(), ids=CLAPS)
async def test_sound_and_pictures_stay_in_step(film: Film) -> None:
    content = filmed(film)

    out = await rendered(content)

    assert clicks(out) == pytest.approx(flashes(out), abs=IN_STEP)
    assert flashes(out) == pytest.approx(flashes(content), abs=IN_STEP)


async def test_time_in_which_nothing_is_seen_or_heard_yet_is_left_out() -> None:
    late = replace(CLAP, sound_from=0.3, pictures_from=0.2, luma=lambda number, x, y: flash(number + 6, x, y))

    out = await rendered(filmed(late))

    assert (await probed(out)).facts.duration == pytest.approx(1, abs=1 / 30)
    assert [clicks(out), flashes(out)] == pytest.approx([0.3, 0.3], abs=IN_STEP)


def middle(samples: Samples) -> Samples:
    """Without the beginning and the end, where the encoder warms up."""
    return samples[HZ // 4 : HZ * 3 // 4]


LOUD = Film(sound=tone)


@pytest.mark.parametrize(
    "film",
    [
        LOUD,
        replace(LOUD, layout="mono"),
        replace(LOUD, layout="mono", hz=44_100),
        replace(LOUD, hz=22_050),
        replace(LOUD, container="mov", sound_codec="pcm_s16le"),
    ],
    ids=["stereo", "one channel", "44.1 kHz, one channel", "22 kHz", "without compression"],
)
async def test_it_is_as_loud_as_before(film: Film) -> None:
    out = heard(await rendered(filmed(film)))

    assert [len(channel) for channel in out] == [pytest.approx(HZ, rel=0.03)] * (1 if film.layout == "mono" else 2)
    assert [loudness(middle(channel)) for channel in out] == pytest.approx([0.25 / math.sqrt(2)] * len(out), rel=0.03)


async def test_soft_sound_stays_soft() -> None:
    out = heard(await rendered(filmed(replace(LOUD, sound=lambda seconds: tone(seconds) / 20))))

    assert loudness(middle(out[0])) == pytest.approx(0.0125 / math.sqrt(2), rel=0.1)


async def test_more_channels_are_mixed_down_to_two() -> None:
    surround = replace(LOUD, layout="5.1", sound_codec="ac3", hz=48_000)

    out = await rendered(filmed(surround))

    assert (await probed(out)).facts.channels == 2
    assert min(loudness(middle(channel)) for channel in heard(out)) > 0.25 / math.sqrt(2)


async def test_the_bitrate_of_the_sound_is_kept_to() -> None:
    noise = filmed(replace(LOUD, sound=lambda seconds: math.sin(1e9 * math.sin(seconds * 7919)) / 4))

    small = await rendered(noise, replace(RECIPE, audio_bitrate=64_000))
    large = await rendered(noise, replace(RECIPE, audio_bitrate=192_000))

    assert len(small) * 8 < 110_000
    assert len(large) * 8 > 150_000
