"""The pages in a real browser: a server on a free port of this machine, and Chromium without a window.

What a test opened is looked at when it ends: a script that failed, a message in the console, anything that the
Content-Security-Policy stopped or a 500 fails the test that caused it.
"""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Response, async_playwright
from starlette.types import ASGIApp

from tests.cast import Cast
from tests.web.stage import House, session_cookie

CHROMIUM = os.environ.get("PLAYOUT_TEST_CHROMIUM", "/usr/bin/chromium")
IS_THERE = Path(CHROMIUM).exists()
AXE = Path(__file__).parent / "vendor/axe-core/axe.min.js"
#: WCAG 2.2 AA, and what its makers hold for good manners.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
#: Nothing but this machine: whatever else a page named would not be found.
_ARGUMENTS = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
_DEVICES: Mapping[str, Mapping[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
_WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`csp: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
_PATIENCE = 15_000  # milliseconds until an element that is waited for will not come any more
#: Chromium says of every answer of 400 and more that a resource failed to load: that is no mistake of a page.
_EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


@dataclass
class Site:
    """The cast's house on a port, and a browser at its door."""

    cast: Cast
    house: House
    url: str
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def visit(
        self,
        path: str = "/",
        *,
        who: str | None = "alice",
        device: str = "desktop",
        dark: bool = False,
        javascript: bool = True,
        **options: Any,
    ) -> Page:
        """A new window of somebody of the cast (None: a guest), at `path`. `options`: as Playwright's new_context."""
        known: dict[str, Any] = {
            **_DEVICES[device],
            "base_url": self.url,
            "color_scheme": "dark" if dark else "light",
            "java_script_enabled": javascript,
            "timezone_id": "Europe/Berlin",
            "locale": "en-GB",
            "reduced_motion": "reduce",
        }
        context = await self.browser.new_context(**{**known, **options})
        self.contexts.append(context)
        if who:
            await context.add_cookies([self._cookie(who)])  # type: ignore[list-item]  # a TypedDict of Playwright's
        if javascript:
            await context.add_init_script(_WATCH)
        context.set_default_timeout(_PATIENCE)
        page = await context.new_page()
        page.on("console", self._told)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("response", self._answered)
        await page.goto(path)
        return page

    async def close(self) -> None:
        for context in self.contexts:
            await context.close()

    def _cookie(self, who: str) -> dict[str, str]:
        return {"name": session_cookie(self.url), "value": self.house.sessions[who].reveal(), "url": self.url}

    def _told(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _EXPECTED.match(message.text):
            self.complaints.append(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} from {response.url}")


async def findings(page: Page) -> list[str]:
    """What axe finds on the page as it is now: rule, and the elements it means. Empty is what a test wants."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", RULES
    )
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:200]} — {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@asynccontextmanager
async def playing() -> AsyncIterator[Browser]:
    if not IS_THERE:
        pytest.skip(f"There is no Chromium at {CHROMIUM}. `make test` installs it as root; see tools/chromium.")
    async with async_playwright() as playwright:
        browser = await _launched(playwright)
        yield browser
        await browser.close()


async def _launched(playwright: Playwright) -> Browser:
    return await playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)


@asynccontextmanager
async def at_work(browser: Browser, **web: Any) -> AsyncIterator[Site]:
    """A new house of the cast, served until the block ends; then nothing may have gone wrong.

    `web`: as `create_web` takes it.
    """
    cast = await Cast.open()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        house = House.of(cast, url, **web)
        async with serving(house.app, listener):
            site = Site(cast, house, url, browser)
            try:
                yield site
            finally:
                await site.close()
    assert site.complaints == []


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not task.done():
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        server.force_exit = True  # a page that listens for events would be waited for
        await task
