"""What other tools have stored, imported: MLflow's prompts, and runs of GEPA.

Each function takes the store first, and may be called again: nothing is stored twice.
"""

from hegel_store.importers.gepa_runs import GepaImport, import_gepa_run
from hegel_store.importers.mlflow_prompts import PromptImport, import_mlflow_prompts

__all__ = ["GepaImport", "PromptImport", "import_gepa_run", "import_mlflow_prompts"]
