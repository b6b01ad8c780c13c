"""Figures: what we hold ourselves to, measured."""
