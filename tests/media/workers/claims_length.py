"""A taken-over worker that claims the longest video there is, to be left alone for ever."""

import sys
import threading

sys.stdout.write("L " + "9" * 50 + "\n")
sys.stdout.flush()
threading.Event().wait()
