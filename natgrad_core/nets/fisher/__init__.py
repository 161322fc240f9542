"""The Fisher matrix of a net: products, dense, K-FAC, solves, approximations."""
