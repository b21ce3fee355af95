"""A worker that a file makes ask for ever more memory, under our limits."""

from playout.media.probe_worker import confine

confine()
held = [bytearray(2**26) for _ in range(2**20)]
