"""What the cast does besides speaking in turn: duets, whispers, making room for newcomers."""
