"""Where records are kept: in memory, in SQLite or in PostgreSQL. One Protocol, one contract suite, three houses.

No store knows another. What the records mean is the domain's; which moves are legal is decided before a save.
"""
