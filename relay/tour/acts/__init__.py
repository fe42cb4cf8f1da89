"""The acts of the tour: functions that take the stage. What must be refused is tried where it would hurt."""
