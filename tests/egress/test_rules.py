"""What an address that a person gives means, and whether it may be reached at all."""

import pytest

from playout.domain.errors import Invalid, Misconfigured
from playout.egress.rules import LONGEST, Rules, parse_allow

PLAIN = "https://clips.example/first.mp4"


@pytest.mark.parametrize(
    ("url", "read"),
    [
        (PLAIN, PLAIN),
        ("HTTPS://CLIPS.Example/First.mp4", "https://clips.example/First.mp4"),
        ("https://clips.example", "https://clips.example/"),
        ("https://clips.example:443/a", "https://clips.example/a"),
        ("https://clips.example?a=b", "https://clips.example/?a=b"),
        ("https://clips.example/a%20b?c=%zz&d='\"<>{}|^`", "https://clips.example/a%20b?c=%zz&d='\"<>{}|^`"),
        ("https://clips.example/@alice:secret", "https://clips.example/@alice:secret"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://_a-b.clips.example/", "https://_a-b.clips.example/"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700:0::1]/", "https://[2606:4700::1]/"),
        ("https://1.example/", "https://1.example/"),
    ],
)
def test_a_plain_address_is_read_in_one_way(url: str, read: str) -> None:
    target = Rules().target(url)

    assert target.url == read
    assert Rules().target(read) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/videos",
        "clips.example",
        "//clips.example/",
        "http://clips.example/",
        "ftp://clips.example/",
        "https:/clips.example",
        "https:clips.example",
        "https:///clips.example",
        "https://",
        "https://:443/",
        "https://alice@clips.example/",
        "https://clips.example@evil.example/",
        "https://clips.example:/",
        "https://clips.example:0443/",
        "https://clips.example:4 43/",
        "https://clips.example:443443/",
        "https://clips.example/#part",
        "https://clips.example\\@evil.example/",
        "https://clips.example/\\",
        "https://clips.example/a b",
        "https://clips.example/\n",
        "https://clips.example\t/",
        "\thttps://clips.example/",
        "https://clips.example/\x7f",
        "https://clips.example/ü",
        "https://bücher.example/",
        "https://clips。example/",
        "https://%63lips.example/",
        "https://clips..example/",
        "https://.clips.example/",
        "https://clips.example./",
        "https://-clips.example/",
        "https://clips-.example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 127 + "example/",
        "https://[::1",
        "https://[1.2.3.4]/",
        "https://[clips.example]/",
        "https://[2606:4700::1%25eth0]/",
        "https://[v1.x]/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://1.2.3.4.5/",
        "https://256.1.1.1/",
        "https://8.8.8.8./",
        "https://a.0x8/",
    ],
)  # fmt: skip -- as above
def test_what_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        Rules().target(url)

    assert refused.value.code == "bad_address"
    assert [(one.code, one.field) for one in refused.value.problems] == [("bad_address", "/url")]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:8.8.8.8]/",
        "https://169.254.169.254/",
        "https://10.1.2.3/",
        "https://localhost/",
        "https://printer/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://a.localhost/",
        "https://nas.home.arpa/",
        "https://hidden.onion/",
        "https://nas.lan/",
        "https://clips.example:8443/",
        "https://clips.example:80/",
        "https://clips.example:22/",
        "https://8.8.8.8:8443/",
    ],
)  # fmt: skip -- as above
def test_what_is_not_public_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        Rules().target(url)

    assert refused.value.code == "address_refused"


def test_an_address_has_a_longest_length() -> None:
    longest = PLAIN + "?" + "a" * (LONGEST - len(PLAIN) - 1)

    assert Rules().target(longest).url == longest
    with pytest.raises(Invalid, match="longer than 2048"):
        Rules().target(longest + "a")


def test_no_refusal_quotes_the_address() -> None:
    for url in (
        "https://secret.lan/?sig=secret",
        "https://secret@clips.example/secret",
        "https://secret.example:8443/",
    ):
        with pytest.raises(Invalid) as refused:
            Rules().target(url)
        assert "secret" not in refused.value.sentence


def test_a_host_of_ones_own_may_be_allowed_at_its_port_only() -> None:
    rules = Rules([("hooks.lan", 8443), ("10.0.0.5", 443), ("FD00::5", 8443)])

    assert rules.target("https://hooks.lan:8443/in").host == "hooks.lan"
    assert rules.target("https://10.0.0.5/in").host == "10.0.0.5"
    assert rules.target("https://[fd00:0::5]:8443/in").host == "fd00::5"
    for url in ("https://hooks.lan/in", "https://10.0.0.5:8443/in", "https://10.0.0.6/in", "https://other.lan:8443/"):
        with pytest.raises(Invalid):
            rules.target(url)


@pytest.mark.parametrize(
    ("host", "port", "address", "may"),
    [
        ("clips.example", 443, "8.8.8.8", True),
        ("clips.example", 443, "10.0.0.9", False),
        ("clips.example", 8443, "8.8.8.8", False),
        ("hooks.lan", 8443, "10.0.0.9", True),
        ("hooks.lan", 443, "10.0.0.9", False),
        ("clips.example", 443, "10.0.0.5", True),
        ("clips.example", 443, "fe80::1%2", False),
        ("clips.example", 443, "nonsense", False),
        ("clips.example", 443, "127.1", False),
    ],
)
def test_what_may_be_connected_to(host: str, port: int, address: str, may: bool) -> None:
    assert Rules([("hooks.lan", 8443), ("10.0.0.5", 443)]).may_reach(host, port, address) is may


def test_the_setting_is_read_as_pairs() -> None:
    pairs = tuple(parse_allow(" hooks.lan:8443, 10.0.0.5:443,[fd00::5]:9443 ,"))

    assert pairs == (("hooks.lan", 8443), ("10.0.0.5", 443), ("fd00::5", 9443))
    assert tuple(parse_allow("")) == ()


@pytest.mark.parametrize(
    "text", ["hooks.lan", "hooks.lan:", ":8443", "fd00::5:443", "https://hooks.lan:8443", "a:b", "a:0"]
)
def test_a_setting_of_another_form_stops_the_start(text: str) -> None:
    with pytest.raises(Misconfigured, match="PLAYOUT_EGRESS_ALLOW"):
        tuple(parse_allow(text))
