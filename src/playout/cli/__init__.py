"""The command line, noun by noun: translates words into one call of a service, and its result back.

Data goes to stdout, everything else to stderr. Here: the tree, the common options, the table of exit codes, how
things look. Not here: process verbs and how the house is opened (the door), and no rule of the trade.
"""
