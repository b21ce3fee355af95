"""The vault: grants and checkpoints sealed at rest, each channel under a data key of its own.

Three layers. A key-encryption key (Kek, 32 random bytes from the settings or the key file) never encrypts:
HKDF derives one key per purpose from it. The key for `tokens` wraps data keys; a data key seals fields by
AES-256-GCM. What was sealed opens only in its own place: workspace, channel, field and key id are
authenticated with it.

    wrapped data key   0x01 | nonce (12) | ciphertext and tag (48)
    sealed field       0x01 | data key id (16) | nonce (12) | ciphertext and tag (n + 16)

Here lives the format; where keys come from is in the lower half. Who may see a grant is not decided here.
"""

import base64
import binascii
import hashlib
import itertools
import os
import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from playout.domain.channel import WrappedKey
from playout.domain.errors import Misconfigured, Unreadable

Entropy = Callable[[int], bytes]

_V1: Final = b"\x01"
_NONCE: Final = 12  # bytes; random, good for 2**32 seals under one key (NIST SP 800-38D §8.3)
_DATA_KEY_ID: Final = 16  # bytes; names the data key and commits to it, which GCM alone does not
_TAG: Final = 16  # bytes
_WRAPPING: Final = "tokens"
_KEY_SIZE: Final = 32  # bytes
_KEY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,23}")
_LEAST_VARIETY: Final = 17  # different bytes in a key; 32 random ones have fewer once in 10**15 keys
_WORDS: Final = ("", "secret", "changeme", "change-me", "password", "playout", "admin", "default", "test")
_KNOWN: Final = frozenset(hashlib.sha256(word.encode()).digest() for word in _WORDS)
_OTHERS: Final = 0o077  # the mode bits of group and world


@dataclass(frozen=True, slots=True)
class Kek:
    """A key-encryption key. Raises Misconfigured where it is no random key: one that exists is fit."""

    id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _KEY_ID.fullmatch(self.id):
            raise Misconfigured("The id of a secret key is 1 to 24 of the characters A-Z a-z 0-9 . _ -")
        if weakness := _weakness(self.secret):
            raise Misconfigured(f"The secret key {self.id!r} {weakness}. Take 32 random bytes: openssl rand -base64 32")

    def derive(self, label: str) -> bytes:
        """32 bytes for one purpose. Other labels give other keys; none of them leads back to this one."""
        info = _framed("playout", "v1", label)
        return HKDF(algorithm=SHA256(), length=_KEY_SIZE, salt=None, info=info).derive(self.secret)


class EnvelopeVault:
    """The Vault, on one or more key-encryption keys, the primary first. Tests give it a key of `new_kek`."""

    def __init__(self, keys: Sequence[Kek], *, entropy: Entropy = os.urandom) -> None:
        if not keys or len({key.id for key in keys}) < len(keys):
            raise Misconfigured("There must be a secret key, and each needs an id of its own")
        self._keys = {key.id: key for key in keys}
        self._wrapping = {key.id: AESGCM(key.derive(_WRAPPING)) for key in keys}
        self._entropy = entropy

    @property
    def primary(self) -> str:
        return next(iter(self._keys))

    @property
    def key_ids(self) -> tuple[str, ...]:
        return tuple(self._keys)

    async def new_key(self, workspace_id: str, channel_id: str) -> WrappedKey:
        return self._wrap(workspace_id, channel_id, self._entropy(_KEY_SIZE))

    async def unlock(self, workspace_id: str, channel_id: str, key: WrappedKey) -> "ChannelBox":
        """Raises Unreadable: unknown key-encryption key, changed bytes, or a key of another channel."""
        return ChannelBox(workspace_id, channel_id, self._unwrap(workspace_id, channel_id, key), self._entropy)

    async def rewrap(self, workspace_id: str, channel_id: str, key: WrappedKey) -> WrappedKey:
        """Raises Unreadable, as `unlock`."""
        return self._wrap(workspace_id, channel_id, self._unwrap(workspace_id, channel_id, key))

    def derive(self, label: str, key_id: str | None = None) -> bytes:
        """32 bytes for another purpose (cookies, pull links), of the primary key or of a named older one.

        Raises Unreadable for an unknown key id.
        """
        if label == _WRAPPING:
            msg = f"the key for {label!r} does not leave the vault"
            raise ValueError(msg)
        kek = self._keys.get(key_id or self.primary)
        if kek is None:
            raise _unknown(str(key_id))
        return kek.derive(label)

    def _wrap(self, workspace_id: str, channel_id: str, data_key: bytes) -> WrappedKey:
        nonce = self._entropy(_NONCE)
        place = _framed("playout", "v1", workspace_id, channel_id, self.primary)
        sealed = self._wrapping[self.primary].encrypt(nonce, data_key, place)
        return WrappedKey(self.primary, _V1 + nonce + sealed)

    def _unwrap(self, workspace_id: str, channel_id: str, key: WrappedKey) -> bytes:
        wrapping = self._wrapping.get(key.key_id)
        if wrapping is None:
            raise _unknown(key.key_id)
        if len(key.wrapped) != len(_V1) + _NONCE + _KEY_SIZE + _TAG or not key.wrapped.startswith(_V1):
            raise Unreadable("This channel's data key has a form that this Playout does not know. Reconnect it.")
        nonce, sealed = key.wrapped[1 : 1 + _NONCE], key.wrapped[1 + _NONCE :]
        place = _framed("playout", "v1", workspace_id, channel_id, key.key_id)
        try:
            return wrapping.decrypt(nonce, sealed, place)
        except InvalidTag:
            raise Unreadable(
                f"The secret key {key.key_id!r} does not open this channel's data key: it is not the one it "
                "was sealed with, or the record was changed. Restore the key, or reconnect the channel."
            ) from None


