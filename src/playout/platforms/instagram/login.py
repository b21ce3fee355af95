"""Instagram Login: the consent, the short token, the long one and its renewal, the account behind it.

Without a Page, and without Facebook. api.instagram.com, which only exchanges codes, does not answer as the Graph API
does. Not here: Facebook Login (meta). Sources: Business Login for Instagram, Get Started (2026).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from playout.application.ports import Connection
from playout.domain.channel import Grant, Profile
from playout.domain.delivery import JsonValue
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import Answer, Http, HttpFailure, JsonObject, NotSent, join
from playout.platforms.instagram.api import INSTAGRAM_LOGIN
from playout.platforms.meta import Graph
from playout.platforms.oauth import after, consent_url, no_account, nothing_to_renew_with
from playout.platforms.reading import items, need, stated

#: No more than is used: what is not is a reason to refuse an app at its review.
SCOPES = ("instagram_business_basic", "instagram_business_content_publish")
#: A token is renewed only when it is this old.
YOUNGEST = timedelta(hours=24)
LIFE = timedelta(days=60)

_OK = 200
_SERVER = 500
_TOO_MANY = 429
_PROFILE = "id,user_id,username,name,account_type,profile_picture_url"
_NOT_PROFESSIONAL = (
    "This is a personal account: Instagram lets apps publish to professional ones only. Switch it in the Instagram "
    "app (Settings, Account type and tools), which costs nothing; then connect again."
)


@dataclass(frozen=True, slots=True)
class InstagramKeys:
    """The Instagram app of a Meta app (its id and secret are not those of the Meta app), and the hosts it asks."""

    client_id: str
    client_secret: Secret
    www_url: str
    api_url: str
    graph_url: str


class InstagramLogin:
    """Signs accounts in, and keeps them so. `graph` is graph.instagram.com."""

    def __init__(self, http: Http, graph: Graph, keys: InstagramKeys) -> None:
        self._http = http
        self._graph = graph
        self._keys = keys

    def authorize_url(self, *, state: Secret, return_to: str) -> str:
        """The consent page, which asks for the password again: it may be another account that is wanted."""
        return consent_url(
            join(self._keys.www_url, "oauth/authorize"),
            client_id=self._keys.client_id,
            redirect_uri=return_to,
            response_type="code",
            scope=",".join(SCOPES),
            state=state.reveal(),
            force_reauth="true",
        )

    async def exchange(self, *, code: Secret, return_to: str, now: datetime) -> Connection:
        """The account behind a consent. Raises PlatformFailure; CHOOSE `no_account` for a personal one."""
        short = await self._short(code, return_to)
        query: dict[str, str | Secret] = {
            "grant_type": "ig_exchange_token",
            "client_secret": self._keys.client_secret,
        }
        token = Secret(need(short, "access_token"))
        answer = await self._graph.ask("GET", "access_token", token, now=now, query=query, versioned=False)
        grant = _granted(answer, Grant(token, None, None, None, _scopes(short.get("permissions"))), now)
        profile = await self.profile(grant)
        return Connection(profile, replace(grant, extra={"login": INSTAGRAM_LOGIN, "account": profile.remote_id}))

    async def renew(self, grant: Grant, now: datetime) -> Grant:
        """Another sixty days. The old token is not documented to end by it, so that a repeat does no harm.

        Raises PlatformFailure: SIGN_IN when it is over, or too young to be renewed.
        """
        if grant.refresh_token is None:
            raise nothing_to_renew_with("Instagram")
        query = {"grant_type": "ig_refresh_token"}
        try:
            answer = await self._graph.ask(
                "GET", "refresh_access_token", grant.refresh_token, now=now, query=query, versioned=False
            )
        except PlatformFailure as failure:
            raise self._not_renewed(failure, grant, now) from None
        return _granted(answer, grant, now)

    async def profile(self, grant: Grant) -> Profile:
        """How the account is called now. `user_id` is what all else calls it; `id` is the app's own name for it."""
        me = _flat(await self._graph.ask("GET", "me", grant.access_token, now=None, query={"fields": _PROFILE}))
        if stated(me, "account_type").lower() == "personal":
            raise no_account(_NOT_PROFESSIONAL)
        return Profile(
            remote_id=need(me, "user_id"),
            username=stated(me, "username"),
            display_name=stated(me, "name") or stated(me, "username"),
            avatar_url=stated(me, "profile_picture_url") or None,
            owner_id=stated(me, "id") or None,
        )

    async def _short(self, code: Secret, return_to: str) -> JsonObject:
        """A code is good for one question: when the answer is lost, so is the sign-in."""
        form: dict[str, str | Secret] = {
            "client_id": self._keys.client_id,
            "client_secret": self._keys.client_secret,
            "grant_type": "authorization_code",
            "redirect_uri": return_to,
            "code": Secret(code.reveal().removesuffix("#_")),
        }
        lost = PlatformFailure(Kind.UNSURE, "answer_lost", "Instagram's answer was lost. Start the sign-in once more.")
        try:
            answer = await self._http.send("POST", join(self._keys.api_url, "oauth/access_token"), form=form)
            body = answer.json()
        except NotSent:
            failure = PlatformFailure(Kind.AGAIN, "unreachable", "Instagram cannot be reached right now.")
        except HttpFailure:
            failure = lost
        else:
            short = _flat(body)
            if answer.status == _OK and stated(short, "access_token"):
                return short
            failure = lost if answer.status == _OK or answer.status >= _SERVER else _refused(answer)
        raise failure

    def _not_renewed(self, failure: PlatformFailure, grant: Grant, now: datetime) -> PlatformFailure:
        """A token that still lives may be refused for being young, with the code of any bad question."""
        if failure.kind is not Kind.NEVER:
            return failure
        if grant.renew_at and grant.expires_at and now < _issued(grant.renew_at, grant.expires_at) + YOUNGEST:
            sentence = "Instagram renews no connection that is younger than a day. Connect the account again."
            return PlatformFailure(Kind.SIGN_IN, "too_young_to_renew", sentence, turn=Turn.YOU)
        return PlatformFailure(Kind.AGAIN, failure.code, failure.sentence, turn=failure.turn)


