"""The case: one harm, its people, its keys, and the gates without which nothing may pass."""
