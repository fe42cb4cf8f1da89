"""Child processes that never outlive us: how they are launched, watched, logged and stopped."""
