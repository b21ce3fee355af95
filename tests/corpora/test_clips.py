"""Every clip of the corpus through the real probe; what is said of it compared with the table, platform by platform.

Whatever a rendition is said to mend is mended, probed again and checked again.
"""

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio

from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem, Unplayable
from playout.domain.limits import Limits, Live, Wanted
from playout.domain.preflight import RENDER, blocking, check
from playout.domain.rendition import Fit, Recipe, foreseen, recipe_for
from playout.domain.video import Facts
from playout.media.folder import FolderFiles
from playout.media.probe import WorkerProbe
from playout.media.render import WorkerRender
from playout.platforms.facebook.rules import LIMITS as FACEBOOK
from playout.platforms.instagram.rules import LIMITS as INSTAGRAM
from playout.platforms.tiktok.rules import LIMITS as TIKTOK
from playout.platforms.youtube.rules import LIMITS as YOUTUBE
from tests.corpora.clips import BROKEN, PLATFORMS, ROWS, Broken, Row
from tests.media.renders import quietly

pytestmark = pytest.mark.slow

LIMITS: Mapping[str, Limits] = {"tiktok": TIKTOK, "youtube": YOUTUBE, "instagram": INSTAGRAM, "facebook": FACEBOOK}
OPTIONS: Mapping[str, Mapping[str, JsonValue]] = {
    "tiktok": {"privacy_level": "SELF_ONLY"},
    "youtube": {"privacy": "private", "made_for_kids": False},
}
AT_ONCE = 2
MOST = 100_000_000  # bytes of a rendition: all are short
CASES = [pytest.param(row, platform, id=f"{row.name}-{platform}") for row in ROWS for platform in PLATFORMS]
REFUSALS = [
    pytest.param(row, platform, id=f"{row.name}-{platform}")
    for row in ROWS
    for platform in PLATFORMS
    if row.of(platform).says
]

T = TypeVar("T")


def fits(row: Row, platform: str) -> tuple[Fit, ...]:
    """What a person can choose to have done: where the shape stays, both are the same."""
    verdict = row.of(platform)
    if not verdict.fix:
        return ()
    return (Fit.PAD, Fit.CROP) if "aspect" in verdict.errors else (Fit.PAD,)


MENDS = [
    pytest.param(row, platform, fit, id=f"{row.name}-{platform}-{fit}")
    for row in ROWS
    for platform in PLATFORMS
    for fit in fits(row, platform)
]


@dataclass(frozen=True, slots=True)
class Taken:
    """One file, as the house knows it."""

    size: int  # bytes
    facts: Facts


@dataclass(frozen=True, slots=True)
class Wish:
    """A rendition; two platforms can want the same one."""

    clip: str
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class Corpus:
    """What became of all clips, and of all renditions."""

    taken: Mapping[str, Taken]
    refused: Mapping[str, Unplayable]
    mended: Mapping[Wish, Taken | Unplayable]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def corpus() -> AsyncIterator[Corpus]:
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        found = dict(zip(studio.names, await studio.all(studio.take(name) for name in studio.names), strict=True))
        taken = {name: one for name, one in found.items() if isinstance(one, Taken)}
        refused = {name: one for name, one in found.items() if isinstance(one, Unplayable)}
        wishes = list(dict.fromkeys(wish for row in ROWS for wish in wishes_of(row, taken.get(row.name))))
        made = await studio.all(studio.mend(wish) for wish in wishes)
        yield Corpus(taken, refused, dict(zip(wishes, made, strict=True)))


