"""Tensors only: embedders, encoders and scorers; nothing here knows a reader or a task."""
