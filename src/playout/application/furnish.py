"""Puts the hall together from its ports: the services that faces are handed, and the handlers that the engine runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from playout.application.account import Account
from playout.application.calendar import Calendar
from playout.application.channels import RELEASE, RENEW, Channels
from playout.application.chores import ChoreHandler, Chores
from playout.application.codes import Codes
from playout.application.credentials import Credentials, Passwords
from playout.application.deletions import Deletions
from playout.application.deliver import Deliver
from playout.application.deliveries import Deliveries
from playout.application.erasure import Erasure
from playout.application.exports import EXPORT, Exports
from playout.application.grants import Grants
from playout.application.holding import Holding
from playout.application.imports import FETCH, Imports
from playout.application.joining import Joining
from playout.application.keys import KeyRotation
from playout.application.lateness import Lateness
from playout.application.membership import Membership
from playout.application.messenger import SEND, Messenger
from playout.application.meter import NoMeter
from playout.application.news import News
from playout.application.once import Once
from playout.application.people import People
from playout.application.ports import Clock, Egress, Files, Passkeys, Platform, Probe, Render, Store, Vault
from playout.application.ports.files import Growing
from playout.application.ports.house import Meter
from playout.application.ports.store import ANNOUNCE, ERASE
from playout.application.posts import Posts
from playout.application.preflight import Preflight
from playout.application.pulls import Pulls
from playout.application.ready import Preparation
from playout.application.renditions import RENDER, Renditions
from playout.application.services import Services
from playout.application.sessions import Sessions
from playout.application.signing_in import SigningIn
from playout.application.slots import ChannelSlots
from playout.application.tidying import TIDY, Tidying
from playout.application.uploads import UPLOAD, Uploads
from playout.application.videos import PROBE, Videos
from playout.application.webhooks import Webhooks
from playout.application.workspaces import Workspaces


@dataclass(frozen=True, slots=True)
class Ports:
    """What the hall stands on: one implementation of each Protocol."""

    store: Store
    files: Files
    growing: Growing
    probe: Probe
    render: Render
    egress: Egress
    vault: Vault
    passwords: Passwords
    passkeys: Passkeys
    platforms: Mapping[str, Platform]
    clock: Clock
    random: Random
    meter: Meter = field(default_factory=NoMeter)


@dataclass(frozen=True, slots=True)
class Hall:
    """Services for the faces; handlers for the engine."""

    services: Services
    deliver: Deliver
    chores: Chores
    lateness: Lateness  # runs beside them


def furnish(
    ports: Ports,
    *,
    public_url: str,
    most_bytes: int,
    pull_base: str = "",
    upload_lifetime: timedelta = timedelta(hours=24),
) -> Hall:
    """Puts it together. `most_bytes`: the largest file taken in. Of the rest see `Pulls` and `Uploads`."""
    store, platforms, clock = ports.store, ports.platforms, ports.clock
    grants, holding = Grants(store, ports.vault, clock), Holding(store, clock)
    channels = Channels(store, platforms, grants, holding, clock, public_url)
    renditions = Renditions(store, ports.files, ports.probe, ports.render, platforms, clock)
    pulls = Pulls(store, ports.files, clock, public_url, pull_base)
    videos = Videos(store, ports.files, ports.probe, renditions, clock, most_bytes=most_bytes)
    uploads = Uploads(
        store,
        ports.growing,
        videos,
        clock,
        public_url=public_url,
        most_bytes=most_bytes,
        lifetime=upload_lifetime,
    )
    slots, deletions = ChannelSlots(store, clock), Deletions(store.ephemera, clock)
    who = _who(ports)
    messenger = Messenger(store, ports.vault, ports.egress, clock, ports.random)
    services = Services(
        workspaces=Workspaces(store),
        channels=channels,
        news=News(store, platforms, grants, holding, deletions, clock, public_url),
        videos=videos,
        uploads=uploads,
        imports=Imports(store, ports.files, ports.egress, clock, most_bytes=most_bytes),
        exports=Exports(store, ports.files, clock),
        renditions=renditions,
        posts=Posts(store, platforms, Preflight(store, platforms, channels, clock), renditions, slots, clock),
        slots=slots,
        calendar=Calendar(store, clock),
        deliveries=Deliveries(store, clock),
        webhooks=Webhooks(store, ports.vault, ports.egress, messenger, clock),
        people=who.people,
        sessions=who.sessions,
        signing_in=who.signing_in,
        membership=who.membership,
        account=who.account,
        erasure=Erasure(store, ports.files, channels, uploads, pulls, who.people, deletions, clock),
        pulls=pulls,
        once=Once(store, clock),
        keys=KeyRotation(store, ports.vault, clock),
        store=store,
        clock=clock,
    )
    lateness = Lateness(store, clock)
    preparation = Preparation(platforms, ports.files, ports.probe, grants, pulls, renditions, lateness, clock)
    deliver = Deliver(store, preparation, grants, holding, clock, ports.random, ports.meter)
    handlers = _handlers(services, messenger, ports.files)
    return Hall(services, deliver, Chores(store, handlers, clock, ports.random, ports.meter), lateness)


@dataclass(frozen=True, slots=True)
class _Who:
    """The services that know people."""

    people: People
    sessions: Sessions
    signing_in: SigningIn
    membership: Membership
    account: Account


def _who(ports: Ports) -> _Who:
    store, passkeys, clock = ports.store, ports.passkeys, ports.clock
    credentials, codes, sessions = (
        Credentials(ports.passwords),
        Codes(store, ports.vault, clock),
        Sessions(store, clock),
    )
    joining = Joining(store, credentials, sessions, clock)
    return _Who(
        people=People(store, joining, clock),
        sessions=sessions,
        signing_in=SigningIn(store, credentials, codes, passkeys, sessions, clock),
        membership=Membership(store, joining, clock),
        account=Account(store, credentials, codes, passkeys, sessions, clock),
    )


def _handlers(services: Services, messenger: Messenger, files: Files) -> Mapping[str, ChoreHandler]:
    """By kind of chore."""
    sweeps = services.uploads.sweep, services.exports.sweep, messenger.sweep
    return {
        PROBE: services.videos.probe,
        TIDY: Tidying(services.store, files, services.pulls, services.clock, *sweeps),
        UPLOAD: services.uploads.expire,
        FETCH: services.imports.fetch,
        EXPORT: services.exports.make,
        ANNOUNCE: messenger.announce,
        SEND: messenger.send,
        RENDER: services.renditions.make,
        RENEW: services.channels.renew,
        RELEASE: services.channels.release,
        ERASE: services.erasure.carry_out,
    }
