"""Studies of whole families of runs or densities: sweeps, stability, sampling, divergences."""
