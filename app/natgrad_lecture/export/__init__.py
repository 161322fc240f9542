"""What a reader exports: a script that makes what is seen, its sources, a page that plays."""
