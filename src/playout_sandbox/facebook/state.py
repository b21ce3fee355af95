"""The memory of emulated Facebook: videos, and who may touch them. Persons and tokens are in `meta.people`."""

from playout_sandbox.facebook.config import FacebookConfig
from playout_sandbox.facebook.records import Video, Wanted
from playout_sandbox.meta.graph import Call, Refusal, gone
from playout_sandbox.meta.people import Meta
from playout_sandbox.meta.records import Page, Token
from playout_sandbox.meta.rupload import Slot
from playout_sandbox.meta.usage import business_usage
from playout_sandbox.world import World

DAY = 86_400.0
_PAGE_LIMIT = (
    "(#80001) There have been too many calls to this Page account. Wait a bit and try again. For more info, please "
    "refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
)


class State:
    """Every method is one atomic step."""

    def __init__(self, world: World, meta: Meta) -> None:
        self.world = world
        self.meta = meta
        self.config = _base(world)
        self.videos: dict[str, Video] = {}
        self.sessions: dict[str, Video] = {}  #: long videos, by upload_session_id
        self.publications: list[tuple[str, float]] = []  #: Page and time of every accepted finish PUBLISHED

    @property
    def now(self) -> float:
        """The sandbox's clock."""
        return self.world.clock.now()

    def reset(self) -> None:
        """Forget everything, settings included."""
        self.config = _base(self.world)
        self.videos.clear()
        self.sessions.clear()
        self.publications.clear()

    def record(self, effect: str, request: int | None, **facts: object) -> None:
        """Put an effect into the ledger."""
        self.world.record(effect, platform="facebook", request=request, **facts)

    def record_video(self, effect: str, video: Video, **facts: object) -> None:
        """Put an effect on a video into the ledger, with what a test wants to know about it."""
        self.record(effect, video.request, creator=video.page, video_id=video.id, caption=video.description, **facts)

    # -- who may ---------------------------------------------------------------------------------------------------

    def page_caller(self, call: Call) -> tuple[Token, Page]:
        """The Page token behind a call on `/{page-id}/...` (rows 12, 16, 33)."""
        token = self.meta.caller(call)
        page = self.meta.config.page(call.node)
        if not token.page:
            raise Refusal(200, "(#200) This endpoint must be called with a page access token")
        self.slow_down(token.page)
        if page is None or page.id != token.page:
            raise gone(call.node, call.method)
        return token, page

    def publisher(self, call: Call, deed: str) -> Page:
        """The Page that publishes; the token must be its own and carry what publishing needs (row 6)."""
        token, page = self.page_caller(call)
        self.meta.require(token, "pages_read_engagement", "pages_manage_posts", deed=deed)
        if "CREATE_CONTENT" not in page.tasks:
            raise Refusal(200, "(#200) The user must have the CREATE_CONTENT task on this Page")
        return page

    def video_caller(self, call: Call) -> tuple[Token, Video]:
        """The video of a call on `/{video-id}...`, if the token sees it (row 16)."""
        token = self.meta.caller(call)
        video = self.videos.get(call.node)
        if video is None or self.meta.sees_page(token, video.page) is None:
            raise gone(call.node, call.method)
        self.slow_down(video.page)
        return token, video

    def slow_down(self, page: str) -> None:
        """Row 33."""
        if self.config.slow_down(page):
            headers = business_usage(page, "pages", minutes=self.config.page_rate_minutes)
            raise Refusal(80001, _PAGE_LIMIT, headers=headers)

    # -- videos ----------------------------------------------------------------------------------------------------

    def new_video(self, page: str, request: int, *, reel: bool) -> Video:
        """An unpublished video object; nothing of it can be seen."""
        made = self.meta.new_id()
        video = Video(id=made, page=page, at=self.now, request=request, slot=Slot(made), reel=reel)
        self.videos[made] = video
        return video

    def expired(self, video: Video) -> bool:
        """Whether an unpublished video was left alone for too long."""
        return video.wanted is Wanted.NOTHING and self.now >= video.at + self.config.session_seconds

    def check_limit(self, page: str) -> None:
        """Row 29: so many reels in any 24 hours. Which code it is nobody documented."""
        recent = sum(name == page and at > self.now - DAY for name, at in self.publications)
        if self.world.config.limits and recent >= self.config.publish_limit:
            code, _, subcode = self.config.publish_limit_code.partition("/")
            raise Refusal(
                int(code),
                f"(#{code}) You have published too many reels to this Page. Try again later.",
                subcode=int(subcode) if subcode else None,
                transient=False,
                user_message="It looks like you were posting too fast. You can try again later.",
            )

    def published_on(self, page: str) -> list[Video]:
        """What stands on a Page, newest first."""
        found = [video for video in self.videos.values() if video.page == page and video.public]
        return sorted(found, key=lambda video: video.published_at, reverse=True)


def _base(world: World) -> FacebookConfig:
    return FacebookConfig(processing_seconds=0, publishing_seconds=0) if world.fast else FacebookConfig()
