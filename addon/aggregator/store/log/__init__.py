"""The write-ahead log: lines are durable in it before anybody is told that they were taken."""
