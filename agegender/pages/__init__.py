"""Pages to look at: one HTML file each, complete in itself, without any script."""
