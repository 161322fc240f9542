"""What a reader takes away: the script that makes what is seen, its sources, a page that plays."""
