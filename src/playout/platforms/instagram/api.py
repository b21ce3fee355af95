"""What Instagram is asked, one call a method, on the host of the login that an account was connected by.

Not here: how Graph answers are read (meta), what codes mean (errors.py), what a step does next (publishing.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from playout.domain.channel import Grant
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import JsonObject, Source, Words, join
from playout.platforms.meta import GONE, Graph, Rupload, received, reread
from playout.platforms.reading import items, need, number, part, stated

#: `Grant.extra["login"]`
INSTAGRAM_LOGIN = "instagram"
FACEBOOK_LOGIN = "facebook"

_LISTED = 50  # reels that are looked through for one
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Status:
    """What a container says of itself. `word` "" while Instagram does not find it."""

    word: str
    told: str = ""  # of one that failed: a subcode, or prose
    received: int | None = None  # bytes, of an upload


@dataclass(frozen=True, slots=True)
class Quota:
    """How many posts Instagram takes through apps in a moving window. None: it does not say."""

    used: int | None
    total: int | None
    window: timedelta

    @property
    def is_full(self) -> bool:
        return self.used is not None and self.total is not None and self.used >= self.total


class Api:
    """Asks on behalf of accounts of both logins; `graphs` has those that there are keys for."""

    def __init__(self, graphs: Mapping[str, Graph], rupload: Rupload | None, rupload_url: str, version: str) -> None:
        self._graphs = graphs
        self._rupload = rupload
        self._uploads = join(rupload_url, f"ig-api-upload/{version}")

    def graph(self, grant: Grant) -> Graph:
        """The host of a login. Raises SIGN_IN where its keys are gone."""
        found = self._graphs.get(grant.extra.get("login", ""))
        if found is None:
            sentence = (
                "This server has no keys any more for the sign-in by which the account was connected. "
                "Connect the account again."
            )
            raise PlatformFailure(Kind.SIGN_IN, "login_not_configured", sentence, turn=Turn.YOU)
        return found

    async def create(self, grant: Grant, account: str, reel: Words, now: datetime) -> JsonObject:
        """A container, invisible to everybody but us: its `id`, and the `uri` where a file is sent."""
        try:
            return await self.graph(grant).ask("POST", f"{account}/media", grant.access_token, now=now, form=reel)
        except PlatformFailure as failure:
            if failure.code != GONE:
                raise
        sentence = (
            "Instagram does not let us reach the account any more: it is no professional account now, or no longer "
            "linked to its Page. Mend that, then connect it again."
        )
        raise PlatformFailure(Kind.SIGN_IN, "account_out_of_reach", sentence, turn=Turn.YOU)

    async def status(self, grant: Grant, container: str, now: datetime, *, as_person: bool, upload: bool) -> Status:
        """Where a container is. `as_person`: asked with the person's token instead of the Page's (Facebook Login).

        A container that exists reads as missing now and then, with a Page's token on some accounts always.
        """
        person = grant.refresh_token if as_person and grant.extra.get("login") == FACEBOOK_LOGIN else None
        fields = "status_code,status,video_status" if upload else "status_code,status"
        try:
            data = await self._read(container, grant, now, token=person, fields=fields)
        except PlatformFailure as failure:
            if failure.code == GONE or (person and failure.kind is Kind.SIGN_IN):
                return Status("")
            raise
        phase = part(data, "video_status", "uploading_phase")
        return Status(need(data, "status_code"), stated(data, "status"), received(phase))

    async def quota(self, grant: Grant, account: str, now: datetime | None) -> Quota:
        """Raises PlatformFailure."""
        data = await self._read(f"{account}/content_publishing_limit", grant, now, fields="quota_usage,config")
        found = next(iter(items(data)), {})
        config = part(found, "config")
        window = number(config, "quota_duration") or _DAY
        return Quota(number(found, "quota_usage"), number(config, "quota_total"), timedelta(seconds=window))

    async def publish(self, grant: Grant, account: str, container: str, now: datetime) -> str:
        """The point of no return; gives the media's id. Raises PlatformFailure: UNSURE unless it surely did nothing."""
        data = await self.graph(grant).ask(
            "POST",
            f"{account}/media_publish",
            grant.access_token,
            now=now,
            form={"creation_id": container},
            fenced=True,
        )
        return need(data, "id", fenced=True)

    async def listed(self, grant: Grant, account: str, now: datetime) -> list[JsonObject]:
        """The newest of what the account shows."""
        fields = "id,permalink,caption,timestamp,media_type,media_product_type"
        return items(await self._read(f"{account}/media", grant, now, fields=fields, limit=str(_LISTED)))

    async def permalink(self, grant: Grant, media: str, now: datetime) -> str:
        """The address that people open; "" where Instagram does not say."""
        return stated(await self._read(media, grant, now, fields="permalink"), "permalink")

    def upload_url(self, container: str, told: str) -> str:
        """Where a container's file is sent. Raises PlatformFailure for an address that is not Meta's."""
        url = told or join(self._uploads, container)
        self._upload_host().check(url)
        return url

    async def send(self, url: str, token: Secret, body: Source, *, offset: int, size: int) -> None:
        """The rest of the file. Raises PlatformFailure, with the codes of meta/rupload.py."""
        await self._upload_host().send(url, token, body, offset=offset, size=size)

    def _upload_host(self) -> Rupload:
        if self._rupload is None:
            raise PlatformFailure(
                Kind.SIGN_IN, "login_not_configured", "This server has no keys for Facebook Login.", turn=Turn.YOU
            )
        return self._rupload

    async def _read(
        self, path: str, grant: Grant, now: datetime | None, *, token: Secret | None = None, **query: str
    ) -> JsonObject:
        """A question. That it was refused says nothing about what it was about."""
        try:
            return await self.graph(grant).ask("GET", path, token or grant.access_token, now=now, query=query)
        except PlatformFailure as failure:
            raise reread(failure) from None
