"""What is decided at the end of a film by numbers alone, in this process or in others that have no pictures."""