class ChannelBox:
    """A channel's data key, unlocked. Hold it for as long as a step takes; it prints nothing of the key."""

    __slots__ = ("_aead", "_entropy", "_id", "_place")

    def __init__(self, workspace_id: str, channel_id: str, data_key: bytes, entropy: Entropy) -> None:
        info = _framed("playout", "v1", "data key id")
        self._id = HKDF(algorithm=SHA256(), length=_DATA_KEY_ID, salt=None, info=info).derive(data_key)
        self._aead = AESGCM(data_key)
        self._place = (workspace_id, channel_id)
        self._entropy = entropy

    def seal(self, field: str, clear: bytes) -> bytes:
        nonce = self._entropy(_NONCE)
        return _V1 + self._id + nonce + self._aead.encrypt(nonce, clear, self._aad(field))

    def open(self, field: str, sealed: bytes) -> bytes:
        """Raises Unreadable: changed bytes, another field, or sealed under another data key."""
        if not sealed.startswith(_V1 + self._id):
            raise Unreadable(f"{field!r} was sealed under another data key, or in a form that is not known here.")
        start = len(_V1) + _DATA_KEY_ID
        nonce, rest = sealed[start : start + _NONCE], sealed[start + _NONCE :]
        if len(rest) < _TAG:
            raise Unreadable(f"{field!r} was cut short.")
        try:
            return self._aead.decrypt(nonce, rest, self._aad(field))
        except InvalidTag:
            raise Unreadable(f"{field!r} was changed, or sealed for another place.") from None

    def _aad(self, field: str) -> bytes:
        return _framed("playout", "v1", *self._place, field, self._id.hex())


# ── where keys come from ─────────────────────────────────────────────────────────────────────


def parse_keys(text: str) -> list[Kek]:
    """Keys from `id:base64`, separated by commas or lines, the primary first; `#` starts a remark.

    Raises Misconfigured, in a sentence that shows nothing of a key.
    """
    lines = (line.partition("#")[0] for line in text.splitlines())
    entries = [entry.strip() for line in lines for entry in line.split(",") if entry.strip()]
    keys = [_parse_key(place, entry) for place, entry in enumerate(entries, start=1)]
    if not keys:
        raise Misconfigured("There is no secret key: give at least one, as id:base64")
    seen: set[str] = set()
    for key in keys:
        if key.id in seen:
            raise Misconfigured(f"Two secret keys have the id {key.id!r}; each needs one of its own")
        seen.add(key.id)
    return keys


def new_kek(now: datetime) -> Kek:
    """A random key whose id tells the day it was made."""
    return Kek(f"k{now:%Y%m%d}-{secrets.token_hex(3)}", os.urandom(_KEY_SIZE))


def make_key(now: datetime) -> str:
    """A new key as a line for the settings or the key file: `id:base64`."""
    kek = new_kek(now)
    return f"{kek.id}:{base64.b64encode(kek.secret).decode()}"


def load_or_make(path: Path, now: datetime) -> list[Kek]:
    """The keys in this file; the first start makes it, for its owner only. Blocks: call it in a thread.

    Of two processes that start at once, both use what the faster one made. Raises Misconfigured.
    """
    try:
        if not path.exists():
            _make_file(path, make_key(now))
        with path.open(encoding="utf-8", errors="replace") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & _OTHERS:
                raise Misconfigured(f"Others on this machine can read the key file. Run: chmod 600 {path}")
            return parse_keys(file.read())
    except OSError as error:
        raise Misconfigured(f"The key file {path} cannot be used: {error}") from error


def _make_file(path: Path, key: str) -> None:
    """Whole or not at all: written and synced beside its place, linked there unless somebody was faster."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("# Without these keys every channel must be reconnected. Keep a copy, apart from backups.\n")
            file.write(f"{key}\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    finally:
        draft.unlink(missing_ok=True)


def _parse_key(place: int, entry: str) -> Kek:
    key_id, colon, encoded = entry.partition(":")
    if not colon:
        raise Misconfigured(f"Secret key number {place} has no id: write it as id:base64")
    try:
        secret = base64.b64decode(encoded.strip().translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raise Misconfigured(f"Secret key number {place} is not base64: write it as id:base64") from None
    return Kek(key_id.strip(), secret)


def _weakness(secret: bytes) -> str | None:
    if len(secret) != _KEY_SIZE:
        return f"has {len(secret)} bytes and must have {_KEY_SIZE}"
    if secret in _KNOWN:
        return "is a well-known default"
    if len({(after - before) % 256 for before, after in itertools.pairwise(secret)}) == 1:
        return "repeats or counts"
    if secret.isascii():
        return "is text, such as a password"
    if len(set(secret)) < _LEAST_VARIETY:
        return "has too little variety"
    return None


def _unknown(key_id: str) -> Unreadable:
    return Unreadable(f"No secret key with the id {key_id!r} is known here. Add it to the secret keys, or reconnect.")


def _framed(*parts: str) -> bytes:
    """Length-prefixed, so that no two lists of parts give the same bytes."""
    encoded = (part.encode() for part in parts)
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
