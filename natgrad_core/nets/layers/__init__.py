"""The layers whose derivatives are written by hand."""
