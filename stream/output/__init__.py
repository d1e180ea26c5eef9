"""Chosen pictures to files. In: the picks and where their pixels lie; out: crops, JPEG, contact sheet, and a result
folder that is whole or absent."""
