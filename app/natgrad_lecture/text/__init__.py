"""Words: formulas typeset as MathML, and catalogs of other languages."""
