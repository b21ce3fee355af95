"""Which addresses of the internet are anybody's: plain global unicast, and no other. A pure function."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

#: IPv4 addresses that lead elsewhere than to one public host: the IANA special-purpose registry, whole, also where it
#: says that they can be reached (anycast of no use here); and what clouds answer themselves.
_NOT_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # shared by a provider's customers (RFC 6598)
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's own services, to each of its machines
        "169.254.0.0/16",  # link-local (RFC 3927), with the metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments (RFC 6890), with the metadata of one cloud
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.31.196.0/24",  # AS112 (RFC 7535)
        "192.52.193.0/24",  # AMT relays (RFC 7450)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112 (RFC 7534)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved, with the broadcast address
    )
)
#: All that is handed out as global unicast (IANA, IPv6 address space). Outside lie loopback, ::a.b.c.d, ::ffff:a.b.c.d,
#: NAT64 (64:ff9b::/96, 64:ff9b:1::/48), discard (100::/64), segment routing (5f00::/16), ULA, link-local, fec0::/10,
#: multicast, and what nobody has yet.
_GLOBAL_V6 = IPv6Network("2000::/3")
#: What is special within.
_NOT_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments (RFC 2928): Teredo, ORCHID, anycast, benchmarks
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4 (RFC 3056): an IPv4 address is in it
        "2620:4f:8000::/48",  # AS112 (RFC 7534)
        "3ffe::/16",  # the 6bone, handed back (RFC 3701)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
#: An interface of ISATAP (RFC 5214), whatever the network: an IPv4 address follows.
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is plainly one public host's: no special block, and no IPv4 address inside an IPv6 one."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in block for block in _NOT_V4)
    embeds = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    special = address.scope_id is not None or embeds or any(address in block for block in _NOT_V6)
    return address.is_global and address in _GLOBAL_V6 and not special
