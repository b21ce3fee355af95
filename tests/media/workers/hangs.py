"""A worker that a file has brought to a halt."""

import threading

threading.Event().wait()
