"""The door: how the program is started and stopped, the verbs of the process, and the way into the house.

`tree` and `verbs` say what there is and load nothing heavy; what a verb does is imported when it is called. Not here:
the nouns (cli) and what is behind them.
"""