class Studio:
    """A folder of clips and renditions, two made at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        files = FolderFiles(folder)
        self._probe = WorkerProbe(files, at_once=AT_ONCE)
        self._render = WorkerRender(files, folder=folder, at_once=AT_ONCE)
        rows: tuple[Row | Broken, ...] = (*ROWS, *BROKEN)
        self._makes = {row.name: row.make for row in rows}
        self._keys = {name: f"clip-{number}" for number, name in enumerate(self._makes)}
        self._places = asyncio.Semaphore(AT_ONCE)
        self._numbers = itertools.count()

    async def all(self, work: Iterable[Coroutine[None, None, T]]) -> list[T]:
        """In order."""

        async def placed(one: Coroutine[None, None, T]) -> T:
            async with self._places:
                return await one

        return await asyncio.gather(*map(placed, work))

    async def take(self, name: str) -> Taken | Unplayable:
        """Made, and looked into."""
        key = self._keys[name]
        await asyncio.to_thread(self._makes[name], self._folder / key)
        return await self._probed(key)

    async def mend(self, wish: Wish) -> Taken | Unplayable:
        """Made anew, and looked into again."""
        source = self._keys[wish.clip]
        target = f"{source}.{next(self._numbers)}.mp4"
        try:
            await self._render.render(source, target, wish.recipe, limit=MOST, progress=quietly)
        except Unplayable as error:
            return error
        return await self._probed(target)

    async def _probed(self, key: str) -> Taken | Unplayable:
        try:
            probed = await self._probe.probe(key)
        except Unplayable as error:
            return error
        return Taken((self._folder / key).stat().st_size, probed.facts)

    @property
    def names(self) -> list[str]:
        return list(self._makes)


def wish_for(row: Row, platform: str, fit: Fit, taken: Taken) -> Wish:
    recipe = recipe_for(LIMITS[platform].file, taken.facts, fit)
    assert recipe, "there is no copy of bearable quality"
    return Wish(row.name, recipe)


def wishes_of(row: Row, taken: Taken | None) -> list[Wish]:
    """All renditions of a clip that the table calls a fix."""
    if taken is None:
        return []
    return [wish_for(row, platform, fit, taken) for platform in PLATFORMS for fit in fits(row, platform)]


def said(platform: str, file: Taken, live: Live | None = None) -> tuple[Problem, ...]:
    """Of this file, with wording and options that nothing can be said against."""
    wanted = Wanted("chn_1", "A day at the sea", "The sea", OPTIONS.get(platform, {}))
    return check(LIMITS[platform], wanted, file.facts, file.size, live)


# ── what is said of a file ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("row", "platform"), CASES)
def test_the_verdict_is_that_of_the_table(corpus: Corpus, row: Row, platform: str) -> None:
    problems = said(platform, corpus.taken[row.name])

    assert {one.code for one in blocking(problems)} == row.of(platform).errors
    assert {one.code for one in problems if one.warning} == row.of(platform).warnings


@pytest.mark.parametrize(("row", "platform"), CASES)
def test_a_fix_is_offered_where_it_mends_all_that_stands_in_the_way(corpus: Corpus, row: Row, platform: str) -> None:
    problems = said(platform, corpus.taken[row.name])

    helps = any(one.fix for one in problems) and all(one.fix for one in blocking(problems))
    assert helps == row.of(platform).fix
    assert {one.fix for one in problems} <= {RENDER, None}


@pytest.mark.parametrize(("row", "platform"), REFUSALS)
def test_what_no_fix_mends_is_said_in_words(corpus: Corpus, row: Row, platform: str) -> None:
    beyond = [one for one in blocking(said(platform, corpus.taken[row.name])) if one.fix is None]

    assert tuple(one.message for one in beyond) == row.of(platform).says


@pytest.mark.parametrize("broken", [pytest.param(one, id=one.name) for one in BROKEN])
def test_a_file_that_cannot_be_played_is_refused_in_words(corpus: Corpus, broken: Broken) -> None:
    refusal = corpus.refused[broken.name]

    assert (refusal.code, refusal.sentence) == (broken.code, broken.says)


@pytest.mark.parametrize(("platform", "minutes"), [("tiktok", 10), ("youtube", 15)])
def test_an_account_may_be_allowed_less_than_its_platform_takes(corpus: Corpus, platform: str, minutes: int) -> None:
    [problem] = blocking(said(platform, corpus.taken["16 min"], Live(most_seconds=60 * minutes)))

    assert problem.message == f"The video lasts 16 min; at most {minutes} min are taken here. Cut it first."
    assert problem.fix is None


# ── after the fix ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("row", "platform", "fit"), MENDS)
def test_the_fix_mends_it(corpus: Corpus, row: Row, platform: str, fit: Fit) -> None:
    before = corpus.taken[row.name]
    wish = wish_for(row, platform, fit, before)
    after = corpus.mended[wish]
    if row.unreadable:
        assert isinstance(after, Unplayable)
        assert after.sentence == row.unreadable
    else:
        assert isinstance(after, Taken), after
        assert [one for one in said(platform, after) if one.fix or not one.warning] == []
        assert unmeasured(after.facts) == unmeasured(foreseen(before.facts, wish.recipe))
        assert after.facts.duration == pytest.approx(before.facts.duration, abs=2 / wish.recipe.fps)
        assert after.facts.bitrate < 1.2 * (wish.recipe.video_bitrate + wish.recipe.audio_bitrate)


def unmeasured(facts: Facts) -> Facts:
    """Without what is only known afterwards."""
    return replace(facts, duration=0, bitrate=0)


# ── the table itself ─────────────────────────────────────────────────────────────────────────────


def test_the_table_has_more_than_forty_clips_and_names_each_once() -> None:
    names = [row.name for row in (*ROWS, *BROKEN)]

    assert len(names) == len(set(names)) > 40


def test_everything_that_can_be_said_of_a_file_is_said_of_a_clip() -> None:
    said_somewhere = {code for row in ROWS for one in PLATFORMS for code in row.of(one).errors | row.of(one).warnings}

    assert said_somewhere == {
        "aspect", "audio_channels", "audio_codec", "bitrate", "container", "edit_list", "file_too_large", "fps",
        "not_9_16", "not_a_reel", "not_a_short", "not_faststart", "open_gop", "picture_size", "pixel_format",
        "sample_rate", "too_long", "too_short", "variable_fps", "video_codec",
    }  # fmt: skip
