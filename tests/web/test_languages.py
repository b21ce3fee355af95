"""Languages: each sentence is translated, everybody gets the best there is, and lines may run from the right."""

import pytest

from playout.web.languages import choose, shipped
from tests.web.pseudo import MIRRORED, PSEUDO
from tests.web.stage import Stage
from tools import catalogues

LANGUAGES = shipped()


def test_every_sentence_of_the_pages_is_translated_and_none_is_only_guessed() -> None:
    wanted = catalogues.extracted()

    assert {path.stem: list(catalogues.missing(path, wanted)) for path in catalogues.catalogues()} == {"de": []}


def test_sentences_of_templates_and_of_code_are_found() -> None:
    found = {one.id for one in catalogues.messages(catalogues.extracted())}

    assert {"Sign in", "Queue", "Partially published"} <= found
    assert len(found) > 50


@pytest.mark.parametrize(
    ("wanted", "accepted", "code"),
    [
        (None, "", "en"),
        (None, "de", "de"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "fr, en;q=0.2, de;q=0.7", "de"),
        (None, "de;q=0", "en"),
        (None, "xx, ;;q=,=,de;q=x", "en"),
        ("de", "en", "de"),
        ("xx", "de", "de"),
    ],
)
def test_everybody_gets_the_best_that_there_is(wanted: str | None, accepted: str, code: str) -> None:
    assert choose(LANGUAGES, wanted, accepted).code == code


async def test_a_browser_that_prefers_german_gets_german(stage: Stage) -> None:
    page = await stage.alice.get("/", headers={"Accept-Language": "de-DE,de;q=0.9"})

    assert '<html lang="de" dir="ltr"' in page.text
    assert "Warteschlange" in page.text


async def test_a_language_that_was_chosen_stays(stage: Stage) -> None:
    await stage.post(stage.alice, "/preferences", language="de")

    assert "Warteschlange" in (await stage.alice.get("/", headers={"Accept-Language": "en"})).text


async def test_refusals_are_translated_too(stage: Stage) -> None:
    page = await stage.alice.get("/nowhere", headers={"Accept-Language": "de"})

    assert "Unter dieser Adresse gibt es keine Seite." in page.text


def test_the_pseudo_language_leaves_placeholders_and_tags_alone() -> None:
    assert PSEUDO.words.gettext("Go to: %(place)s") == "⟦Gö tö: %(place)s ~~~~~⟧"
    assert MIRRORED.direction == "rtl"
