"""Layers for one image on the processor, written for its cache: their own gradients, in bands of rows."""
