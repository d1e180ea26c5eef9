"""`keyart serve`: jobs over HTTP, a page on which editors choose, and the workers of `stream.backfill` behind them.

In: requests, files that come into watched folders; out: jobs in the ledger, their results, what editors approved. Needs
the extra `serve`, which nothing else imports.
"""
