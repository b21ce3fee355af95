"""The moment that a person chooses for the cover: the same rules at every platform that takes one."""

from collections.abc import Mapping

import pytest

from playout.domain.delivery import JsonValue
from playout.domain.limits import Limits, Wanted
from playout.domain.preflight import check
from playout.platforms import facebook, instagram, tiktok, youtube
from tests.platforms.show import FACTS
from tests.platforms.tiktok_stage import SMALL

LIMITS: Mapping[str, Limits] = {
    "tiktok": tiktok.rules.LIMITS,
    "youtube": youtube.rules.LIMITS,
    "instagram": instagram.rules.LIMITS,
    "facebook": facebook.rules.LIMITS,
}
CHOSEN: Mapping[str, Mapping[str, JsonValue]] = {
    "tiktok": {"privacy_level": "SELF_ONLY"},
    "youtube": {"privacy": "public", "made_for_kids": False},
}


@pytest.mark.parametrize("platform", LIMITS)
@pytest.mark.parametrize(
    ("at", "codes"),
    [
        (0, []),
        (11_999, []),
        (12_000, ["cover_beyond_end"]),
        (-1, ["wrong_value"]),
        (2**31, ["wrong_value"]),
        ("1500", ["wrong_type"]),
    ],
)
def test_a_cover_is_a_time_within_the_video(platform: str, at: int | str, codes: list[str]) -> None:
    wanted = Wanted("chn_1", "", "Sea", {**CHOSEN.get(platform, {}), "cover_at_ms": at})

    found = [one for one in check(LIMITS[platform], wanted, FACTS, SMALL, None) if not one.warning]

    assert [problem.code for problem in found] == codes
    assert {problem.field for problem in found} <= {"/options/cover_at_ms"}
