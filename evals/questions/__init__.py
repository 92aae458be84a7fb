"""All questions, by world."""

from evals.asking import Question
from evals.kinds import Asker
from evals.questions.fire import fire_questions
from evals.questions.golden import golden_questions
from evals.questions.reef import reef_questions
from evals.questions.river import river_questions
from evals.questions.wings import wings_questions
from evals.worlds import World

__all__ = ["questions_of"]


def questions_of(world: World) -> tuple[Question, ...]:
    """The questions asked of ``world``."""
    asker = Asker(world)
    by_world = {
        "reef": reef_questions,
        "golden": golden_questions,
        "fire": fire_questions,
        "river": river_questions,
        "wings": wings_questions,
    }
    return tuple(by_world[world.name](asker))
