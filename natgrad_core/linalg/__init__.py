"""Linear algebra by components: small matrices, operators, spectra."""
