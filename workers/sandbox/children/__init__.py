"""The children: each runs alone behind the walls, and imports nothing of ours."""
