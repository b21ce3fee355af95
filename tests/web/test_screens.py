"""The sign-in page and the queue in a real browser: nothing for axe to find, in both themes, on both sizes."""

import pytest

from tests.web.site import Site, findings

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_nobody_is_kept_from_signing_in(site: Site, device: str, dark: bool) -> None:
    page = await site.visit("/sign-in", who=None, device=device, dark=dark)

    assert await findings(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_nobody_is_kept_from_the_queue(site: Site, device: str, dark: bool) -> None:
    await site.cast.post(site.cast.alice)
    page = await site.visit("/", device=device, dark=dark)

    await page.locator("[data-row]").get_by_role("link", name="First light", exact=True).wait_for()
    assert await findings(page) == []
