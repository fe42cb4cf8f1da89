"""What a worker does. A job carries one id; what may be done with it is looked up."""
