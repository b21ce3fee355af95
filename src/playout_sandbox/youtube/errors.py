"""YouTube's error answers: the API's nested E(code, reason) (section 7), and the flat ones of the OAuth host (2.2)."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """A call that the API answers with E(status, reason)."""

    def __init__(
        self, status: int, reason: str, message: str = "", *, location: str = "", location_type: str = ""
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.message = message or MESSAGES.get(reason, f"Refused: {reason}.")
        self.location = location
        self.location_type = location_type

    def response(self) -> Response:
        """E: `location` only where one is known, `status` and `details` only where Google sends them."""
        one = {"message": _SHORT.get(self.reason, self.message), "domain": _domain(self.reason), "reason": self.reason}
        location, location_type = _PLACES.get(self.reason, (self.location, self.location_type))
        if location:
            one |= {"location": location, "locationType": location_type}
        error: dict[str, object] = {"code": self.status, "message": self.message, "errors": [one]}
        if self.reason in _STATUSES:
            error["status"] = _STATUSES[self.reason]
        if self.reason in _DETAILS:
            error["details"] = [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": _DETAILS[self.reason],
                    "domain": "googleapis.com",
                    "metadata": {"service": "youtube.googleapis.com"},
                }
            ]
        return JSONResponse({"error": error}, self.status)


class OAuthRefusal(Exception):
    """A call that the OAuth host answers flat."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status

    def response(self) -> Response:
        """T(error): here `error` is a string."""
        return JSONResponse({"error": self.error, "error_description": self.description}, self.status)


def parameter(reason: str, name: str, message: str) -> Refusal:
    """400, and which query parameter is meant."""
    return Refusal(400, reason, message, location=name, location_type="parameter")


def field(reason: str, name: str, message: str = "") -> Refusal:
    """400, and which field of the body is meant."""
    return Refusal(400, reason, message, location=f"body.{name}", location_type="other")


def scripted(status: int, reason: str | None) -> Response:
    """E for a scripted fault: the reason asked for, or the usual one of that status."""
    return Refusal(status, reason or _REASONS.get(status, "backendError")).response()


def scripted_oauth(status: int, code: str | None) -> Response:
    """The same in the flat shape."""
    return OAuthRefusal(code or _OAUTH.get(status, "server_error"), "Scripted by the sandbox.", status).response()


def _domain(reason: str) -> str:
    return next((domain for domain, reasons in _DOMAINS.items() if reason in reasons), "global")


_REASONS = {
    400: "badRequest",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    410: "notFound",
    413: "uploadTooLarge",
    429: "rateLimitExceeded",
    500: "internalError",
}
_OAUTH = {400: "invalid_request", 401: "invalid_client", 403: "access_denied", 429: "rate_limit_exceeded"}
_DOMAINS: Mapping[str, frozenset[str]] = {
    "youtube.quota": frozenset({"quotaExceeded"}),
    "youtube.header": frozenset({"youtubeSignupRequired"}),
    "youtube.parameter": frozenset({"missingRequiredParameter", "incompatibleParameters", "invalidPageToken"}),
    "youtube.part": frozenset({"unknownPart", "unexpectedPart"}),
    "youtube.playlistItem": frozenset({"playlistNotFound"}),
    "youtube.thumbnail": frozenset({"invalidImage"}),
    "usageLimits": frozenset({"accessNotConfigured", "dailyLimitExceeded"}),
    "youtube.video": frozenset(
        {
            "defaultLanguageNotSet",
            "forbiddenLicenseSetting",
            "forbiddenPrivacySetting",
            "invalidCategoryId",
            "invalidDescription",
            "invalidFilename",
            "invalidPublishAt",
            "invalidRecordingDetails",
            "invalidTags",
            "invalidTitle",
            "invalidVideoMetadata",
            "uploadLimitExceeded",
            "videoNotFound",
        }
    ),
}
_HEADER = ("Authorization", "header")
_PLACES = {"authError": _HEADER, "required": _HEADER, "youtubeSignupRequired": _HEADER}
_STATUSES = {
    "accessNotConfigured": "PERMISSION_DENIED",
    "authError": "UNAUTHENTICATED",
    "backendError": "UNAVAILABLE",
    "insufficientPermissions": "PERMISSION_DENIED",
    "internalError": "INTERNAL",
    "rateLimitExceeded": "RESOURCE_EXHAUSTED",
    "required": "UNAUTHENTICATED",
}
_DETAILS = {
    "accessNotConfigured": "SERVICE_DISABLED",
    "insufficientPermissions": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    "rateLimitExceeded": "RATE_LIMIT_EXCEEDED",
    "required": "CREDENTIALS_MISSING",
}
_CREDENTIALS = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    "See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_SHORT = {
    "authError": "Invalid Credentials",
    "insufficientPermissions": "Insufficient Permission",
    "required": "Login Required.",
}
MESSAGES: Mapping[str, str] = {
    "accessNotConfigured": (
        "YouTube Data API v3 has not been used in this project before or it is disabled. "
        "Enable it in the API console, then retry."
    ),
    "authError": f"Request had invalid authentication credentials. {_CREDENTIALS}",
    "authenticatedUserAccountSuspended": "The account of the authenticated user is suspended.",
    "backendError": "The service is currently unavailable.",
    "forbidden": "The request is not properly authorized.",
    "insufficientPermissions": "Request had insufficient authentication scopes.",
    "internalError": "Internal error encountered.",
    "invalidTitle": "The request metadata specifies an invalid or empty video title.",
    "quotaExceeded": 'The request cannot be completed because you have exceeded your <a href="/youtube/v3/'
    'getting-started#quota">quota</a>.',
    "rateLimitExceeded": (
        "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service "
        "'youtube.googleapis.com' for consumer 'project_number:100000000001'."
    ),
    "required": f"Request is missing required authentication credential. {_CREDENTIALS}",
    "uploadLimitExceeded": "The user has exceeded the number of videos they may upload.",
    "youtubeSignupRequired": "Unauthorized",
}
