"""The rules: what a delivery, a post, a video and a channel are, and which moves are legal.

Standard library only. Nothing here reads a clock, a file, a socket or a setting.
"""
