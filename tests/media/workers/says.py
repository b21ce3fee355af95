"""A taken-over worker that answers what stands in the file."""

import sys

size = int(sys.argv[1])
sys.stdout.buffer.write(b"R 0 %d\n" % size)
sys.stdout.buffer.flush()
sys.stdout.buffer.write(sys.stdin.buffer.read(size))
sys.stdout.buffer.flush()
sys.stdin.buffer.read()
