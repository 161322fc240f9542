"""Exponential families, and the densities that can be typed."""
