"""What editors see and decide. In: results; out: drafts, records, the files that were approved."""
