"""A report for people. In: what a run of `keyart bench` recorded; out: Markdown, and one HTML page with its plots."""
