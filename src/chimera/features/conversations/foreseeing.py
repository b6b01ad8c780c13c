"""Whether viewers will like a conversation, as far as votes on others allow to say it."""

from typing import Literal

from sqlalchemy import Connection

from chimera.api.strict import Output
from chimera.core.learning import prediction
from chimera.core.learning.prediction import Forecast
from chimera.store import learning, log


class Foreseen(Output):
    """How probable it is that viewers like it.

    It was learnt from so many conversations with `votes`; `auc_low` is how well it tells liked ones
    from others at the least: .5 would be guessing, 1 knowing.
    """

    probability: float
    auc_low: float
    votes: int


class Unforeseen(Output):
    """Why nothing is foretold: a prediction is made after twelve turns, of `needed` votes."""

    because: Literal["too_early", "not_enough_votes", "no_better_than_chance"]
    votes: int
    needed: int


def foresee(connection: Connection, conversation_id: str) -> Foreseen | Unforeseen:
    """Read anew each time: what was learnt changes with the votes on other conversations."""
    known = learning.forecast(connection)
    forecast = Forecast.model_validate(known) if known else Forecast(votes=0)
    if forecast.auc_low is None:
        return _unforeseen("not_enough_votes", forecast)
    if not forecast.is_shown:
        return _unforeseen("no_better_than_chance", forecast)
    # Where somebody has voted it is kept; else it takes a few turns' time to look.
    features = learning.observed(connection, conversation_id)
    if features is None:
        begun = log.read(connection, conversation_id, after=0, limit=learning.BEGINNING)
        features = prediction.observe(conversation_id, begun)
    if features is None:
        return _unforeseen("too_early", forecast)
    return Foreseen(
        probability=round(forecast.probability(features), 3), auc_low=forecast.auc_low,
        votes=forecast.votes,
    )  # fmt: skip


def _unforeseen(
    because: Literal["too_early", "not_enough_votes", "no_better_than_chance"], forecast: Forecast
) -> Unforeseen:
    return Unforeseen(because=because, votes=forecast.votes, needed=prediction.NEEDED)
