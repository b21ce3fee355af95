"""Two workspaces, two keys, and a string that must never be seen."""

import hashlib

from playout.vault import Kek

ALICE = "wsp_alice"
BOB = "wsp_bob"
CANARY = b"act.canary-@:/?[]-7f3a"
NEW = Kek("new", hashlib.sha256(b"a golden key of the tests: new").digest())
OLD = Kek("old", hashlib.sha256(b"a golden key of the tests: old").digest())
