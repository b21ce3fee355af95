"""A software authenticator: what a phone or a security key does for a browser (WebAuthn level 3), and what it gives.

It speaks as `navigator.credentials` does: options in, JSON of the answer out. `uv`, cleared, is a device that does not
ask who is there; `counts`, cleared, one that does not count its signatures.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Key:
    """What the device keeps."""

    id: bytes
    private: ec.EllipticCurvePrivateKey
    rp_id: str
    user: bytes
    count: int = 0


@dataclass
class Device:
    """One authenticator in one browser, which is on a page of `origin`."""

    origin: str
    uv: bool = True
    counts: bool = True
    keys: list[Key] = field(default_factory=list)

    def create(self, options: str) -> str:
        """`navigator.credentials.create`."""
        asked = json.loads(options)
        key = Key(
            secrets.token_bytes(32),
            ec.generate_private_key(ec.SECP256R1()),
            asked["rp"]["id"],
            unpacked(asked["user"]["id"]),
        )
        self.keys.append(key)
        attested = bytes(16) + len(key.id).to_bytes(2, "big") + key.id + cose(key.private.public_key())
        data = self._data(key, ATTESTED) + attested
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        said = {"clientDataJSON": self._client("webauthn.create", asked), "attestationObject": packed(statement)}
        return answer(key, said)

    def get(self, options: str, *, key: Key | None = None) -> str:
        """`navigator.credentials.get`, with the newest key that it has for the address."""
        asked = json.loads(options)
        key = key or [one for one in self.keys if one.rp_id == asked["rpId"]][-1]
        key.count += self.counts
        client, data = self._client("webauthn.get", asked), self._data(key, 0)
        signed = data + hashlib.sha256(unpacked(client)).digest()
        signature = key.private.sign(signed, ec.ECDSA(hashes.SHA256()))
        said = {
            "clientDataJSON": client,
            "authenticatorData": packed(data),
            "signature": packed(signature),
            "userHandle": packed(key.user),
        }
        return answer(key, said)

    def _data(self, key: Key, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.uv else 0)
        return hashlib.sha256(key.rp_id.encode()).digest() + bytes([flags]) + key.count.to_bytes(4, "big")

    def _client(self, kind: str, asked: dict[str, Any]) -> str:
        told = {"type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": False}
        return packed(json.dumps(told).encode())


def cose(public: ec.EllipticCurvePublicKey) -> bytes:
    """The key as RFC 9053 §7.1 writes it."""
    point = public.public_numbers()
    return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})


def answer(key: Key, said: dict[str, str]) -> str:
    told = {"id": packed(key.id), "rawId": packed(key.id), "type": "public-key", "response": said}
    return json.dumps({**told, "clientExtensionResults": {}, "authenticatorAttachment": "platform"})


def packed(clear: bytes) -> str:
    return base64.urlsafe_b64encode(clear).decode().rstrip("=")


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
