"""Passkeys: what browsers are asked and what devices answer (WebAuthn level 3), by the library `webauthn`.

Here is the form of it, and the check of signatures. Which challenge is open, and whose key it is, is known above.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from playout.application.ports import Claim, NewKey
from playout.domain.errors import Invalid, Problem, Unauthenticated
from playout.domain.person import Passkey, Person

NAME = "Playout"
#: Longer is no answer of a device, but work for the parser.
LONGEST_ANSWER = 64 * 1024  # characters
LONGEST_ID = 1023  # bytes, WebAuthn level 3 §4


class WebauthnPasskeys:
    """For one address: a key made for it is good nowhere else."""

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        self._host = parts.hostname or ""
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._secure = parts.scheme == "https" or self._host == "localhost" or self._host.endswith(".localhost")

    @property
    def possible(self) -> bool:
        """A relying party's id is a domain (WebAuthn level 3 §5.1.3, step 8), its context a secure one."""
        return bool(self._host) and self._secure and not _is_ip(self._host)

    def offer(self, person: Person, challenge: bytes) -> str:
        """Of keys that the person has already, the browser makes no second one in the same device."""
        options = generate_registration_options(
            rp_id=self._host,
            rp_name=NAME,
            user_id=_handle(person.id),
            user_name=person.email,
            user_display_name=person.name or person.email,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(one.id)) for one in person.passkeys],
        )
        return options_to_json(options)

    def made(self, answer: str, challenge: bytes) -> NewKey:
        """Whatever the device says of its maker is not asked for, and not looked at."""
        try:
            found = verify_registration_response(
                credential=_sized(answer),
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except Exception as error:  # what strangers send breaks parsers in many ways: each of them means no
            sentence = "The device's answer does not fit. Try again."
            problem = Problem("bad_passkey", "", sentence)
            raise Invalid(sentence, code="bad_passkey", problems=[problem]) from error
        return NewKey(bytes_to_base64url(found.credential_id), found.credential_public_key, found.sign_count)

    def question(self, challenge: bytes) -> str:
        """No key is named: the device offers those that it has for us."""
        options = generate_authentication_options(
            rp_id=self._host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
        return options_to_json(options)

    def claim(self, answer: str) -> Claim:
        """The person's id is read back from the handle that it was given as."""
        try:
            said = parse_authentication_credential_json(_sized(answer))
        except Exception as error:
            raise _refused() from error
        if len(said.raw_id) > LONGEST_ID:
            raise _refused()
        handle = said.response.user_handle
        return Claim(bytes_to_base64url(said.raw_id), _person_id(handle) if handle else None)

    def proven(self, answer: str, challenge: bytes, passkey: Passkey) -> int:
        """An old sign count means that the key was copied; devices that do not count always say 0."""
        try:
            found = verify_authentication_response(
                credential=_sized(answer),
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except Exception as error:
            raise _refused() from error
        return found.new_sign_count


def _handle(person_id: str) -> bytes:
    """At most 64 bytes, and nothing personal."""
    return person_id.encode()


def _person_id(handle: bytes) -> str:
    return handle.decode("ascii", "replace")


def _sized(answer: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        msg = "too long"
        raise ValueError(msg)
    return answer


def _refused() -> Unauthenticated:
    return Unauthenticated("This passkey's answer does not fit. Try again.", code="bad_passkey")


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
