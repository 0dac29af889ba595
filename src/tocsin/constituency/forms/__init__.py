"""Shapes of what is handed in: declarations of the constituency and the registries' files. They save nothing."""
