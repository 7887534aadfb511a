"""Takes over a database that has the three tables of an earlier, hand-written schema.

Data flows one way: ``tables`` finds the old tables, ``reading`` makes views that show their rows
as ours, ``planning`` decides what each row becomes, ``refusing`` says what cannot be taken over,
``copying`` writes the rows and looks whether all of them have arrived. ``running`` does all of it
in order. The views and plans are temporary: they end with the connection.
"""

from hegel_store.adoption.copying import AdoptedTable
from hegel_store.adoption.running import KEEP_IN, Adoption, adopt

__all__ = ["KEEP_IN", "AdoptedTable", "Adoption", "adopt"]
