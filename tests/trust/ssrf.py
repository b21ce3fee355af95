"""Addresses that must lead nowhere: a corpus by kind, as people give them and as hosts redirect to them.

`{trap}` stands for a port on loopback where somebody listens. A name is looked up by what the row says, never asked
for anywhere. Sources of the forms: trust.md section 2 and 5, RFC 6890, RFC 6052, the URL standard of WHATWG.
"""

from collections.abc import Iterator
from dataclasses import dataclass

PUBLIC = "93.184.215.14"
PUBLIC_V6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


@dataclass(frozen=True)
class Row:
    """One address. `answers`: what its name leads to, one answer after the other."""

    kind: str
    url: str
    answers: tuple[tuple[str, ...], ...] = ()

    def at(self, trap: int) -> str:
        """The address, with the port of the trap."""
        return self.url.replace("{trap}", str(trap))


#: By kind, separated by spaces: hosts to be put into `https://HOST/clip.mp4`.
HOSTS = {
    "private": "10.0.0.1 10.255.255.254 172.16.0.1 172.31.255.254 192.168.0.1 192.168.1.254 10.0.0.1:{trap}",
    "loopback": "127.0.0.1 127.0.0.2 127.255.255.254 127.0.0.1:{trap} [::1] [::1]:{trap} [0:0:0:0:0:0:0:1]:{trap} "
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "nothing": "0.0.0.0 0.0.0.0:{trap} 0.1.2.3 [::] [::]:{trap} 0 0:{trap} 0.0",
    "link-local": "169.254.0.1 169.254.169.254 169.254.170.2 169.254.169.253 [fe80::1] [fe80::1%25eth0] "
    "[fe80::a9fe:a9fe] [febf::1]",
    "metadata": "169.254.169.254:80 100.100.100.200 192.0.0.192 168.63.129.16 [fd00:ec2::254] [fd20:ce::254] "
    "metadata.google.internal metadata instance-data.ec2.internal",
    "shared": "100.64.0.1 100.127.255.254",
    "special": "192.0.0.1 192.0.0.8 192.0.0.170 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.175.48.1 "
    "198.18.0.1 198.19.255.254 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255",
    "local in IPv6": "[fc00::1] [fd12:3456:789a::1] [fec0::1] [feff::1] [ff02::1] [ff05::2] [100::1] [2001:db8::1] "
    "[3fff::1] [5f00::1] [2001:2::1] [2001:10::1] [2001:20::1] [3ffe::1] [4000::1]",
    "NAT64": "[64:ff9b::127.0.0.1] [64:ff9b::7f00:1]:{trap} [64:ff9b::a9fe:a9fe] [64:ff9b::10.0.0.1] "
    "[64:ff9b:1::127.0.0.1] [64:ff9b:1:7f00:0:100::] [64:ff9b:1::a9fe:a9fe] [64:ff9b::8.8.8.8]",
    "6to4": "[2002:7f00:1::] [2002:7f00:0001::1]:{trap} [2002:a9fe:a9fe::1] [2002:c0a8:101::1] [2002:a00:1::]",
    "Teredo": "[2001:0:7f00:1::] [2001:0000:4136:e378:8000:63bf:80ff:fffe] [2001::80ff:fffe]",
    "mapped": "[::ffff:127.0.0.1] [::ffff:7f00:1]:{trap} [0:0:0:0:0:ffff:127.0.0.1] [::FFFF:169.254.169.254] "
    "[::ffff:a9fe:a9fe] [::ffff:0:127.0.0.1] [::ffff:8.8.8.8] [0000::ffff:10.0.0.1]",
    "compatible": "[::127.0.0.1] [::7f00:1]:{trap} [::10.0.0.1] [::169.254.169.254] [::a9fe:a9fe] [::2]",
    "ISATAP": "[2606:2800::5efe:127.0.0.1] [2606:2800::200:5efe:10.0.0.1] [fe80::5efe:192.168.0.1]",
    "decimal": "2130706433 2130706433:{trap} 2852039166 3232235521 167772161 4294967297 6425673729",
    "octal": "0177.0.0.1 0177.0.0.1:{trap} 00000177.0.0.1 017700000001 0251.0376.0251.0376 0177.0x0.0.1 127.0.0.01 "
    "010.0.0.1",
    "hex": "0x7f.1 0x7f.0.0.1 0x7f000001 0x7f000001:{trap} 0xa9fea9fe 0xA9.0xFE.0xA9.0xFE 0x7f.0.1 0x0a000001",
    "short": "127.1 127.0.1 127.1:{trap} 10.1 192.168.257 169.254.43518 0.1",
    "dots": "127.0.0.1. localhost. localhost.. 127..0.0.1 .localhost 169.254.169.254. 2130706433. clips.example.",
    "user names": "clips.example@127.0.0.1 clips.example:443@127.0.0.1:{trap} alice:secret@localhost @127.0.0.1 "
    "127.0.0.1@clips.example clips.example%40127.0.0.1 a@b@127.0.0.1 clips.example:@[::1]:{trap}",
    "backslashes": "clips.example\\@127.0.0.1 127.0.0.1\\.clips.example \\\\127.0.0.1 clips.example\\127.0.0.1:{trap} "
    "127.0.0.1\\@clips.example",
    "fragments": "127.0.0.1#@clips.example 127.0.0.1#.clips.example clips.example#@127.0.0.1 127.0.0.1?@clips.example "
    "127.0.0.1;clips.example 127.0.0.1,clips.example",
    "percent": "%31%32%37.0.0.1 127%2e0%2e0%2e1 %6cocalhost localhos%74 127.0.0.1%00.clips.example 127.0.0.1%0d%0a "
    "%2531%2532%2537.0.0.1 [::1%25lo] [%3a%3a1] clips.example%2f@127.0.0.1",
    "other scripts": "\uff11\uff12\uff17.\uff10.\uff10.\uff11 \u2460\u2461\u2466.\u24ea.\u24ea.\u2460 "
    "127\u30020\u30020\u30021 \uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54 "
    "\u24dbocalhost loc\u00adalhost localho\u017ft l\u00f3.localhost "
    "127.0.0.1\u2024clips.example clips.example\u2044@127.0.0.1 \u202e1.0.0.721",
    "ports": "127.0.0.1:0 127.0.0.1:22 127.0.0.1:65536 127.0.0.1:-1 127.0.0.1:+443 127.0.0.1:0x1bb 127.0.0.1: "
    "clips.example:22 clips.example:80 clips.example:6379 clips.example:{trap} clips.example:443:{trap}",
    "names": "localhost localhost:{trap} LOCALHOST ip6-localhost localhost.localdomain a.localhost printer.local "
    "kubernetes.default.svc.cluster.local router.lan nas.home.arpa intranet host.docker.internal "
    "1.0.0.127.in-addr.arpa hidden.onion redis _http._tcp.local",
    "brackets": "[127.0.0.1] [localhost] [::1 ::1]:{trap} [::1]]:{trap} [[::1]]:{trap} [] [:] [::1]clips.example "
    "[1::1::1] [v1.a] ::1",
}
#: Whole addresses, one a line.
WHOLE = {
    "schemes": """
        http://127.0.0.1:{trap}/clip.mp4
        http://clips.example/clip.mp4
        http://169.254.169.254/latest/meta-data/
        file:///etc/passwd
        file://localhost/etc/passwd
        ftp://127.0.0.1:{trap}/clip.mp4
        gopher://127.0.0.1:{trap}/_PING
        dict://127.0.0.1:{trap}/info
        ldap://127.0.0.1:{trap}/
        jar:https://127.0.0.1:{trap}/a!/b
        data:video/mp4;base64,AAAA
        javascript:fetch('https://127.0.0.1:{trap}/')
        blob:https://127.0.0.1:{trap}/a
        unix:///var/run/docker.sock
        http+unix://%2Fvar%2Frun%2Fdocker.sock/info
        ws://127.0.0.1:{trap}/
        wss://127.0.0.1:{trap}/
        view-source:https://127.0.0.1:{trap}/
        //127.0.0.1:{trap}/clip.mp4
        ///127.0.0.1:{trap}/clip.mp4
        /\\127.0.0.1:{trap}/clip.mp4
        https:127.0.0.1:{trap}/clip.mp4
        https:/127.0.0.1:{trap}/clip.mp4
        https:///127.0.0.1:{trap}/clip.mp4
        https:\\\\127.0.0.1:{trap}\\clip.mp4
        https://
        https:///
        https://:{trap}/
        https://?127.0.0.1
        url:https://127.0.0.1:{trap}/
    """,
}
#: Where parsers disagree on what to leave out.
SPACES = [
    " https://127.0.0.1:{trap}/",
    "\thttps://127.0.0.1:{trap}/",
    "\x00https://127.0.0.1:{trap}/",
    "\x01https://127.0.0.1:{trap}/",
    "ht\ntps://127.0.0.1:{trap}/",
    "https://127.0.\t0.1:{trap}/",
    "https://127.0.0.1:{trap}/\r\nHost: clips.example",
    "https://clips.example\n@127.0.0.1:{trap}/",
    "https://clips.example /@127.0.0.1:{trap}/",
    "https://127.0.0.1 .clips.example/",
    "https://clips.example\x00.127.0.0.1/",
    "https://local\u200bhost:{trap}/",
    "https://\ufeff127.0.0.1:{trap}/",
    "https:// 127.0.0.1:{trap}/",
    "https://127.0.0.1:{trap}\u2028/",
    "https://[::1\n]:{trap}/",
]
#: Names that anybody can register, and what they lead to.
NAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    "private.example": (("10.0.0.5",),),
    "loopback.example": (("127.0.0.1",),),
    "loopback6.example": (("::1",),),
    "127.0.0.1.wildcard.example": (("127.0.0.1",),),
    "7f000001.rebind.example": (("127.0.0.1",),),
    "alias-of-metadata.example": (("169.254.169.254",),),
    "metadata6.example": (("fd00:ec2::254",),),
    "mapped.example": (("::ffff:127.0.0.1",),),
    "nat64.example": (("64:ff9b::7f00:1",),),
    "6to4.example": (("2002:7f00:1::1",),),
    "scoped.example": (("fe80::1%1",),),
    "unspecified.example": (("0.0.0.0",),),  # noqa: S104 -- an answer, not a place to listen
    "unspecified6.example": (("::",),),
    "shared.example": (("100.64.0.1",),),
    "multicast.example": (("224.0.0.1",),),
    "mixed-last.example": ((PUBLIC, "127.0.0.1"),),
    "mixed-first.example": (("127.0.0.1", PUBLIC),),
    "mixed-kinds.example": ((PUBLIC, PUBLIC_V6, "::1"),),
    "mixed-many.example": ((*[f"93.184.215.{n}" for n in range(1, 60)], "169.254.169.254"),),
    "odd-form.example": (("127.1",),),
    "odd-number.example": (("2130706433",),),
    "name-for-address.example": (("localhost",),),
    "empty.example": ((),),
    "xn--lcalhost-n4a.example": (("127.0.0.1",),),
}


def rows() -> Iterator[Row]:
    """All of them."""
    for kind, hosts in HOSTS.items():
        for host in hosts.split(" "):
            yield Row(kind, f"https://{host}/clip.mp4")
    for kind, urls in WHOLE.items():
        for url in urls.split("\n"):
            if url.strip():
                yield Row(kind, url.strip())
    yield from (Row("spaces", url) for url in SPACES)
    yield from (Row("names that lead inside", f"https://{name}/clip.mp4", answers) for name, answers in NAMES.items())


ROWS = tuple(rows())
