"""From decisions into an album: what may go (`candidates`), what will happen (`plan`), doing it (`run`)."""

from .metadata_losses import Rescue
from .plan import PlannedItem, PushPlan, plan_push
from .push_candidates import Candidate, read_candidates, read_pushed
from .run import PushReport, begin_pushes, run_push, run_pushes

__all__ = [
    "Candidate",
    "PlannedItem",
    "PushPlan",
    "PushReport",
    "Rescue",
    "begin_pushes",
    "plan_push",
    "read_candidates",
    "read_pushed",
    "run_push",
    "run_pushes",
]
