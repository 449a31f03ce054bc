"""From decisions into an album: what may go (`candidates`), what will happen (`plan`), doing it (`run`)."""

from .metadata_losses import Rescue
from .plan import PlannedItem, PushPlan, plan_push
from .push_candidates import Candidate, Keeper, read_candidates, read_pushed
from .run import PushReport, run_push

__all__ = [
    "Candidate",
    "Keeper",
    "PlannedItem",
    "PushPlan",
    "PushReport",
    "Rescue",
    "plan_push",
    "read_candidates",
    "read_pushed",
    "run_push",
]
