"""The state of a lesson: fields, links, and the store of what a reader has set."""
