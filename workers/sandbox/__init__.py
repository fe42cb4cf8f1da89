"""Where hostile files are opened: a launcher, its walls, and children that answer with numbers only."""
