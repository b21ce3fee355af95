"""Of the scenes of `dynamo_rows` those with webhooks, and the end of a workspace."""

from dataclasses import replace

from playout.domain.channel import WrappedKey
from tests.contract.cast import NOW, SOON, House
from tests.storage.dynamo_house import chore, person
from tests.storage.dynamo_scene import Scene


async def a_webhook_is_sealed_anew(alice: House) -> Scene:
    webhook = await alice.webhook()
    renewed = replace(webhook, data_key=WrappedKey("new", b"wrapped"))

    async def stands() -> bool:
        old = await alice.store.webhooks.sealed_under(webhook.data_key.key_id)
        new = await alice.store.webhooks.sealed_under("new")
        return (old.items, new.items) == ((), (replace(renewed, version=2),))

    return Scene(lambda: alice.store.webhooks.save(renewed), replace(renewed, version=2), stands)


async def a_webhook_is_removed(alice: House) -> Scene:
    sending = await alice.sending(webhook := await alice.webhook())

    async def stands() -> bool:
        await alice.store.deliveries.claim(NOW, SOON, 10)  # what is left to do is done
        sealed = await alice.store.webhooks.sealed_under(webhook.data_key.key_id)
        sent = await alice.store.sendings.list(alice.workspace_id, sending.webhook_id)
        return (sealed.items, sent.items) == ((), ())

    return Scene(lambda: alice.store.webhooks.remove(webhook), None, stands)


async def something_is_to_be_sent(alice: House) -> Scene:
    sending = alice.new_sending(await alice.webhook())

    async def stands() -> bool:
        found = await alice.store.sendings.get(alice.workspace_id, sending.id)
        put = await alice.store.chores.get(alice.workspace_id, chore(alice).id)
        return (found.version, put) == (1, replace(chore(alice), version=1))

    return Scene(lambda: alice.store.sendings.save(sending, [chore(alice)]), replace(sending, version=1), stands)


async def something_has_arrived(alice: House) -> Scene:
    arrived = (await alice.sending()).arrived(204, SOON)

    async def stands() -> bool:
        return await alice.store.sendings.get(alice.workspace_id, arrived.id) == replace(arrived, version=2)

    return Scene(lambda: alice.store.sendings.save(arrived), replace(arrived, version=2), stands)


async def what_was_sent_long_ago_is_swept(alice: House) -> Scene:
    sending = await alice.sending()

    async def stands() -> bool:
        return (await alice.store.sendings.list(alice.workspace_id, sending.webhook_id)).items == ()

    return Scene(lambda: alice.store.sendings.sweep(SOON), 1, stands)


async def a_workspace_is_erased(alice: House) -> Scene:
    someone = await alice.store.people.save(person(alice))

    async def stands() -> bool:
        workspace = await alice.store.workspaces.erase(alice.workspace_id)
        return (workspace, await alice.store.people.by_email(someone.email)) == (0, None)

    async def erase() -> list[int]:
        return [await alice.store.workspaces.erase(alice.workspace_id) for _ in range(2)]

    return Scene(erase, [1, 0], stands)
