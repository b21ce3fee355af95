"""What is public, held against the registries of special addresses (IANA, as of 2025) and forms that hide others."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.egress.addresses import is_public

#: Every block of the IPv4 Special-Purpose Address Registry, and what else is no single public host.
SPECIAL_V4 = """
    0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29
    192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32 192.0.0.192/32 192.0.2.0/24 192.31.196.0/24
    192.52.193.0/24 192.88.99.0/24 192.88.99.2/32 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24
    203.0.113.0/24 224.0.0.0/4 233.252.0.0/24 240.0.0.0/4 255.255.255.255/32 168.63.129.16/32 100.100.100.200/32
"""
#: Every block of the IPv6 Special-Purpose Address Registry, all that is not 2000::/3, and forms of other times.
SPECIAL_V6 = """
    ::1/128 ::/128 ::ffff:0:0/96 ::ffff:0:0:0/96 ::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23
    2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28
    2001:20::/28 2001:30::/28 2001:db8::/32 2002::/16 2620:4f:8000::/48 3ffe::/16 3fff::/20 5f00::/16 fc00::/7
    fd00:ec2::254/128 fd20:ce::254/128 fe80::/10 fec0::/10 ff00::/8 ::/3 4000::/2 8000::/1
"""
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "11.0.0.0",
    "168.63.129.15",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
    "2001:200::1",
    "2a00:1450:4001:81b::200e",
    "2001:db7::1",
    "2001:db9::1",
    "2003::1",
    "2400::1",
    "3ffd::1",
    "2620:4f:7fff::1",
]  # fmt: skip -- a list of addresses reads best in lines


def ends(block: IPv4Network | IPv6Network) -> list[IPv4Address | IPv6Address]:
    """The first, the last, and one between."""
    return [block[0], block[-1], block[block.num_addresses // 2]]


@pytest.mark.parametrize("block", (SPECIAL_V4 + SPECIAL_V6).split())
def test_a_special_block_is_not_public(block: str) -> None:
    assert [str(one) for one in ends(ip_network(block)) if is_public(one)] == []


@pytest.mark.parametrize("address", PUBLIC)
def test_a_plain_unicast_address_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_no_ipv4_address_is_reached_in_the_clothes_of_another(inner: IPv4Address) -> None:
    number = int(inner)
    forms = [
        IPv6Address(number),
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0xFFFF << 48 | number),
        IPv6Address(int(IPv6Address("64:ff9b::")) | number),
        IPv6Address(int(IPv6Address("64:ff9b:1::")) | number),
        IPv6Address(int(IPv6Address("2002::")) | number << 80),
        IPv6Address(int(IPv6Address("2001::")) | (number ^ 0xFFFFFFFF)),
        IPv6Address(int(IPv6Address("2606:4700::")) | 0x00005EFE << 32 | number),
        IPv6Address(int(IPv6Address("2606:4700::")) | 0x02005EFE << 32 | number),
    ]

    assert [str(one) for one in forms if is_public(one)] == []


@settings(deadline=None)
@given(st.ip_addresses())
def test_nothing_is_public_that_the_standard_library_knows_better(address: IPv4Address | IPv6Address) -> None:
    known = address.is_private or address.is_multicast or address.is_reserved or address.is_link_local

    assert not (known and is_public(address))


def test_an_address_of_one_interface_is_not_public() -> None:
    assert not is_public(IPv6Address("2606:4700::1%eth0"))
