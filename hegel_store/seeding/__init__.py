"""Development data: believable profiles, populations and facts, and steps in any number."""

from hegel_store.seeding.data import SeedData, data_directory, load_seed_data
from hegel_store.seeding.loading import seed_store
from hegel_store.seeding.steps import StepGenerator
from hegel_store.seeding.timeline import DEFAULT_UNTIL, Calendar

__all__ = [
    "DEFAULT_UNTIL",
    "Calendar",
    "SeedData",
    "StepGenerator",
    "data_directory",
    "load_seed_data",
    "seed_store",
]
