"""Planted faults and their runner."""
