"""Segments and their indexes: what is kept, file by file."""
