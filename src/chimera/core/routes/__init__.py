"""How routes to models are judged: health, breakers, limits, and who is asked first."""
