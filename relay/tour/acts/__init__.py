"""The acts of the tour: functions that take the stage. What each item must refuse: `refusals`."""
