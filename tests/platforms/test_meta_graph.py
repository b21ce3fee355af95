"""The manners of the Graph API, from a small scripted server: what is sent, and what each refusal means."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.facebook.errors import CODES as FACEBOOK
from playout.platforms.http import Http, JsonObject, Lost, NotSent, Refused, TooLarge, Unreadable
from playout.platforms.meta import GONE, SHARED, Codes, FacebookLogin, Graph, Meaning, Rupload, received, reread
from playout.platforms.meta.errors import meaning
from tests.platforms.facebook_stage import Script, scripted

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKEN, SECRET = Secret("EAA-page-token"), Secret("p@ss:/w?rd[1]")
BUSINESS = "X_Business_Use_Case_Usage"


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    async with scripted() as script:
        yield script


@pytest.fixture
def graph(http: Http, script: Script) -> Graph:
    return Graph(http, f"{script.url}/graph", name="Facebook", version="v25.0", app_secret=SECRET, codes=FACEBOOK)


async def ask(graph: Graph, *, fenced: bool = False, method: str = "GET", **more: Any) -> JsonObject:
    return await graph.ask(method, "me", TOKEN, now=NOW, fenced=fenced, **more)


async def refused(graph: Graph, **more: Any) -> PlatformFailure:
    with pytest.raises(PlatformFailure) as failure:
        await ask(graph, **more)
    return failure.value


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────


async def test_the_token_stands_in_the_header_and_is_proved(graph: Graph, script: Script) -> None:
    script.says({"id": "1"})
    await ask(graph, query={"fields": "id"})

    [asked] = script.asked
    proof = hmac.new(SECRET.reveal().encode(), TOKEN.reveal().encode(), hashlib.sha256).hexdigest()
    assert (asked.method, asked.path) == ("GET", "/graph/v25.0/me")
    assert asked.query == {"fields": "id", "appsecret_proof": proof}
    assert asked.headers["Authorization"] == f"Bearer {TOKEN.reveal()}"


async def test_a_form_is_sent_beside_the_proof(graph: Graph, script: Script) -> None:
    script.says({"success": True})
    await ask(graph, method="POST", form={"description": "Ein Tag am Meer 🌊"})

    assert script.asked[0].form == {"description": "Ein Tag am Meer 🌊"}
    assert list(script.asked[0].query) == ["appsecret_proof"]


async def test_without_a_token_or_a_secret_nothing_is_proved(http: Http, script: Script, graph: Graph) -> None:
    script.says({})
    await graph.ask("GET", "oauth/access_token", None, now=NOW, query={"client_secret": SECRET}, versioned=False)
    await ask(Graph(http, script.url, name="Instagram", version="v25.0"))

    assert [asked.query for asked in script.asked] == [{"client_secret": SECRET.reveal()}, {}]
    assert script.asked[0].path == "/graph/oauth/access_token"
    assert "Authorization" not in script.asked[0].headers


# ── what a refusal means ─────────────────────────────────────────────────────────────────────────

CASES: Mapping[tuple[int, int | None], tuple[Kind, Turn]] = {
    (1, None): (Kind.AGAIN, Turn.PLATFORM),
    (2, None): (Kind.AGAIN, Turn.PLATFORM),
    (3, None): (Kind.NEVER, Turn.US),
    (4, None): (Kind.LATER, Turn.PLATFORM),
    (9, None): (Kind.LATER, Turn.PLATFORM),
    (10, None): (Kind.SIGN_IN, Turn.YOU),
    (17, None): (Kind.LATER, Turn.PLATFORM),
    (32, None): (Kind.LATER, Turn.PLATFORM),
    (100, None): (Kind.NEVER, Turn.US),
    (100, 33): (Kind.AGAIN, Turn.PLATFORM),
    (100, 36007): (Kind.SIGN_IN, Turn.YOU),
    (100, 36008): (Kind.SIGN_IN, Turn.US),
    (100, 36009): (Kind.SIGN_IN, Turn.YOU),
    (101, None): (Kind.LATER, Turn.US),
    (102, None): (Kind.SIGN_IN, Turn.YOU),
    **{(190, sub): (Kind.SIGN_IN, Turn.YOU) for sub in (None, 458, 459, 460, 463, 464, 467, 492, 999)},
    (197, None): (Kind.NEVER, Turn.US),
    **{(code, None): (Kind.SIGN_IN, Turn.YOU) for code in (200, 210, 283, 299)},
    (341, None): (Kind.LATER, Turn.PLATFORM),
    (368, None): (Kind.LATER, Turn.YOU),
    (368, 1390008): (Kind.LATER, Turn.PLATFORM),
    (506, None): (Kind.NEVER, Turn.YOU),
    (613, None): (Kind.LATER, Turn.PLATFORM),
    (2500, None): (Kind.NEVER, Turn.US),
    (2635, None): (Kind.NEVER, Turn.US),
    (6000, None): (Kind.NEVER, Turn.YOU),
    (6000, 1363030): (Kind.AGAIN, Turn.PLATFORM),
    (6000, 1363045): (Kind.AGAIN, Turn.PLATFORM),
    (80001, None): (Kind.LATER, Turn.PLATFORM),
    (80002, None): (Kind.LATER, Turn.PLATFORM),
    **{(100, sub): (Kind.NEVER, Turn.YOU) for sub in (1363040, 1363127, 1363128, 1363129, 2069019)},
    **{(1, sub): (Kind.NEVER, Turn.YOU) for sub in (1346003, 1404078, 1404102, 1404112, 4854002, 1609005)},
    **{(1, sub): (Kind.AGAIN, Turn.PLATFORM) for sub in (1363047, 1609010)},
    (1363128, None): (Kind.NEVER, Turn.YOU),
    (300, None): (Kind.NEVER, Turn.US),  # nobody knows these three
    (77777, 88888): (Kind.NEVER, Turn.US),
    (-1, 2207001): (Kind.NEVER, Turn.US),
}


@pytest.mark.parametrize(("said", "expected"), CASES.items(), ids=str)
async def test_a_code_has_its_meaning(
    graph: Graph, script: Script, said: tuple[int, int | None], expected: tuple[Kind, Turn]
) -> None:
    script.refuses(*said)

    failure = await refused(graph)

    code, subcode = said
    name = f"graph_{code}_{subcode}" if subcode else f"graph_{code}"
    assert ((failure.kind, failure.turn), failure.code) == (expected, name.replace("-", "m"))
    assert failure.sentence.endswith(".")
    assert "{" not in failure.sentence


@pytest.mark.parametrize(
    ("code", "message", "kind", "turn"),
    [
        (1, "Error validating client secret.", Kind.LATER, Turn.US),
        (100, "API calls from the server require an appsecret_proof argument", Kind.LATER, Turn.US),
        (100, "Invalid appsecret_proof provided in the API argument", Kind.LATER, Turn.US),
        (100, "(#100) No permission to publish the video", Kind.SIGN_IN, Turn.YOU),
        (200, "(#200) The user must have the CREATE_CONTENT task on this Page", Kind.SIGN_IN, Turn.YOU),
    ],
)
async def test_where_meta_has_no_number_its_words_tell(
    graph: Graph, script: Script, code: int, message: str, kind: Kind, turn: Turn
) -> None:
    script.refuses(code, message=message)

    failure = await refused(graph)

    assert (failure.kind, failure.turn) == (kind, turn)


async def test_a_missing_permission_is_named_and_nothing_else_of_the_message(graph: Graph, script: Script) -> None:
    script.refuses(200, message="(#200) secret words require both pages_read_engagement and pages_manage_posts")

    sentence = (await refused(graph)).sentence

    assert "at Facebook (pages_read_engagement, pages_manage_posts)." in sentence
    assert "secret words" not in sentence


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Kind.AGAIN), (404, Kind.AGAIN), (429, Kind.LATER), (500, Kind.AGAIN), (503, Kind.AGAIN), (200, Kind.AGAIN)],
)
async def test_a_page_instead_of_an_answer_is_only_a_wait(
    graph: Graph, script: Script, status: int, kind: Kind
) -> None:
    script.says("<html>Sorry, something went wrong.</html>", status)

    assert (await refused(graph)).kind is kind


@pytest.mark.parametrize(("status", "kind"), [(401, Kind.SIGN_IN), (429, Kind.LATER), (500, Kind.AGAIN)])
async def test_without_a_code_the_status_speaks(graph: Graph, script: Script, status: int, kind: Kind) -> None:
    script.says({"error": "odd"}, status)

    failure = await refused(graph)

    assert (failure.kind, failure.code) == (kind, f"http_{status}")


async def test_an_error_without_a_code_is_no_verdict(graph: Graph, script: Script) -> None:
    script.says({"error": {"message": "no", "kode": 190}}, 400)

    assert (await refused(graph)).code == "unreadable_answer"


async def test_what_calls_itself_transient_is_tried_again(graph: Graph, script: Script) -> None:
    script.refuses(77777, is_transient=True)
    script.refuses(190, 463, is_transient=True)

    assert (await refused(graph)).kind is Kind.AGAIN
    assert (await refused(graph)).kind is Kind.SIGN_IN


async def test_an_error_with_status_200_is_one_all_the_same(graph: Graph, script: Script) -> None:
    script.refuses(190, 460, status=200)
    script.refuses(77777, status=200)

    assert (await refused(graph)).code == "graph_190_460"
    assert (await refused(graph)).code == "unreadable_answer"


# ── calls that must not be repeated ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "said", [(1, None), (2, None), (100, 33), (300, None), (77777, 88888), (-1, 2207001), (1, 1363047)], ids=str
)
async def test_behind_a_fence_only_a_certain_no_is_one(
    graph: Graph, script: Script, said: tuple[int, int | None]
) -> None:
    script.refuses(*said)

    assert (await refused(graph, fenced=True, method="POST")).kind is Kind.UNSURE


@pytest.mark.parametrize("said", [(190, 458), (200, None), (368, 1390008), (80001, None), (506, None), (100, 1363128)])
async def test_a_certain_no_behind_a_fence_keeps_its_kind(
    graph: Graph, script: Script, said: tuple[int, int | None]
) -> None:
    script.refuses(*said)
    script.refuses(*said)

    assert (await refused(graph, fenced=True)).kind is (await refused(graph)).kind


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_server_error_behind_a_fence_is_not_believed_whatever_it_says(
    graph: Graph, script: Script, status: int
) -> None:
    script.refuses(190, 458, status=status)

    assert (await refused(graph, fenced=True)).kind is Kind.UNSURE


@pytest.mark.parametrize("fenced", [False, True], ids=["repeatable", "fenced"])
@pytest.mark.parametrize("caught", [NotSent, Lost, TooLarge, Unreadable, Refused])
def test_a_call_without_an_answer_is_unsure_only_where_it_may_have_done_harm(
    graph: Graph, caught: type[NotSent | Lost | TooLarge | Unreadable | Refused], fenced: bool
) -> None:
    kind = graph.unanswered(caught("POST https://graph.example.org", "it broke"), fenced=fenced).kind

    if caught is Refused:
        assert kind is Kind.NEVER
    else:
        assert kind is (Kind.UNSURE if fenced and caught is not NotSent else Kind.AGAIN)


async def test_an_error_that_was_asked_for_is_an_answer(graph: Graph, script: Script) -> None:
    script.refuses(6000, 1363037, error_data={"start_offset": "7", "end_offset": "9"})

    assert await ask(graph, answers=(1363037,)) == {"start_offset": "7", "end_offset": "9"}


def test_a_refused_question_is_never_the_last_word() -> None:
    kinds = {kind: reread(PlatformFailure(kind, "x", "X.")).kind for kind in Kind}

    assert (kinds[Kind.NEVER], kinds[Kind.CHOOSE]) == (Kind.AGAIN, Kind.AGAIN)
    assert all(kind is was for was, kind in kinds.items() if was not in {Kind.NEVER, Kind.CHOOSE})


# ── rates ────────────────────────────────────────────────────────────────────────────────────────


def usage(*minutes: Any) -> str:
    entries = [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": one} for one in minutes]
    return json.dumps({"200000000000001": entries})


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (usage(19), timedelta(minutes=19)),
        (usage(3, 40, 7), timedelta(minutes=40)),
        (usage("12"), timedelta(minutes=12)),
        (usage(10**9), timedelta(days=1)),
        (usage(0), timedelta(minutes=1)),
        (usage(-5), timedelta(minutes=1)),
        ("[1]", timedelta(minutes=1)),
        ('{"1": {"a": 2}}', timedelta(minutes=1)),
        ("{broken", timedelta(minutes=1)),
    ],
)
async def test_meta_says_when_it_may_be_asked_again(graph: Graph, script: Script, header: str, wait: timedelta) -> None:
    script.refuses(80001, headers={BUSINESS: header})

    failure = await refused(graph)

    assert (failure.kind, failure.retry_at) == (Kind.LATER, NOW + wait)


async def test_where_it_does_not_the_wait_grows_to_an_hour_and_is_forgotten_after_an_answer(
    graph: Graph, script: Script
) -> None:
    for _ in range(8):
        script.refuses(4)
    script.says({})
    script.refuses(4)
    waits = [(await refused(graph)).retry_at for _ in range(8)]
    await ask(graph)
    waits.append((await refused(graph)).retry_at)

    assert waits == [NOW + timedelta(minutes=n) for n in (1, 2, 4, 8, 16, 32, 60, 60, 1)]


async def test_without_a_clock_nothing_is_promised(graph: Graph, script: Script) -> None:
    script.refuses(4)
    with pytest.raises(PlatformFailure) as failure:
        await graph.ask("DELETE", "me/permissions", TOKEN, now=None)

    assert failure.value.retry_at is None


# ── the tables ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("codes", [SHARED, FACEBOOK], ids=["shared", "facebook"])
def test_every_sentence_of_the_tables_can_be_read(codes: Codes) -> None:
    for one in codes.values():
        sentence = one.sentence.format(name="Facebook", permissions="")
        assert sentence.endswith(".")
        assert sentence[0].isupper()


def test_a_platforms_own_codes_come_before_what_is_shared() -> None:
    own = Meaning(Kind.CHOOSE, Turn.YOU, "Own.")

    assert meaning({**SHARED, (None, 7): own}, 190, 7, "", 400) is own
    assert meaning({**SHARED, (190, "words"): own}, 190, 7, "some words", 400) is own
    assert meaning(SHARED, 190, 7, "some words", 400) is SHARED[190, None]


# ── lists and uploads ────────────────────────────────────────────────────────────────────────────


async def test_only_the_cursor_of_a_following_answer_is_used(graph: Graph, script: Script) -> None:
    page = {"id": "1", "access_token": "t"}
    here = f"{script.url}/graph/v25.0/1/accounts?access_token=EAA-user&after=two"
    script.says({"access_token": "short"})
    script.says({"access_token": "long"})
    script.says({"id": "7"})
    script.says({"data": []})
    script.says({"data": [page], "paging": {"next": here}})
    script.says({"data": [{**page, "id": "2"}], "paging": {"next": "https://graph.example.org/more?after=three"}})
    login = FacebookLogin(
        graph, client_id="1", client_secret=SECRET, www_url="https://www.example.org", version="v25.0", scopes=()
    )

    pages = await login.exchange(code=Secret("code"), return_to="https://example.org", now=NOW)

    assert [one.id for one in pages] == ["1", "2"]
    assert script.asked[-1].query["after"] == "two"
    assert "access_token" not in script.asked[-1].query
    assert script.asked[-1].headers["Authorization"] == "Bearer long"


async def test_a_list_that_never_ends_is_ended(graph: Graph, script: Script) -> None:
    login = FacebookLogin(
        graph, client_id="1", client_secret=SECRET, www_url="https://www.example.org", version="v25.0", scopes=()
    )
    for _ in range(3):
        script.says({"access_token": "user", "id": "7"})
    script.says({"data": []})
    for n in range(30):
        page = {"id": str(n), "access_token": "t"}
        script.says({"data": [page], "paging": {"next": f"{script.url}/x", "cursors": {"after": str(n)}}})

    pages = await login.exchange(code=Secret("code"), return_to="https://example.org", now=NOW)

    assert len(pages) == 20


UPLOADS: Mapping[str, tuple[int, Any, Kind, str]] = {
    "cut short": (400, "PartialRequestError", Kind.AGAIN, "partial_upload"),
    "elsewhere": (400, "OffsetInvalidError", Kind.AGAIN, "offset_invalid"),
    "failed": (400, "ProcessingFailedError", Kind.AGAIN, "upload_failed"),
    "not ours": (400, "NotAuthorizedError", Kind.SIGN_IN, "upload_not_authorized"),
    "our mistake": (400, "ParameterValidationError", Kind.NEVER, "upload_refused"),
    "never seen": (400, "BrandNewError", Kind.AGAIN, "unreadable_answer"),
    "busy": (503, "ProcessingFailedError", Kind.AGAIN, "http_503"),
}


@pytest.mark.parametrize(("status", "told", "kind", "code"), UPLOADS.values(), ids=list(UPLOADS))
async def test_the_upload_host_has_errors_of_its_own(
    http: Http, script: Script, status: int, told: str, kind: Kind, code: str
) -> None:
    script.says({"debug_info": {"retriable": False, "type": told, "message": "no"}}, status)
    with pytest.raises(PlatformFailure) as failure:
        await Rupload(http, script.url).send_address(f"{script.url}/x", TOKEN, "https://example.org/film.mp4")

    assert (failure.value.kind, failure.value.code) == (kind, code)


@pytest.mark.parametrize("body", [{}, {"success": False}, {"success": "yes"}, "<html></html>"])
async def test_success_has_to_be_said(http: Http, script: Script, body: Any) -> None:
    script.says(body)
    with pytest.raises(PlatformFailure) as failure:
        await Rupload(http, script.url).send_address(f"{script.url}/x", TOKEN, "https://example.org/film.mp4")

    assert failure.value.kind is Kind.AGAIN


async def test_an_address_is_sent_as_a_header_with_a_token_of_the_other_kind(http: Http, script: Script) -> None:
    script.says({"success": True})
    await Rupload(http, script.url).send_address(f"{script.url}/x", TOKEN, "https://example.org/film.mp4")

    headers = script.asked[0].headers
    assert (headers["Authorization"], headers["file_url"]) == (
        f"OAuth {TOKEN.reveal()}",
        "https://example.org/film.mp4",
    )


@pytest.mark.parametrize("url", ["https://evil.example.org/x", "http://rupload.facebook.com/x", "//x", ""])
def test_nothing_is_sent_to_somebody_elses_address(http: Http, url: str) -> None:
    with pytest.raises(PlatformFailure) as foreign:
        Rupload(http, "https://rupload.facebook.com").check(url)

    assert (foreign.value.kind, foreign.value.code, foreign.value.turn) == (
        Kind.NEVER,
        "foreign_upload_address",
        Turn.US,
    )


@pytest.mark.parametrize("name", ["bytes_transfered", "bytes_transferred"])
@pytest.mark.parametrize("value", [12, "12"], ids=["number", "text"])
def test_progress_is_read_in_both_spellings(name: str, value: Any) -> None:
    assert received({name: value}) == 12
    assert received({}) is None


def test_the_code_of_what_is_not_found_is_known() -> None:
    assert GONE == "graph_100_33"
