"""Tables of what comes in from outside and of what has to become of it: data, one row a case."""
