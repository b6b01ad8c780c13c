"""What is read out of texts with knowledge that others keep: the warmth of English words."""

from functools import cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from chimera.core.ports import Sentiment


class Vader:
    """Implements `core.ports.Sentiment` with the lexicon of vaderSentiment."""

    def __init__(self) -> None:
        self._analyzer = SentimentIntensityAnalyzer()

    def of(self, text: str) -> float | None:
        """The compound score; None for a text of which the lexicon knows no word."""
        scores = self._analyzer.polarity_scores(text)
        return float(scores["compound"]) if scores["pos"] or scores["neg"] else None


@cache
def load_sentiment() -> Sentiment:
    """The lexicon, read once; the first call reads files."""
    return Vader()
