"""What the reading of texts is worth, on labelled lines of our own (`benchmarks/data/lines.toml`).

`python -m benchmarks.texts` also prints what was taken for something else.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.table import Row, show
from benchmarks.troupe import DEFAULT_CAST, seated
from chimera.core import topics
from chimera.core.persona import load_house
from chimera.engine.recall import load_sentiment
from chimera.lab.headless import Headless

#: A compound score within these is neither for nor against: vaderSentiment's own limits.
PLAIN = 0.05
LINES = Path(__file__).parent / "data/lines.toml"


@cache
def labelled() -> Mapping[str, Any]:
    return tomllib.loads(LINES.read_text("utf-8"))


def routed() -> Iterator[tuple[str, str, str]]:
    """Each sentence with whom it suits, and whom the talk would be given after it."""
    house = {each.slug: each for each in load_house()}
    cast = [seated(house[slug]) for slug in DEFAULT_CAST]
    for slug, sentences in labelled()["routing"].items():
        for sentence in sentences:
            fit = topics.fit(Headless(cast, topic=sentence).state)
            yield sentence, slug, max(fit, key=lambda each: fit[each]).removeprefix("par_")


def felt(kind: str) -> Iterator[tuple[str, str]]:
    """The lines of a kind, and what the lexicon takes them for."""
    sentiment = load_sentiment()
    for line in labelled()["sentiment"][kind]:
        value = sentiment.of(line) or 0.0
        yield line, "warm" if value > PLAIN else "cold" if value < -PLAIN else "plain"


def rows() -> list[Row]:
    """What is right of routing and sentiment."""
    routes = list(routed())
    right = mean(meant == found for _, meant, found in routes)
    kinds = ("warm", "cold", "plain")
    found = [(kind, each) for kind in kinds for _, each in felt(kind)]
    sarcasm = mean(each == "cold" for _, each in felt("sarcasm"))
    return [
        Row.at_least(f"topic routing: {len(routes)} labelled sentences, top-1, hashed", right, 0.85,
                     reference="to be measured"),
        Row.told(f"sentiment of {len(found)} labelled lines, right of three",
                 mean(kind == each for kind, each in found), reference="reported"),
        *(Row.told(f"sentiment: {kind} lines taken for it",
                   mean(each == kind for of, each in found if of == kind), reference="reported")
          for kind in kinds),
        Row.told("sentiment: sarcasm seen through", sarcasm, reference="no line"),
    ]  # fmt: skip


def main() -> None:
    for sentence, meant, found in routed():
        if meant != found:
            print(f"{meant:>12} → {found:12} {sentence}")
    for kind in ("warm", "cold", "plain"):
        for line, found in felt(kind):
            if found != kind:
                print(f"{kind:>12} → {found:12} {line}")
    show(rows())


if __name__ == "__main__":
    main()
