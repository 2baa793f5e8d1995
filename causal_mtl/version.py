"""The version, in one place: setup.cfg reads it without importing the library."""

VERSION = "0.1.0"
