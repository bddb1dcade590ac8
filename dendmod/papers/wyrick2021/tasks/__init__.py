"""What a sweep runs: all trials of one network under one condition, and what is kept of them."""
