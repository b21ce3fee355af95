"""A worker that a file keeps busy, under a short version of our limit."""

import resource

resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
while True:
    pass
