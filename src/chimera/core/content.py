"""Read everything that ships with the house, once, before anything runs.

Each module keeps what it has loaded; without this call the first turn would read files.
"""

from chimera.core import deflecting, pacing, persona, prompt, quality, signals, stance, topics


def load() -> None:
    """Read it all. Raises if a file is missing or wrong, at the start and not in a turn."""
    pacing.load_table()
    signals.load_cues()
    for name in quality.CUES:
        quality.cues(name)
    stance.load_cues()
    persona.load_house()
    topics.load_starters()
    prompt.load_templates()
    deflecting.load_deflections()
