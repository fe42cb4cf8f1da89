"""Making media safe: what comes out is made anew from pictures and sound, and holds nothing else."""
