"""What the house learns from its viewers' votes: pure arithmetic, judged by nobody else."""
