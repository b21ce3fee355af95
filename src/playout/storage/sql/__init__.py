"""The store on SQL: one code base for SQLite and PostgreSQL.

Each method of a port is a *transaction script*: a plain function over a SQLAlchemy connection, which a `Runner` runs
in one transaction. The two runners (`sqlite`, `postgres`) know about threads, pools and lost connections, and nothing
about records; the scripts know about records, and nothing about either. See docs/decisions/0013.
"""
