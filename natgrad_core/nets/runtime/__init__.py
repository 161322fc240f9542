"""Limits of the machine: threads, memory, time."""
