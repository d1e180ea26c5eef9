"""Which episode a file is by its picture: where to look for a number, reading it, and comparing it with what others
say of the file."""
