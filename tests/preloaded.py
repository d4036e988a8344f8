"""All of Placet, imported once by the process that the programs of the tests are forked from."""

from __future__ import annotations

import gc
import importlib
import pkgutil

import placet
import placet_api

_NOT_IMPORTED = "placet.store.migrations."  # alembic runs these files itself

for package in (placet, placet_api):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.startswith(_NOT_IMPORTED):
            importlib.import_module(module.name)

gc.freeze()  # what is not looked at again stays shared with the children
