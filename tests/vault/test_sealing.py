"""What was sealed opens in its own place, under its own key, whole, and nowhere else."""

import base64
import struct
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from playout.domain.channel import WrappedKey
from playout.domain.errors import Misconfigured, Unreadable
from playout.vault import EnvelopeVault, Kek
from tests.vault.cast import ALICE, BOB, CANARY, NEW, OLD

HERE = (ALICE, "chn_a")


async def test_what_was_sealed_opens_again() -> None:
    vault = EnvelopeVault([NEW])
    key = await vault.new_key(*HERE)
    sealed = (await vault.unlock(*HERE, key)).seal("grant", CANARY)

    assert (await vault.unlock(*HERE, key)).open("grant", sealed) == CANARY


@pytest.mark.parametrize("clear", [b"", b"\0", CANARY * 5000], ids=["empty", "one byte", "long"])
async def test_any_length_can_be_sealed(clear: bytes) -> None:
    vault = EnvelopeVault([NEW])
    box = await vault.unlock(*HERE, await vault.new_key(*HERE))

    assert box.open("grant", box.seal("grant", clear)) == clear


async def test_two_channels_never_get_the_same_data_key() -> None:
    vault = EnvelopeVault([NEW])
    one = await vault.unlock(*HERE, await vault.new_key(*HERE))
    other = await vault.unlock(*HERE, await vault.new_key(*HERE))

    with pytest.raises(Unreadable, match="another data key"):
        other.open("grant", one.seal("grant", CANARY))


async def test_the_same_words_are_sealed_differently_each_time() -> None:
    vault = EnvelopeVault([NEW])
    box = await vault.unlock(*HERE, await vault.new_key(*HERE))

    assert box.seal("grant", CANARY) != box.seal("grant", CANARY)


@pytest.mark.parametrize(
    "place",
    [(BOB, "chn_a"), (ALICE, "chn_b"), (ALICE + "c", "hn_a"), ("", ALICE + "chn_a")],
    ids=["another workspace", "another channel", "letters moved over", "all in one"],
)
async def test_a_data_key_moved_elsewhere_does_not_unlock(place: tuple[str, str]) -> None:
    vault = EnvelopeVault([NEW])
    key = await vault.new_key(*HERE)

    with pytest.raises(Unreadable):
        await vault.unlock(*place, key)
    with pytest.raises(Unreadable):
        await vault.rewrap(*place, key)


async def test_a_field_moved_to_another_field_does_not_open() -> None:
    vault = EnvelopeVault([NEW])
    box = await vault.unlock(*HERE, await vault.new_key(*HERE))

    with pytest.raises(Unreadable, match="another place"):
        box.open("checkpoint", box.seal("grant", CANARY))


async def test_each_changed_bit_of_a_field_is_noticed() -> None:
    vault = EnvelopeVault([NEW])
    box = await vault.unlock(*HERE, await vault.new_key(*HERE))

    for changed in flipped(box.seal("grant", CANARY)):
        with pytest.raises(Unreadable):
            box.open("grant", changed)


async def test_each_changed_bit_of_a_data_key_is_noticed() -> None:
    vault = EnvelopeVault([NEW])
    key = await vault.new_key(*HERE)

    for changed in flipped(key.wrapped):
        with pytest.raises(Unreadable):
            await vault.unlock(*HERE, WrappedKey(key.key_id, changed))


@pytest.mark.parametrize(
    "cut", [lambda whole, n: whole[:n], lambda whole, n: whole[n + 1 :]], ids=["its head", "its tail"]
)
async def test_a_piece_of_it_does_not_open(cut: Callable[[bytes, int], bytes]) -> None:
    vault = EnvelopeVault([NEW])
    key = await vault.new_key(*HERE)
    box = await vault.unlock(*HERE, key)
    sealed = box.seal("grant", CANARY)

    for n in range(len(sealed)):
        with pytest.raises(Unreadable):
            box.open("grant", cut(sealed, n))
    for n in range(len(key.wrapped)):
        with pytest.raises(Unreadable):
            await vault.unlock(*HERE, WrappedKey(key.key_id, cut(key.wrapped, n)))


async def test_plain_text_is_never_taken_for_sealed() -> None:
    vault = EnvelopeVault([NEW])
    box = await vault.unlock(*HERE, await vault.new_key(*HERE))

    with pytest.raises(Unreadable):
        box.open("grant", b'{"access_token": "act.x"}')


async def test_an_unknown_key_id_is_an_error_and_no_other_key_is_tried() -> None:
    key = await EnvelopeVault([OLD]).new_key(*HERE)

    with pytest.raises(Unreadable, match="'old'"):
        await EnvelopeVault([NEW]).unlock(*HERE, key)
    with pytest.raises(Unreadable):
        await EnvelopeVault([NEW, OLD]).unlock(*HERE, WrappedKey("new", key.wrapped))


async def test_another_key_under_the_same_id_does_not_unlock() -> None:
    key = await EnvelopeVault([OLD]).new_key(*HERE)

    with pytest.raises(Unreadable, match="not the one it was sealed with"):
        await EnvelopeVault([Kek("old", NEW.secret)]).unlock(*HERE, key)


