"""The table of what Instagram's codes mean, and what a container that failed says."""

import pytest

from playout.domain.retry import Kind, Turn
from playout.platforms.instagram.errors import CODES, NOT_FETCHED, container_failed
from playout.platforms.meta import SHARED

#: Meta's table of publishing codes, complete (June 2026), and what projects have met besides.
DOCUMENTED = [
    *(2207001, 2207003, 2207004, 2207005, 2207006, 2207008, 2207009, 2207010, 2207020, 2207023, 2207026, 2207027),
    *(2207028, 2207032, 2207035, 2207036, 2207037, 2207040, 2207042, 2207050, 2207051, 2207052, 2207053, 2207057),
]
MET = [2207029, 2207076, 2207077, 2207081, 2207082]
#: After these it is known that nothing was published (notes on Instagram, section 12).
PROOF = {2207027, 2207042, 2207050, 2207004, 2207005, 2207009, 2207010}
NO_PROOF = {2207001, 2207003, 2207006, 2207008, 2207020, 2207032, 2207051, 2207053}


def test_every_subcode_that_is_known_has_its_meaning() -> None:
    assert {subcode for _, subcode in CODES if isinstance(subcode, int)} == {*DOCUMENTED, *MET}


def test_every_sentence_names_the_platform_or_the_mend() -> None:
    for meaning in CODES.values():
        sentence = meaning.sentence.format(name="Instagram")
        assert sentence.endswith(".")
        assert sentence[0].isupper()
        assert "{" not in sentence


@pytest.mark.parametrize("subcode", sorted(PROOF))
def test_what_is_certain_is_certain(subcode: int) -> None:
    assert CODES[(None, subcode)].certain


@pytest.mark.parametrize("subcode", sorted(NO_PROOF))
def test_what_is_no_proof_is_none(subcode: int) -> None:
    assert not CODES[(None, subcode)].certain


@pytest.mark.parametrize("code", [-2, -1, 4, 24, 368, 506])
def test_these_codes_alone_are_no_proof_either(code: int) -> None:
    assert not CODES[(code, None)].certain


@pytest.mark.parametrize("code", [1, 2])
def test_a_fault_of_metas_own_is_no_proof(code: int) -> None:
    assert not SHARED[(code, None)].certain


@pytest.mark.parametrize("status", ["{}", "Error: Media upload has failed with error code {}", "{}: something else 12"])
@pytest.mark.parametrize(
    ("subcode", "kind", "turn", "begins"),
    [
        (2207026, Kind.NEVER, Turn.YOU, "Instagram does not take the file's format"),
        (2207052, Kind.AGAIN, Turn.US, "Instagram could not fetch the video"),
        (2207003, Kind.AGAIN, Turn.US, "Instagram could not fetch the video"),
        (2207053, Kind.AGAIN, Turn.PLATFORM, "Instagram failed while it worked"),
        (2207057, Kind.CHOOSE, Turn.YOU, "The cover must be taken"),
        (2207010, Kind.CHOOSE, Turn.YOU, "Instagram takes at most 2200"),
        (2207099, Kind.AGAIN, Turn.PLATFORM, "Instagram failed while it worked"),
    ],
)
def test_a_failed_container_says_why(status: str, subcode: int, kind: Kind, turn: Turn, begins: str) -> None:
    failure = container_failed(status.format(subcode))

    assert (failure.kind, failure.turn, failure.code) == (kind, turn, f"media_{subcode}")
    assert failure.sentence.startswith(begins)


@pytest.mark.parametrize("status", ["", "Error: something we never heard of", "Code 12207026 and 22070260"])
def test_a_failed_container_that_says_nothing_is_tried_again_and_never_quoted(status: str) -> None:
    failure = container_failed(status)

    assert (failure.kind, failure.code) == (Kind.AGAIN, "media_failed")
    assert "heard of" not in failure.sentence


def test_the_codes_of_a_file_that_was_not_fetched_are_those_of_the_table() -> None:
    subcodes = {int(code.rpartition("_")[2]) for code in NOT_FETCHED}

    assert {CODES[(None, one)].turn for one in subcodes} == {Turn.US}
