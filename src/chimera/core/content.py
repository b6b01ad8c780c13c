"""Read everything that ships with the house, once, before anything runs.

Each module keeps what it has loaded; without this call the first turn would read files.
"""

from itertools import product

from chimera.core import cues, deflecting, pacing, persona, prompt, quality, topics


def load() -> None:
    """Read it all. Raises if a file is missing or wrong, at the start and not in a turn."""
    pacing.load_table()
    cues.load()
    for name in quality.CUES:
        quality.cues(name)
    for language, name in product(cues.LISTED, quality.NOTED):
        quality.cues(name, language)
    persona.load_house()
    topics.load_starters()
    prompt.load_templates()
    deflecting.load_deflections()
