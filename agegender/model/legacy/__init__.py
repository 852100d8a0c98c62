"""Networks of older projects, read from their weights and rebuilt as ours."""
