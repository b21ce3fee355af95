"""A worker that a file has made fall over."""

import os
import signal

os.kill(os.getpid(), signal.SIGSEGV)
