"""What DynamoDB's complaint means to the callers of the store. No key and no value travels in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
)
from botocore.parsers import ResponseParserError

from playout.domain.errors import TooLarge, Unavailable
from playout.storage.dynamodb.values import Item

_NO_KEYS = (
    ConfigParseError,
    CredentialRetrievalError,
    FileNotFoundError,  # that of a role's token
    NoCredentialsError,
    PartialCredentialsError,
    PermissionError,  # as above
    ProfileNotFound,
    SSOError,
)
_REFUSED = {
    "AccessDenied",  # by STS, when a role is to be assumed
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
}
_BUSY = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
}
#: Somebody else writes to one of the same items at this moment: certainly not written, and worth another try at once.
_CROSSED = {"TransactionConflictException", "TransactionInProgressException"}
_CROSSED_INSIDE = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_CONDITION = "ConditionalCheckFailed"
_SERVERS_FAULT = 500


class Refused(Exception):
    """A condition did not hold, so nothing was written. `stood`: by the number of the action, the item as it stands."""

    def __init__(self, stood: Mapping[int, Item]) -> None:
        super().__init__("a condition did not hold")
        self.stood = stood


class Crossed(Exception):
    """Another writer was at one of these items at the same time; nothing was written."""


def meaning(error: Exception) -> Exception:
    """The error as the rest of this store knows it; what is a mistake of ours stays as it is."""
    if isinstance(error, ClientError):
        return _answered(error, str(error.response.get("Error", {}).get("Code", "")))
    if isinstance(error, _NO_KEYS):
        return Unavailable("No AWS keys are found. Set AWS_ACCESS_KEY_ID and its secret, or give the machine a role.")
    if isinstance(error, ResponseParserError):
        return something_else()
    if isinstance(error, BotoCoreError | OSError | TimeoutError):
        return Unavailable("DynamoDB cannot be reached. Check the network and PLAYOUT_DATABASE_URL.")
    return error


def _answered(error: ClientError, code: str) -> Exception:
    reasons: Sequence[Mapping[str, Any]] = error.response.get("CancellationReasons", ())
    if code == f"{_CONDITION}Exception":
        return Refused({0: error.response.get("Item", {})})
    if refused := {at: one.get("Item", {}) for at, one in enumerate(reasons) if one.get("Code") == _CONDITION}:
        return Refused(refused)
    if code in _CROSSED or any(one.get("Code") in _CROSSED_INSIDE for one in reasons):
        return Crossed()
    return _unable(error, code)


def _unable(error: ClientError, code: str) -> Exception:
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == "ResourceNotFoundException":
        sentence = "There is no such table in DynamoDB. Run `playout migrate`, or see PLAYOUT_DATABASE_URL."
        return Unavailable(sentence, code="no_table")
    if code in _REFUSED:
        sentence = "DynamoDB does not let us in. Check the AWS keys and their rights on the table."
        return Unavailable(sentence, code="storage_refused")
    if code.isdigit() and status < _SERVERS_FAULT:  # what botocore makes of an answer that is not in DynamoDB's words
        return something_else()
    if code in _BUSY:
        return Unavailable("DynamoDB asks us to slow down. Try again, or give the table more capacity.")
    if _exceeds(error, code):
        return TooLarge("This is more text than DynamoDB keeps in one record (400 kB). Shorten it.")
    return Unavailable(f"DynamoDB does not serve right now ({code}).") if status >= _SERVERS_FAULT else error


def _exceeds(error: ClientError, code: str) -> bool:
    """A record is too large; in a transaction each of them has a reason of its own."""
    reasons: Sequence[Mapping[str, Any]] = error.response.get("CancellationReasons", ())
    inside = [str(one.get("Message")) for one in reasons if one.get("Code") == "ValidationError"]
    return any("size" in said.lower() for said in [*inside, str(error) if code == "ValidationException" else ""])


def something_else() -> Unavailable:
    """A web server, for example."""
    return Unavailable("What answers there is no DynamoDB. Check the endpoint in PLAYOUT_DATABASE_URL.")
