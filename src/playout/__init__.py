"""Playout: schedules short videos and publishes each of them exactly once.

`python -m playout` and the `playout` command are the door (`__main__`); the rooms behind it are listed in
`docs/decisions/` and in STYLE.md. Nothing lives in this file on purpose: importing the package costs nothing.
"""
