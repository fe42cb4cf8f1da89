"""The acts of the tour. Each is one function that takes the stage; what must be refused is tried where it would hurt."""
