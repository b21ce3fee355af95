"""What is checked, and what is not, each with its reason.

On for every route: no 5xx, only documented statuses, types, bodies and headers; wrong requests refused, right ones
taken; a method that is not there refused with 405 and the right Allow; no answer without the token; what was made is
there, and what was deleted is not.
"""

import json
import re
from typing import Any

from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import EnsureResourceAvailability, IgnoredAuth, RejectedPositiveData

#: Not part of a run, and why.
LEFT_OUT = {
    "DELETE /api/v1/workspace": "it deletes what the run stands on; the long run ends with it",
}
#: Routes where a check reads something else than its default, and why.
PER_ROUTE: tuple[dict[str, Any], ...] = (
    {
        # tus 1.0.0: without the header, or with another version, the server MUST answer 412.
        "include-tag": "uploads",
        "checks": {"missing_required_header": {"expected-statuses": ["400", "401", "403", "406", "412", "415", "422"]}},
    },
)
CHECKS: dict[str, Any] = {
    # Every 4xx is a refusal; the default leaves out 410, 412 and 413, and lets 5xx pass.
    "negative_data_rejection": {"expected-statuses": ["4xx"]},
    # A second workspace's token would be needed; tests/api has every route against a stranger's.
    "object_level_authorization": {"enabled": False},
}
#: Each probe of this check sends a wrong token, and the server takes twenty of those a minute from one address: it is
#: on where each route comes a few times. tests/api has every route without a token.
WITHOUT_TOKENS = ("examples", "coverage")
#: Codes with which we refuse what a request looks like, which the schema could have said, besides those that begin as
#: `_FORM_BEGINS`. All others refuse what it means: no such channel, another state, no room left.
_FORM = frozenset({"invalid", "required", "too_many", "unknown_field", "wrong_content_type"})
_FORM_BEGINS = ("bad_", "malformed_")
#: But no schema can say how two parameters stand to each other: “to” must be later than “from”.
_TOGETHER = frozenset({"bad_stretch"})
TOO_OFTEN, GONE = 429, 410
#: So many ids more than those of whoever made it has the address of what hangs below a new thing.
_BELOW = 2


def is_finding(_context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Whether a failed check is a mistake of ours. Kept as a hook of schemathesis, `filter_failure`."""
    match failure:
        case IgnoredAuth():
            # Too many wrong tokens from this address: refused all the same.
            return f"got `{TOO_OFTEN} " not in failure.message
        case AcceptedNegativeData():
            # Whatever it is, it is bytes, and bytes are what some routes take.
            return not (_takes_bytes(case) and _is_wrong_in(case) == {ParameterLocation.BODY})
        case RejectedPositiveData():
            return _refuses_form(case, response) and not _lacks_quotes(case)
        case EnsureResourceAvailability():
            # What hangs below a new thing need not be there: its picture, a copy of it.
            return (
                not case.path.endswith("/thumbnail") and case.path.count("{") - failure.created_with.count("{") < _BELOW
            )
        case _:
            return True


def _takes_bytes(case: Case[Any]) -> bool:
    content = case.operation.definition.raw.get("requestBody", {}).get("content", {})
    return any(one.get("schema", {}).get("format") == "binary" for one in content.values())


def _is_wrong_in(case: Case[Any]) -> set[ParameterLocation]:
    return {place for place in ParameterLocation if case.meta and case.meta.is_negative_at(place)}


def _lacks_quotes(case: Case[Any]) -> bool:
    """For a pattern with quotes the coverage phase sends a `0` without any, and takes that for right."""
    return any(
        parameter.location is ParameterLocation.HEADER
        and isinstance(parameter.raw_schema, dict)
        and not re.search(str(parameter.raw_schema.get("pattern", "")), str(case.headers.get(parameter.name, "")))
        for parameter in case.operation.iter_parameters()
        if parameter.name in case.headers
    )


def _refuses_form(case: Case[Any], response: Response) -> bool:
    if case.method == "HEAD":  # its refusals have no body
        return response.status_code != GONE
    try:
        told = json.loads(response.content or b"")
        code, sentence = str(told["code"]), str(told["detail"])
    except (ValueError, KeyError, TypeError):
        return True
    if code == "malformed_header" and sentence.startswith("Upload-Metadata"):
        return False  # each key once: no pattern can say that
    return code in _FORM or (code.startswith(_FORM_BEGINS) and code not in _TOGETHER)
