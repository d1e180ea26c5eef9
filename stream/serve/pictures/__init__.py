"""Pictures out of films and results, made in processes of their own. In: a path and a time; out: JPEG."""
