"""A taken-over worker that talks without end."""

import sys

while True:
    sys.stdout.write("x" * 65536)
