"""Lets a Python program that is recorded say what it opens, then is as if it had never been there.

Python imports a module of this name at every start; ``record`` puts this folder in front of the path. A
``sitecustomize`` of the program's own environment is run afterwards.
"""

import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))
_folders = os.environ.get("PROVENA_EVENTS", "")


def _listen() -> None:
    # This folder is on the path of the recorded program only, where type checkers do not look.
    from provena_events import EventLog  # pyright: ignore[reportMissingImports, reportUnknownVariableType]

    for folder in _folders.split(os.pathsep):
        if os.path.isdir(folder):
            EventLog(folder).start()  # pyright: ignore[reportUnknownMemberType]


def _go_on() -> None:
    found = (finder.find_spec("sitecustomize", None) for finder in sys.meta_path)
    spec = next((spec for spec in found if spec is not None), None)
    if spec is not None and spec.loader is not None:
        module = type(sys)("sitecustomize")
        module.__spec__, module.__file__ = spec, spec.origin
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if _folders and sys.version_info >= (3, 8):
    _listen()
    sys.modules.pop("provena_events", None)
sys.path[:] = [entry for entry in sys.path if entry != _here]
_go_on()
