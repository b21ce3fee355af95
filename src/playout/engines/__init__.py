"""Where the work runs: `memory` for one process, `postgres` (PgQueuer) for many machines.

An engine may lose, repeat or reorder a wake. What is due, and who has it in hand, the store alone knows.
"""
