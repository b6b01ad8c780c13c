"""The real engine under a virtual clock, with a seeded plan of faults at each await of a port."""
