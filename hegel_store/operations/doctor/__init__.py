"""A look at a database that changes nothing: what is well, what needs a look, what has to be done.

Each group of checks has a file; ``examining`` calls them all. The findings are those of others who
look at something as well.
"""

from hegel_store.operations.doctor.examining import CHECKS, diagnose
from hegel_store.operations.doctor.findings import Finding, Report, Severity
from hegel_store.operations.doctor.patient import Check, Patient

__all__ = ["CHECKS", "Check", "Finding", "Patient", "Report", "Severity", "diagnose"]
