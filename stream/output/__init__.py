"""Writes the chosen pictures. In: the picks and their full-size pictures; out: crops as JPEG, a contact sheet, and a
result folder that is either complete or absent."""
