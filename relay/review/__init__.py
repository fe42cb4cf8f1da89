"""Review: the queue, claims, what was seen of an item, and the decision on it."""
