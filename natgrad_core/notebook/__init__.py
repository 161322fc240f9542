"""What a notebook shows of a problem or of a run."""
