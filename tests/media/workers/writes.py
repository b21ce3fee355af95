"""A taken-over worker that says it is done; what stands in the file it has written as the result."""

import os
import sys

size, handle = int(sys.argv[1]), int(sys.argv[2])
sys.stdout.buffer.write(b"R 0 %d\n" % size)
sys.stdout.buffer.flush()
os.write(handle, sys.stdin.buffer.read(size))
sys.stdout.buffer.write(b"D 2\n{}")
sys.stdout.buffer.flush()
sys.stdin.buffer.read()
