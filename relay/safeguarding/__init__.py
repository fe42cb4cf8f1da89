"""Concerns: a threat, self-harm, somebody at risk, a new offence; and what was told about it to whom."""
