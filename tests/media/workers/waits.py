"""A worker in the middle of its work: it has said how far it is, and goes on for ever."""

import sys
import threading

sys.stdout.write("L 60000\nP 500\n")
sys.stdout.flush()
threading.Event().wait()
