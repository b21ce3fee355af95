"""The platforms: one file each, side by side; below them what they share (`meta`, `oauth`, `http`).

Not here: when a step is taken, fenced and saved (application/deliver.py), and the rules of posts (domain).
"""
