"""The front end: what the browser runs."""
