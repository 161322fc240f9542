"""Ellipses, level sets, unit balls, geodesics, distances, connections, gradient flow."""
