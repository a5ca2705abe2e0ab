"""Entries of systemd's journal, whatever brings them: its own files, or another machine's uploader."""
