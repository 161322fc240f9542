"""The figures: pure functions from what was computed to the traces that the front end draws."""
