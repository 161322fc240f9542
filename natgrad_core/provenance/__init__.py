"""How a thing was made: constructor calls, citations, the bibliography, rich display."""
