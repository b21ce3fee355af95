"""`POST /<ig-id>/media`: making a container (section 4), and reading where it is (section 5)."""

from starlette.responses import JSONResponse, Response

from playout_sandbox.instagram.caller import Caller, own_account
from playout_sandbox.instagram.life import SLOW, Life
from playout_sandbox.instagram.records import Container, Stage
from playout_sandbox.instagram.rules import check_caption, check_type, options, publishing, thumb_offset
from playout_sandbox.instagram.state import State
from playout_sandbox.meta.graph import Call, Refusal, gone, invalid

_STATUS = {
    Stage.IN_PROGRESS: "In Progress: Media is still being processed.",
    Stage.FINISHED: "Finished: Media has been uploaded and it is ready to be published.",
    Stage.PUBLISHED: "Published: Media has been successfully published.",
    Stage.EXPIRED: "Expired: The container was not published within 24 hours and has expired.",
    Stage.ERROR: "Error: Media upload has failed with error code {}",
}
_FIELDS = {"id", "status_code", "status", "copyright_check_status", "video_status"}


class Making:
    """Containers are invisible to everybody but the app."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    async def create(self, call: Call, caller: Caller) -> Response:
        """A container; the download begins at once."""
        state, params = self._state, call.params
        account = own_account(caller, call)
        caller.need("publish", account)
        check_restricted(state, account)
        check_type(params, may_upload=caller.facebook or state.config.upload_any_login)
        check_caption(params.get("caption", ""), state.config)
        self._check_room(account)
        uploads = bool(params.get("upload_type"))
        container = Container(
            id=state.new_id("178"),
            account=account,
            at=state.now,
            request=call.n,
            caption=params.get("caption", ""),
            video_url="" if uploads else params["video_url"],
            cover_url=params.get("cover_url", ""),
            thumb_offset=thumb_offset(params),
            options=options(params, state.config, facebook=caller.facebook),
            stage=Stage.WAITING if uploads else Stage.IN_PROGRESS,
        )
        container.slot.id = container.id
        await self._begin(container)
        return JSONResponse({"id": container.id, **self._upload_address(call, container)})

    async def status(self, call: Call, caller: Caller) -> Response:
        """Where a container is. There is no media id in it."""
        state = self._state
        container = state.containers.get(call.node)
        if container is None or container.account not in caller.accounts:
            raise gone(call.node)
        expired = state.now >= container.at + state.config.container_seconds
        hidden = expired and container.stage is Stage.PUBLISHED and state.config.published_after_a_day == "gone"
        flakes = state.config.read_flake and not container.flaked
        if hidden or flakes:
            container.flaked |= flakes
            raise gone(call.node)
        caller.need("basic", container.account)
        unknown = set(call.fields) - _FIELDS
        if unknown:
            raise invalid(f"Tried accessing nonexisting field ({min(unknown)})")
        shown = self._shown(container)
        return JSONResponse({name: shown[name] for name in [*call.fields, "id"]})

    def _check_room(self, account: str) -> None:
        """Row 28; the code is not documented."""
        state = self._state
        if not state.world.config.limits or state.created_today(account) < state.config.container_limit:
            return
        code = int(state.config.container_limit_code)
        raise Refusal(code, f"(#{code}) Too many media containers were created in 24 hours", transient=False)

    async def _begin(self, container: Container) -> None:
        """From here on the container exists."""
        state = self._state
        state.containers[container.id] = container
        uploads = container.stage is Stage.WAITING
        state.record_on("container_created", container, upload=uploads, options=dict(container.options))
        if uploads:
            return
        if state.config.bad_video_url == "container":
            state.world.spawn(self._life.fetch(container))
            return
        await self._life.fetch(container)
        if container.stage is Stage.ERROR:
            del state.containers[container.id]
            raise _fetch_refusal(container)

    def _upload_address(self, call: Call, container: Container) -> dict[str, str]:
        if container.stage is not Stage.WAITING:
            return {}
        base = str(call.request.base_url).rstrip("/")
        version = call.version or self._state.meta.config.versions[-1]
        return {"uri": f"{base}/meta-rupload/ig-api-upload/{version}/{container.id}"}

    def _shown(self, container: Container) -> dict[str, object]:
        code = self._state.status_code(container)
        prose = self._state.config.error_status == "prose" or code is not Stage.ERROR
        uploaded = container.slot.complete
        begun = "in_progress" if container.slot.received else "not_started"
        done = code in {Stage.FINISHED, Stage.PUBLISHED}
        return {
            "id": container.id,
            "status_code": code.value,
            "status": _STATUS[code].format(container.subcode) if prose else str(container.subcode),
            "copyright_check_status": {"status": "complete" if done else "not_started", "matches_found": False},
            "video_status": {
                "uploading_phase": {
                    "status": "complete" if uploaded else begun,
                    "bytes_transferred": container.slot.received,
                },
                "processing_phase": {"status": "complete" if done else "in_progress" if uploaded else "not_started"},
            },
        }


def check_restricted(state: State, account: str) -> None:
    """Row 31."""
    if state.restricted(account):
        raise publishing(25, 2207050, "The account is restricted.", "The Instagram account is restricted.")


def _fetch_refusal(container: Container) -> Refusal:
    """Rows 19 and 20, where creating waits for the download."""
    if container.subcode == SLOW:
        return publishing(-2, SLOW, "Timeout", "It takes too long to download the media.")
    text = f"The media could not be fetched from this uri: {container.video_url}"
    return publishing(9004, container.subcode, "Only photo or video can be accepted as media type.", text)
