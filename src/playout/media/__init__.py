"""Bytes of videos: where they lie (files), what is in them (probe), and how to make some (clip).

Not here: what a platform allows (domain), and when a file is taken in or deleted (the use cases).
"""
