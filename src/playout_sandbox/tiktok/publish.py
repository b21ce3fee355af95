"""The three init calls (tiktok.md 5.2-5.4). Each makes a task; a pull begins at once, an upload waits for its bytes."""

import secrets
from collections.abc import Collection, Mapping

from starlette.requests import Request
from starlette.responses import Response

from playout_sandbox.tiktok.access import bad, bearer, json_body, number, require_scope, section, text
from playout_sandbox.tiktok.caps import (
    check_active_creators,
    check_banned,
    check_daily,
    check_drafts,
    check_privacy,
)
from playout_sandbox.tiktok.envelope import Refusal, ok
from playout_sandbox.tiktok.life import Life
from playout_sandbox.tiktok.records import Access, Status, Task
from playout_sandbox.tiktok.rules import TITLE, check_address, check_chunks, check_post_info
from playout_sandbox.tiktok.state import State

_PHOTO_LIMITS = {"title": 90, "description": 4000}
_MOST_PHOTOS = 35


class Publish:
    """`video/init/`, `inbox/video/init/`, `content/init/` below `/v2/post/publish/`."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    async def direct(self, request: Request) -> Response:
        """A video that TikTok posts without the creator's further doing."""
        access = self._enter(request, {"video.publish"}, "init")
        body = await json_body(request)
        info = section(body, "post_info")
        check_post_info(info, {"title": TITLE})
        task = self._video_task(access, request, section(body, "source_info"), draft=False)
        creator = self._state.creator(access.open_id)
        check_banned(creator)
        task.privacy = check_privacy(self._state, creator, info)
        task.caption = text(info, "title")
        check_active_creators(self._state, access)
        check_daily(self._state, creator)
        return self._begin(task, request, _addresses(section(body, "source_info")))

    async def inbox(self, request: Request) -> Response:
        """A video that the creator finds in the inbox and finishes in the app."""
        access = self._enter(request, {"video.upload"}, "inbox_init")
        body = await json_body(request)
        info = body.get("post_info")
        task = self._video_task(access, request, section(body, "source_info"), draft=True)
        if isinstance(info, dict):
            check_post_info(info, {"title": TITLE})
            task.caption = text(info, "title")
        self._check_draft(access)
        return self._begin(task, request, _addresses(section(body, "source_info")))

    async def photos(self, request: Request) -> Response:
        """Photos: always pulled (row 43)."""
        access = self._enter(request, {"video.publish", "video.upload"}, "content_init")
        body = await json_body(request)
        draft = _photo_mode(body)
        require_scope(access, {"video.upload" if draft else "video.publish"})
        info = section(body, "post_info")
        check_post_info(info, _PHOTO_LIMITS)
        addresses = self._photo_addresses(section(body, "source_info"))
        task = self._task(access, request, "p_inbox_url~v2." if draft else "p_pub_url~v2.", draft=draft)
        task.photo = True
        task.caption = "\n".join(filter(None, (text(info, "title"), text(info, "description"))))
        if draft:
            if self._state.config.app_too_old:
                raise Refusal(400, "app_version_check_failed", "The creator's app is too old.")
            self._check_draft(access)
        else:
            creator = self._state.creator(access.open_id)
            check_banned(creator)
            task.privacy = check_privacy(self._state, creator, info)
            check_active_creators(self._state, access)
            check_daily(self._state, creator)
        return self._begin(task, request, addresses)

    def _enter(self, request: Request, scopes: Collection[str], call: str) -> Access:
        access = bearer(self._state, request)
        require_scope(access, scopes)
        self._state.count_call(access.token, call, self._state.config.init_per_minute)
        return access

    def _check_draft(self, access: Access) -> None:
        creator = self._state.creator(access.open_id)
        check_banned(creator)
        check_active_creators(self._state, access)
        check_drafts(self._state, creator)

    def _video_task(self, access: Access, request: Request, source: Mapping[str, object], *, draft: bool) -> Task:
        """A task that is not remembered yet: whatever is refused leaves no trace."""
        way = "inbox" if draft else "pub"
        if source.get("source") == "FILE_UPLOAD":
            size, chunk, count = check_chunks(source)
            task = self._task(access, request, f"v_{way}_file~v2{'' if draft else '-1'}.", draft=draft)
            task.size, task.chunk, task.count = size, chunk, count
            task.upload_id = str(_long_number())
            task.upload_token = secrets.token_hex(16)
        elif source.get("source") == "PULL_FROM_URL":
            url = text(source, "video_url")
            if not url:
                raise bad("video_url is missing")
            self._check_address(url)
            task = self._task(access, request, f"v_{way}_url~v2.", draft=draft)
        else:
            raise bad("The source is unknown")
        return task

    def _photo_addresses(self, source: Mapping[str, object]) -> list[str]:
        images = source.get("photo_images")
        if source.get("source") != "PULL_FROM_URL":
            raise bad("Photos can only be pulled")
        if not isinstance(images, list) or not 1 <= len(images) <= _MOST_PHOTOS:
            raise bad("photo_images must have 1 to 35 addresses")
        if not 0 <= number(source, "photo_cover_index") < len(images):
            raise bad("The photo cover index is invalid")
        for image in images:
            if not isinstance(image, str):
                raise bad("photo_images must be strings")
            self._check_address(image)
        return images

    def _check_address(self, url: str) -> None:
        check_address(url, self._state.config.verified_prefixes, insecure=self._state.world.config.pull_insecure)

    def _task(self, access: Access, request: Request, prefix: str, *, draft: bool) -> Task:
        return Task(
            publish_id=f"{prefix}{_long_number()}",
            open_id=access.open_id,
            client_key=access.client_key,
            at=self._state.now,
            request=request.state.n,
            status=Status.UPLOAD if "_file~" in prefix else Status.DOWNLOAD,
            draft=draft,
        )

    def _begin(self, task: Task, request: Request, addresses: list[str]) -> Response:
        """The effect of init: from here on the task exists."""
        self._state.tasks[task.publish_id] = task
        self._state.record_task("task_created", task, size=task.size or None, draft=task.draft, photo=task.photo)
        data = {"publish_id": task.publish_id}
        if task.pulls:
            self._life.pull(task, addresses)
        else:
            self._state.uploads[task.upload_id] = task
            base = str(request.base_url).rstrip("/")
            data["upload_url"] = (
                f"{base}/tiktok-upload/video/?upload_id={task.upload_id}&upload_token={task.upload_token}"
            )
        return ok(data, self._state.now)


def _photo_mode(body: Mapping[str, object]) -> bool:
    """Whether it is a draft."""
    if body.get("media_type") != "PHOTO":
        raise bad("media_type must be PHOTO")
    if body.get("post_mode") not in {"DIRECT_POST", "MEDIA_UPLOAD"}:
        raise bad("post_mode must be DIRECT_POST or MEDIA_UPLOAD")
    return body["post_mode"] == "MEDIA_UPLOAD"


def _addresses(source: Mapping[str, object]) -> list[str]:
    return [text(source, "video_url")]


def _long_number() -> int:
    """About 19 digits, like TikTok's ids."""
    return 7_600_000_000_000_000_000 + secrets.randbelow(90_000_000_000_000_000)