async def test_an_older_key_works_until_it_is_removed() -> None:
    key = await EnvelopeVault([OLD]).new_key(*HERE)
    sealed = (await EnvelopeVault([OLD]).unlock(*HERE, key)).seal("grant", CANARY)
    both = EnvelopeVault([NEW, OLD])

    assert (await both.unlock(*HERE, key)).open("grant", sealed) == CANARY
    assert (both.primary, both.key_ids) == ("new", ("new", "old"))


async def test_after_rewrapping_the_older_key_is_not_needed() -> None:
    key = await EnvelopeVault([OLD]).new_key(*HERE)
    sealed = (await EnvelopeVault([OLD]).unlock(*HERE, key)).seal("grant", CANARY)
    moved = await EnvelopeVault([NEW, OLD]).rewrap(*HERE, key)

    assert moved.key_id == "new"
    assert (await EnvelopeVault([NEW]).unlock(*HERE, moved)).open("grant", sealed) == CANARY


async def test_nothing_of_the_clear_text_is_in_the_sealed_bytes() -> None:
    vault = EnvelopeVault([NEW])
    key = await vault.new_key(*HERE)
    sealed = (await vault.unlock(*HERE, key)).seal("grant", CANARY)

    for form in (
        CANARY,
        CANARY.hex().encode(),
        base64.b64encode(CANARY),
        CANARY.decode().encode("utf-16-le"),
    ):
        assert form not in sealed + key.wrapped


async def test_what_is_printed_or_raised_shows_no_key() -> None:
    vault = EnvelopeVault([NEW])
    key = await vault.new_key(*HERE)
    box = await vault.unlock(*HERE, key)
    with pytest.raises(Unreadable) as raised:
        box.open("grant", b"?" * 99)
    shown = f"{NEW!r} {vault!r} {box!r} {raised.value!r}"

    for form in (repr(NEW.secret)[2:-1], NEW.secret.hex(), base64.b64encode(NEW.secret).decode()):
        assert form not in shown


def test_each_purpose_has_a_key_of_its_own() -> None:
    vault = EnvelopeVault([NEW, OLD])
    keys = {vault.derive("cookies"), vault.derive("pull"), vault.derive("cookies", "old"), NEW.secret}

    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}
    assert vault.derive("cookies") == vault.derive("cookies", "new")


def test_the_wrapping_key_does_not_leave_the_vault() -> None:
    with pytest.raises(ValueError, match="does not leave"):
        EnvelopeVault([NEW]).derive("tokens")


def test_a_purpose_key_of_an_unknown_key_is_refused() -> None:
    with pytest.raises(Unreadable):
        EnvelopeVault([NEW]).derive("cookies", "old")


@pytest.mark.parametrize("keys", [[], [NEW, NEW]], ids=["no key", "one id twice"])
def test_a_vault_without_clear_keys_is_not_opened(keys: list[Kek]) -> None:
    with pytest.raises(Misconfigured):
        EnvelopeVault(keys)


async def test_the_format_is_the_one_on_disk_since_version_1() -> None:
    """Golden vectors. If this fails, grants that people have sealed cannot be read any more."""
    vault = EnvelopeVault([NEW], entropy=counting())
    key = await vault.new_key(*HERE)
    sealed = (await vault.unlock(*HERE, key)).seal("grant", b"clear")

    assert key == WrappedKey("new", bytes.fromhex(GOLDEN_KEY))
    assert sealed.hex() == GOLDEN_FIELD
    assert vault.derive("cookies").hex() == GOLDEN_COOKIES


async def test_the_format_can_be_read_with_the_library_alone() -> None:
    """As docs/decisions/0015 describes it, so that nobody needs Playout to get at what is theirs."""

    def hkdf(secret: bytes, label: str, length: int) -> bytes:
        info = framed("playout", "v1", label)
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(secret)

    def framed(*parts: str) -> bytes:
        return b"".join(struct.pack(">I", len(part.encode())) + part.encode() for part in parts)

    wrapped, field = bytes.fromhex(GOLDEN_KEY), bytes.fromhex(GOLDEN_FIELD)
    place = framed("playout", "v1", *HERE, "new")
    data_key = AESGCM(hkdf(NEW.secret, "tokens", 32)).decrypt(wrapped[1:13], wrapped[13:], place)
    data_key_id = hkdf(data_key, "data key id", 16)
    place = framed("playout", "v1", *HERE, "grant", data_key_id.hex())

    assert field[:17] == b"\x01" + data_key_id
    assert AESGCM(data_key).decrypt(field[17:29], field[29:], place) == b"clear"


GOLDEN_KEY = (
    "01202122232425262728292a2b6c0ca0934f0495dd8165b1e4f626f353f286b668a334172a67c864da88b0fe0a"
    "7aa7b889b4aae393cc290498ed6b083c"
)
GOLDEN_FIELD = "01757b35abb8a08b16a60b8518425237222c2d2e2f30313233343536373191407710607acb7b3b37cab95a0d3a883f3eb894"
GOLDEN_COOKIES = "67cc459ddbc7bde9478e1e83f904429b2ee0a1c28ceed910392d15e87e539998"


def counting() -> Callable[[int], bytes]:
    """Bytes that anybody can work out again: 00 01 02 ..."""
    numbers: Iterator[int] = iter(range(256))
    return lambda count: bytes(next(numbers) for _ in range(count))


def flipped(whole: bytes) -> Iterator[bytes]:
    for place, byte in enumerate(whole):
        yield whole[:place] + bytes([byte ^ (1 << place % 8)]) + whole[place + 1 :]
