"""The audit chain: one entry an action, in the action's own transaction, each bound to the one before."""
