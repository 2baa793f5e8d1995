"""Trained models where their users are: in a spaCy pipeline, on the Hugging Face Hub."""
