"""The journal of systemd, read from the folder that it lies in."""
