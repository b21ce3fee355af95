"""What pages load: named by its content, kept for a year, small, and of others exactly what was reviewed."""

import re

import httpx
import pytest

from playout.web import static
from tests.web.stage import Stage, shipped
from tools import vendor

#: Bytes of the first page with all it loads, compressed.
MOST = 200_000
_LOADED = re.compile(r'(?:src|href)="(/static/[^"#]+)')


async def test_a_file_is_kept_for_a_year_under_the_address_that_holds_its_hash(stage: Stage) -> None:
    answer = await stage.guest.get(shipped().static.url("css/base.css"))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")


async def test_under_an_old_hash_there_is_what_there_is_now_but_it_is_not_kept(stage: Stage) -> None:
    answer = await stage.guest.get("/static/0123456789ab/css/base.css")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


async def test_another_content_gives_another_address(tmp_path: object) -> None:
    one, other = static.load(), static.load(folder=static.FOLDER / "css")

    assert one.hash != other.hash


@pytest.mark.parametrize("coding", ["gzip", "br, gzip;q=0.5", "GZIP"])
async def test_files_are_squeezed_for_whom_understands_it(stage: Stage, coding: str) -> None:
    answer = await stage.guest.get(shipped().static.url("js/keys.js"), headers={"Accept-Encoding": coding})

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("coding", ["identity", "gzip;q=0", ""])
async def test_and_for_nobody_else(stage: Stage, coding: str) -> None:
    answer = await stage.guest.get(shipped().static.url("js/keys.js"), headers={"Accept-Encoding": coding})

    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    "name",
    ["nothing.css", "../app.py", "..%2fapp.py", "%2e%2e/app.py", "vendor/htmx/LICENSE", "", "css/../../vendor.lock"],
)
async def test_nothing_else_is_served(stage: Stage, name: str) -> None:
    answer = await stage.guest.get(f"/static/0/{name}")

    assert answer.status_code == 404


async def test_scripts_of_others_run_only_as_they_were_locked(stage: Stage) -> None:
    page = (await stage.guest.get("/sign-in")).text
    scripts = re.findall(r"<script[^>]*/vendor/[^>]*>", page)

    assert len(scripts) == 3
    assert all(re.search(r'integrity="sha384-[A-Za-z0-9+/]{64}"', one) for one in scripts)


def test_what_was_taken_from_others_is_what_was_locked() -> None:
    assert list(vendor.differences()) == []


def test_each_package_is_named_in_the_notices_with_its_version_and_licence() -> None:
    notices = (vendor.ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")

    assert [
        one.name for one in vendor.packages() if f"| {one.name} | {one.version} | {one.license} |" not in notices
    ] == []


@pytest.mark.parametrize("path", ["/", "/sign-in"])
async def test_the_first_page_with_all_it_loads_is_small(stage: Stage, path: str) -> None:
    await stage.cast.post(stage.cast.alice)
    who = stage.alice if path == "/" else stage.guest
    page = await who.get(path)
    sizes = {
        name: await weight(who, name) for name in {path, *_LOADED.findall(page.text), shipped().static.url("icons.svg")}
    }

    assert len(sizes) > 10
    assert sum(sizes.values()) < MOST / 2, sizes  # half is for what the screens will still add


async def weight(who: httpx.AsyncClient, path: str) -> int:
    async with who.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.status_code == 200, path
        return sum([len(piece) async for piece in answer.aiter_raw()])
