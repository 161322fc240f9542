"""A formula is traced once, compiled, and replayed."""
