"""A log-likelihood typed by a person: grammar, parser, problem."""
