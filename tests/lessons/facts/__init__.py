"""What computes the sentences that state a fact and are no claims, by the names that the lists in
``sentences/`` give them. Each is computed where its sentence says that it holds.
"""
