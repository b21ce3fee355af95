"""The login dialog: `/facebook-www/{version}/dialog/oauth` (1). The person ticks Pages and permissions."""

from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from playout_sandbox.facebook.state import State
from playout_sandbox.meta.config import ALL
from playout_sandbox.meta.consent_page import Choice, Group, consent_page, error_page
from playout_sandbox.meta.records import Page, Person
from playout_sandbox.meta.redirects import back, registered

SCOPES: Mapping[str, str] = {
    "public_profile": "Read your name and picture",
    "email": "Read your e-mail address",
    "pages_show_list": "List the Pages you manage",
    "pages_read_engagement": "Read what your Pages posted",
    "pages_manage_posts": "Publish on your Pages",
    "pages_manage_metadata": "Change settings of your Pages",
    "pages_read_user_content": "Read what others wrote on your Pages",
    "business_management": "Manage your businesses",
    "read_insights": "Read the numbers of your Pages",
    "instagram_basic": "Read your Instagram profile",
    "instagram_content_publish": "Publish on your Instagram account",
    "instagram_manage_comments": "Manage comments on Instagram",
    "instagram_manage_contents": "Delete what you posted on Instagram",
    "instagram_manage_insights": "Read the numbers of your Instagram account",
    "ads_management": "Manage your ads",
    "ads_read": "Read the numbers of your ads",
}
_CONFIGURED = ("pages_show_list", "pages_read_engagement", "pages_manage_posts", "business_management")
_CARRIED = ("client_id", "redirect_uri", "state", "response_type", "scope", "auth_type", "config_id")
_TYPES = {"code", "granted_scopes", "code granted_scopes", "granted_scopes code"}
_DENIED = {"error_reason": "user_denied", "error": "access_denied", "error_description": "Permissions error."}
_END = "#_=_"  #: Facebook adds this fragment; it is not part of the code


class Dialog:
    """GET shows the form (or, with auto_consent, answers at once); POST is the form."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def show(self, request: Request) -> Response:
        """The request of an app to be let in."""
        asked = dict(request.query_params)
        refused = self._refused(asked)
        if refused is not None:
            return refused
        config, scopes = self._state.meta.config, _scopes(asked)
        if self._state.world.config.auto_consent:
            person = config.person(config.consent_person) or config.persons[0]
            pages = {page.id for page in self._pages(person) if page.id in config.tick or ALL in config.tick}
            return self._allow(asked, person, pages, [one for one in scopes if one not in config.decline])
        carried = {name: asked[name] for name in _CARRIED if name in asked}
        intro = "This is an emulated Facebook. An app asks for access."
        return consent_page("Log in with Facebook", intro, carried, self._groups(scopes))

    async def decide(self, request: Request) -> Response:
        """Form fields: `decision`, `person`, a `page` for each Page ticked, an `allow` for each permission."""
        query = list(request.query_params.items())
        pairs = query + parse_qsl((await request.body()).decode(), keep_blank_values=True)
        asked = dict(pairs)
        refused = self._refused(asked)
        if refused is not None:
            return refused
        if asked.get("decision") != "allow":
            answer = {
                "error_reason": "user_denied",
                "error": "access_denied",
                "error_description": "Permissions error.",
            }
            return back(asked, answer, fragment=_END)
        person = self._state.meta.config.person(asked.get("person", ""))
        if person is None:
            return error_page("Something went wrong", "There is no such person.")
        pages = {value for name, value in pairs if name == "page"} & {page.id for page in self._pages(person)}
        ticked = {value for name, value in pairs if name == "allow"}
        return self._allow(asked, person, pages, [one for one in _scopes(asked) if one in ticked])

    def _refused(self, asked: Mapping[str, str]) -> Response | None:
        """Row 1, and the other ways to ask wrongly. None of them leads back to the app."""
        config = self._state.meta.config
        if asked.get("client_id") != config.client_id:
            return error_page("Invalid App ID", "The provided app ID does not look like a valid app ID.")
        if not registered(asked.get("redirect_uri", ""), config.redirect_uris):
            return error_page(
                "URL Blocked",
                "This redirect failed because the redirect URI is not whitelisted in the app's Client OAuth Settings.",
            )
        if asked.get("response_type", "code").replace(",", " ") not in _TYPES:
            return error_page("Something went wrong", "Only the response type code is emulated.")
        unknown = [scope for scope in _scopes(asked) if scope not in SCOPES]
        if unknown:
            return error_page("Invalid Scopes", f"Invalid Scopes: {', '.join(unknown)}.")
        return None

    def _allow(self, asked: Mapping[str, str], person: Person, pages: set[str], allowed: Collection[str]) -> Response:
        meta = self._state.meta
        granted = {*allowed, "public_profile"}
        declined = set(_scopes(asked)) - granted
        code = meta.new_code(meta.let_in(person.id, granted, declined, pages), asked["redirect_uri"])
        answer = {"code": code}
        if "granted_scopes" in asked.get("response_type", ""):
            answer |= {"granted_scopes": ",".join(sorted(granted)), "denied_scopes": ",".join(sorted(declined))}
        return back(asked, answer, fragment=_END)

    def _pages(self, person: Person) -> list[Page]:
        return [page for page in self._state.meta.config.pages if person.id in page.persons]

    def _groups(self, scopes: Collection[str]) -> list[Group]:
        """Nothing is ticked among the Pages: who presses Continue at once has given none (row 7)."""
        config = self._state.meta.config
        names = {person.id: person.name for person in config.persons}
        pages = [
            Choice(page.id, page.name, f"of {names[owner]}", chosen=False)
            for page in config.pages
            for owner in page.persons
            if owner in names
        ]
        persons = [Choice(one.id, one.name, chosen=one is config.persons[0]) for one in config.persons]
        return [
            Group("You are", "person", persons, one=True),
            Group("Pages the app may use", "page", pages),
            Group("The app may", "allow", [Choice(scope, SCOPES[scope]) for scope in scopes]),
        ]


def _scopes(asked: Mapping[str, str]) -> list[str]:
    """Commas or spaces; an app with a configuration of Facebook Login for Business names none."""
    named = asked.get("scope", "").replace(",", " ").split()
    configured = _CONFIGURED if asked.get("config_id") and not named else ()
    return list(dict.fromkeys(["public_profile", *named, *configured]))
