"""Adapters to the services that run models, and the one gateway to them."""
