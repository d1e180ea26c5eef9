"""Renders a report for people: Markdown, and one HTML page with its plots, from what `keyart bench` recorded."""
