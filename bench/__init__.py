"""Speed and memory, as ratios measured in one run: us against the physical limit, or the tool a user would pick."""
