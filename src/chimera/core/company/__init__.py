"""What the cast does besides speaking in turn: duets, whispers, camps, room for newcomers."""
