"""From archives of photos to a store of faces; knows nothing of models."""
