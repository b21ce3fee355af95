"""The claim: which due deliveries go into hand now.

It reads two partial indexes, of what is due and of what is in hand, and nothing of what merely waits. Of each channel
that is free its earliest due delivery may go. A workspace's turn is counted with what it has in hand already, so that
one with thousands due leaves the next free slot to one with a single delivery. Then whoever waits longest.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, case, func, select, text, tuple_, update
from sqlalchemy.sql.elements import ColumnElement

from playout.application.ports import Ref
from playout.storage.sql.tables import deliveries
from playout.storage.sql.types import Moment

#: Any number, as long as nothing else in this database locks by it.
CLAIMS = 0x506C_6179_6F75_7401

#: Each dialect's shortest way to the earliest row of every group, and to the index that must be used.
HEADS = {
    "sqlite": """
        SELECT workspace_id, channel_id, id, min(due_at) AS due_at
        FROM deliveries INDEXED BY deliveries_due
        WHERE wake_at <= :now GROUP BY channel_id, workspace_id""",
    "postgresql": """
        SELECT DISTINCT ON (workspace_id, channel_id) workspace_id, channel_id, id, due_at
        FROM deliveries
        WHERE wake_at <= :now ORDER BY workspace_id, channel_id, due_at, id""",
}
IN_HAND = {"sqlite": "deliveries INDEXED BY deliveries_in_hand", "postgresql": "deliveries"}
CHOOSE = {
    dialect: text(f"""
    WITH hand AS MATERIALIZED (
        SELECT workspace_id, channel_id FROM {IN_HAND[dialect]} WHERE in_hand_until > :now
    ), load AS MATERIALIZED (
        SELECT workspace_id, count(*) AS held FROM hand GROUP BY workspace_id
    ), heads AS MATERIALIZED ({HEADS[dialect]}
    ), turns AS (
        SELECT heads.workspace_id, heads.id, heads.due_at, coalesce(load.held, 0)
            + row_number() OVER (PARTITION BY heads.workspace_id ORDER BY heads.due_at, heads.id) AS turn
        FROM heads LEFT JOIN load ON load.workspace_id = heads.workspace_id
        WHERE (heads.workspace_id, heads.channel_id) NOT IN (SELECT workspace_id, channel_id FROM hand)
    ), chosen AS (
        SELECT workspace_id, id, turn, due_at FROM turns ORDER BY turn, due_at, id LIMIT :most
    )
    SELECT chosen.workspace_id, chosen.id, deliveries.version
    FROM chosen JOIN deliveries ON deliveries.workspace_id = chosen.workspace_id AND deliveries.id = chosen.id
    ORDER BY chosen.turn, chosen.due_at, chosen.id
    """).bindparams(bindparam("now", type_=Moment()))  # noqa: S608 -- put together from the texts above
    for dialect in HEADS
}


def claim(connection: Connection, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
    """Claims follow one another: of two at once the second sees what the first took."""
    lock_claims(connection)
    found = connection.execute(CHOOSE[connection.dialect.name], {"now": now, "most": limit})
    chosen = [Ref(workspace_id, delivery_id, version + 1) for workspace_id, delivery_id, version in found]
    if not chosen:
        return []
    taken = connection.execute(TAKE, [_named(ref) | {"until": until} for ref in chosen])
    return chosen if taken.rowcount == len(chosen) else _mine(connection, chosen, until)


def lock_claims(connection: Connection, *, shared: bool = False) -> None:
    """Until the end of the transaction. SQLite has one writer anyway.

    PostgreSQL is also told to go by the indexes: a plan made while much was due would read the whole table ever after.
    """
    if connection.dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        connection.execute(select(func.set_config("enable_seqscan", "off", True), lock(CLAIMS)))


def later(due_at: ColumnElement[datetime | None], until: ColumnElement[datetime]) -> ColumnElement[datetime | None]:
    """`wake_at` of a row in hand until then: nothing where nothing is due."""
    return case((and_(due_at.is_not(None), due_at < until), until), else_=due_at)


_UNTIL = bindparam("until", type_=Moment())
#: On PostgreSQL somebody may have cancelled it a moment ago: then it has another version.
TAKE = (
    update(deliveries)
    .where(
        deliveries.c.workspace_id == bindparam("ref_workspace_id"),
        deliveries.c.id == bindparam("ref_id"),
        deliveries.c.version == bindparam("ref_version") - 1,
    )
    .values(in_hand_until=_UNTIL, wake_at=later(deliveries.c.due_at, _UNTIL), version=bindparam("ref_version"))
)


def _named(ref: Ref) -> dict[str, object]:
    return {"ref_workspace_id": ref.workspace_id, "ref_id": ref.id, "ref_version": ref.version}


def _mine(connection: Connection, chosen: Sequence[Ref], until: datetime) -> Sequence[Ref]:
    """Those that were still there to be taken."""
    names = [(ref.workspace_id, ref.id) for ref in chosen]
    query = select(deliveries.c.workspace_id, deliveries.c.id).where(
        tuple_(deliveries.c.workspace_id, deliveries.c.id).in_(names),
        deliveries.c.in_hand_until == until,
    )
    taken = {(workspace_id, delivery_id) for workspace_id, delivery_id in connection.execute(query)}
    return [ref for ref in chosen if (ref.workspace_id, ref.id) in taken]
