"""Workers: what happens to a submission away from any page, and where hostile files are opened."""
