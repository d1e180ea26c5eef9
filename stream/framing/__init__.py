"""Which part of a picture is cut: its active area, and one rectangle for each format."""
