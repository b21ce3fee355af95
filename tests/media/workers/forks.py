"""A taken-over worker that leaves a child behind and hangs."""

import os
import time

os.fork()
time.sleep(600)
