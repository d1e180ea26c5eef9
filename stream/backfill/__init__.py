"""A whole library, unattended. In: a folder, list or glob of films; out: their result folders, and a ledger that knows
where each title stands. Workers are processes that may die; the ledger and the supervisor do not mind."""
