"""Layers that courses derive by hand: forward, the derivation, and slips. Read slips, dense, then the others."""

from layers_by_hand import dense, images, normalization, sequences, words

LAYERS = (*dense.LAYERS, *normalization.LAYERS, *images.LAYERS, *sequences.LAYERS, *words.LAYERS)
