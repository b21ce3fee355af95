"""The memory of emulated YouTube, and the few ways in which it changes. Every method is one atomic step."""

import secrets

from playout_sandbox.world import World
from playout_sandbox.youtube.config import DAY, YouTubeConfig
from playout_sandbox.youtube.errors import Refusal
from playout_sandbox.youtube.quota import Quota
from playout_sandbox.youtube.records import Access, Channel, Code, Grant, RefreshToken, Session, Video

_TESTING_SECONDS = 7 * DAY


class State:
    """Channels are settings; all else lives here."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.config = _base(world)
        self.codes: dict[str, Code] = {}
        self.grants: dict[tuple[str, str], Grant] = {}  #: by channel and client
        self.refreshes: dict[str, RefreshToken] = {}  #: those alive, oldest first
        self.accesses: dict[str, Access] = {}
        self.sessions: dict[str, Session] = {}  #: by upload_id
        self.videos: dict[str, Video] = {}  #: oldest first; a deleted one is not there
        self.quota = Quota()

    @property
    def now(self) -> float:
        """The sandbox's clock."""
        return self.world.clock.now()

    def reset(self) -> None:
        """Forget everything, settings included."""
        self.config = _base(self.world)
        self.quota.clear()
        for memory in (self.codes, self.grants, self.refreshes, self.accesses, self.sessions, self.videos):
            memory.clear()

    def record(self, effect: str, request: int | None, **facts: object) -> None:
        """Put an effect into the ledger."""
        self.world.record(effect, platform="youtube", request=request, **facts)

    def record_session(self, effect: str, session: Session, request: int, **facts: object) -> None:
        """An effect on an upload, with what a test wants to know about it."""
        said = session.metadata
        known = {"session": session.number, "caption": said.title, "privacy": self.privacy_of(said.privacy)}
        self.record(effect, request, creator=session.creator, **known, **facts)

    def record_video(self, effect: str, video: Video, request: int | None = None, **facts: object) -> None:
        """An effect on a video, likewise."""
        said = video.metadata
        known = {"session": video.session, "post_id": video.id, "caption": said.title, "privacy": said.privacy}
        self.record(effect, video.request if request is None else request, creator=video.creator, **known, **facts)

    def privacy_of(self, asked: str) -> str:
        """What becomes of a privacy that was asked for (row 50)."""
        return "private" if self.config.unverified_project_lock else asked

    def channel(self, creator: str) -> Channel:
        """The channel behind a token; Refusal if the settings no longer have it."""
        found = self.config.creator(creator)
        if found is None:
            raise Refusal(401, "authError")
        return found

    def writing_channel(self, creator: str) -> Channel:
        """The same for a call that changes something (row 13)."""
        found = self.channel(creator)
        if not found.exists:
            raise Refusal(401, "youtubeSignupRequired")
        if found.suspended:
            raise Refusal(403, "authenticatedUserAccountSuspended")
        return found

    def uploads_of(self, creator: str) -> list[Video]:
        """A channel's own videos, newest first."""
        return [video for video in reversed(self.videos.values()) if video.creator == creator]

    def consent(self, creator: str, client_id: str, scopes: tuple[str, ...]) -> tuple[Grant, bool]:
        """The person lets the project in; whether that was the first time."""
        grant = self.grants.get((creator, client_id))
        first = grant is None
        if grant is None:
            grant = self.grants[creator, client_id] = Grant(creator, client_id)
        grant.scopes = tuple(dict.fromkeys([*grant.scopes, *scopes]))
        return grant, first

    def issue(
        self, grant: Grant, scopes: tuple[str, ...], request: int | None, *, offline: bool, effect: str = "token_issued"
    ) -> dict[str, object]:
        """A new access token, with a new refresh token if `offline`, as the token endpoint answers them."""
        token = f"ya29.{secrets.token_urlsafe(48)}"
        self.accesses[token] = Access(grant, scopes, self.now + self.config.access_seconds)
        answer: dict[str, object] = {
            "access_token": token,
            "expires_in": int(self.config.access_seconds) - 1,
            "scope": " ".join(scopes),
            "token_type": "Bearer",
        }
        if offline:
            refresh = self._new_refresh(grant, scopes)
            answer["refresh_token"] = refresh.token
            if refresh.expires is not None:
                answer["refresh_token_expires_in"] = int(_TESTING_SECONDS) - 1
        self.record(effect, request, creator=grant.creator, client_id=grant.client_id, scopes=list(scopes))
        return answer

    def live_refresh(self, token: str, client_id: str) -> RefreshToken | None:
        """A refresh token that still works for that client."""
        refresh = self.refreshes.get(token)
        if refresh is None or refresh.grant.client_id != client_id:
            return None
        too_old = refresh.expires is not None and refresh.expires <= self.now
        unused = refresh.used + self.config.refresh_unused_seconds <= self.now
        return None if too_old or unused else refresh

    def end_grant(self, grant: Grant) -> None:
        """All its tokens are dead at once; the next consent is a first one again (row 51)."""
        grant.revoked = True
        self.grants.pop((grant.creator, grant.client_id), None)
        for token in [token for token, refresh in self.refreshes.items() if refresh.grant is grant]:
            del self.refreshes[token]

    def _new_refresh(self, grant: Grant, scopes: tuple[str, ...]) -> RefreshToken:
        expires = self.now + _TESTING_SECONDS if self.config.testing_mode else None
        refresh = RefreshToken(f"1//{secrets.token_urlsafe(48)}", grant, scopes, self.now, expires)
        self.refreshes[refresh.token] = refresh
        alive = [token for token, one in self.refreshes.items() if one.grant is grant]
        for token in alive[: -self.config.most_refresh_tokens]:  # the oldest die silently (row 7)
            del self.refreshes[token]
        return refresh


def _base(world: World) -> YouTubeConfig:
    return YouTubeConfig(processing_seconds=0, list_delay=0) if world.fast else YouTubeConfig()
