"""Tests of every part; a package of its own, since some that are installed have one of the same name."""
