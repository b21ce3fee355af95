"""schemathesis against the whole REST API: right and wrong requests, alone and in sequences, all made from its schema.

`python -m tests.fuzz` is the long run, against a real process; test_fuzz_sample.py is a short one, without sockets.
"""
