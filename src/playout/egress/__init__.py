"""The way out to addresses that people give. Nothing else in the house reaches a host whose name it was told.

`addresses` says what is public, `rules` which addresses are meant, `sockets` connects to what was checked, `client`
speaks HTTP over that. Not here: platforms (their room has its own client), what is done with a file or an answer.
"""
