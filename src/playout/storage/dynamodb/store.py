"""The twelve ports over one table."""

from playout.storage.dynamodb import schema
from playout.storage.dynamodb.address import parse
from playout.storage.dynamodb.channels import DynamoChannels
from playout.storage.dynamodb.chores import DynamoChores
from playout.storage.dynamodb.deliveries import DynamoDeliveries
from playout.storage.dynamodb.ephemera import DynamoEphemera
from playout.storage.dynamodb.history import DynamoEvents
from playout.storage.dynamodb.people import DynamoPeople, DynamoTokens, DynamoWorkspaces
from playout.storage.dynamodb.posts import DynamoPosts
from playout.storage.dynamodb.table import Table
from playout.storage.dynamodb.videos import DynamoVideos
from playout.storage.dynamodb.webhooks import DynamoSendings, DynamoWebhooks


class DynamoStore:
    """Keeps the promises of `Store` in the table that `url` names; any number of processes may work on it.

    `patience`: seconds that one request may take. Raises Misconfigured for an address that is none.
    """

    def __init__(self, url: str, *, patience: float = 10.0) -> None:
        self._table = table = Table(parse(url), patience=patience)
        self.deliveries = DynamoDeliveries(table)
        self.posts = DynamoPosts(table)
        self.videos = DynamoVideos(table)
        self.channels = DynamoChannels(table)
        self.chores = DynamoChores(table)
        self.events = DynamoEvents(table)
        self.workspaces = DynamoWorkspaces(table)
        self.webhooks = DynamoWebhooks(table)
        self.sendings = DynamoSendings(table)
        self.people = DynamoPeople(table)
        self.tokens = DynamoTokens(table)
        self.ephemera = DynamoEphemera(table)

    async def prepare(self) -> None:
        """Makes the table where it is missing, and completes it. Raises SchemaAhead."""
        await schema.prepare(self._table)

    async def ping(self) -> None:
        """One read. Raises Unavailable."""
        await self._table.get(schema.SCHEMA_KEY)

    async def close(self) -> None:
        """Every write is waited for by its caller; only connections are left."""
        await self._table.close()
