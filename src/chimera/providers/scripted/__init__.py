"""The improv troupe: a provider that needs no model and says so on every line."""
