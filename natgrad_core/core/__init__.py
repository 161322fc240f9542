"""The contract: problems, charts, rules, damping, runs, registries."""
