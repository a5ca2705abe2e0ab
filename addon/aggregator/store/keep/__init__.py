"""What is kept for how long: retention, archive, snapshots, room on the disk."""
