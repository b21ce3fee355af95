"""Connections are opened to addresses that were checked, and to nothing else, whatever a name server says later."""

import asyncio
import socket
from collections.abc import Iterator, Sequence

import pytest

from playout.domain.errors import Invalid, Unavailable
from playout.egress.rules import Rules
from playout.egress.sockets import Door, Names, dialled
from tests.egress.stage import HOST, Authority, Dns, Host, egress_to, moved, ok, serving


class Dialled:
    """Connects to the one host, whatever it is asked for, and keeps what that was."""

    def __init__(self, host: Host | None = None, broken: Sequence[str] = ()) -> None:
        self.asked: list[tuple[str, int]] = []
        self._host = host
        self._broken = broken

    async def __call__(self, address: str, port: int) -> socket.socket:
        self.asked.append((address, port))
        if address in self._broken or self._host is None:
            raise ConnectionRefusedError
        return await dialled("127.0.0.1", self._host.port)


def door(dns: Dns, dial: Dialled, *allow: tuple[str, int]) -> Door:
    return Door(Rules(allow), dns, dial, 5)


async def test_every_address_of_an_answer_is_checked_before_the_first_is_connected_to() -> None:
    for answer in (["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["2606:4700::1", "8.8.8.8", "fd00::1"]):
        dial = Dialled()
        with pytest.raises(Invalid) as refused:
            await door(Dns({HOST: [answer]}), dial).open(HOST, 443)
        assert (refused.value.code, dial.asked) == ("address_refused", [])


async def test_a_name_is_looked_up_once_for_a_connection() -> None:
    async with serving() as host:
        dns = Dns({HOST: [["127.0.0.1"], ["127.0.0.2"]]})
        opened = await Door(Rules([("127.0.0.1", host.port)]), dns, dialled, 5).open(HOST, host.port)
        opened.close()
    assert dns.asked == [HOST]


async def test_an_answer_that_changes_while_it_is_read_is_read_once() -> None:
    class Changing(list[str]):
        """Public when it is looked at first."""

        looks = 0

        def __iter__(self) -> Iterator[str]:
            self.looks += 1
            return iter(["8.8.8.8"] if self.looks == 1 else ["127.0.0.1"])

    dial = Dialled()
    with pytest.raises(Unavailable):
        await door(Dns({HOST: [Changing()]}), dial).open(HOST, 443)
    assert dial.asked == [("8.8.8.8", 443)]


async def test_a_connection_that_ended_elsewhere_is_closed_without_a_word() -> None:
    async with serving() as trap:
        dial = Dialled(trap)
        with pytest.raises(Invalid) as refused:
            await door(Dns({HOST: [["8.8.8.8"]]}), dial).open(HOST, 443)
        while not trap.accepted:
            await asyncio.sleep(0)
    assert (refused.value.code, trap.heads, trap.bodies) == ("address_refused", [], [])


async def test_a_few_addresses_are_tried_and_one_of_the_other_kind_among_them() -> None:
    dial = Dialled()
    answer = ["2606:4700::1", "2606:4700::2", "2606:4700::3", "2606:4700::4", "8.8.8.8", "8.8.4.4"]
    with pytest.raises(Unavailable):
        await door(Dns({HOST: [answer]}), dial).open(HOST, 443)
    assert [address for address, _ in dial.asked] == ["2606:4700::1", "8.8.8.8", "2606:4700::2"]


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    async with serving() as host:
        dial = Dialled(host, broken=["::1"])
        dns = Dns({HOST: [["::1", "127.0.0.1"]]})
        opened = await door(dns, dial, ("::1", host.port), ("127.0.0.1", host.port)).open(HOST, host.port)
        opened.close()
    assert [address for address, _ in dial.asked] == ["::1", "127.0.0.1"]


@pytest.mark.parametrize("answer", [[], ["nonsense"], ["fe80::1%2"]])
async def test_an_answer_that_is_no_address_leads_nowhere(answer: list[str]) -> None:
    dial = Dialled()
    with pytest.raises((Invalid, Unavailable)):
        await door(Dns({HOST: [answer]}), dial).open(HOST, 443)
    assert dial.asked == []


async def test_a_name_that_is_looked_up_by_this_machine_has_all_its_addresses() -> None:
    names = Names()
    found = await names("localhost")
    names.close()
    assert set(found) <= {"127.0.0.1", "::1"}
    assert found


async def test_a_name_that_nobody_knows_may_be_known_later() -> None:
    with pytest.raises(Unavailable):
        await door(Dns(), Dialled()).open("nowhere.invalid", 443)


async def test_a_second_look_at_the_name_does_not_lead_a_redirect_astray(authority: Authority) -> None:
    async with (
        serving({"/a": moved("/b"), "/b": ok()}, authority.server) as host,
        serving(address="127.0.0.2", port=host.port) as trap,
    ):
        dns = Dns({HOST: [["127.0.0.1"], ["127.0.0.2"]]})
        async with egress_to(host, authority, dns) as egress:
            with pytest.raises(Invalid) as refused:
                async with egress.fetch(host.url("/a"), limit=10**6):
                    pass
    assert (refused.value.code, host.paths, trap.accepted) == ("address_refused", ["/a"], 0)