def _granted(answer: JsonObject, old: Grant, now: datetime) -> Grant:
    """The long-lived token, which is also what it is renewed with, from halfway through its life on."""
    token = Secret(need(answer, "access_token"))
    ends_at = after(now, answer.get("expires_in")) or now + LIFE
    renew_at = max(now + (ends_at - now) / 2, now + YOUNGEST)
    return replace(
        old,
        access_token=token,
        refresh_token=token,
        expires_at=ends_at,
        refresh_expires_at=ends_at,
        renew_at=renew_at,
    )


def _issued(renew_at: datetime, ends_at: datetime) -> datetime:
    """When a token came, from the middle and the end of its life."""
    return renew_at - (ends_at - renew_at)


def _flat(answer: JsonObject) -> JsonObject:
    """Documented as `{"data": [{…}]}`, answered flat in production."""
    return next(iter(items(answer)), answer)


def _scopes(permissions: JsonValue) -> tuple[str, ...]:
    """A text with commas, or a list."""
    told = permissions if isinstance(permissions, list) else str(permissions or "").replace(",", " ").split()
    return tuple(str(one) for one in told)


def _refused(answer: Answer) -> PlatformFailure:
    """The words of this host change and its codes say nothing: used, expired, another address, a wrong secret."""
    if answer.status == _TOO_MANY:
        return PlatformFailure(Kind.LATER, "http_429", "Instagram takes no more sign-ins right now. Try again later.")
    sentence = (
        "Instagram did not accept the sign-in. Start it once more; if that does not help, whoever runs this server "
        "must compare the Instagram app's id, secret and return address with the settings."
    )
    return PlatformFailure(Kind.SIGN_IN, "code_refused", sentence, turn=Turn.YOU)
