"""What the running program is called."""

import sys
from pathlib import Path
from typing import Final

_UNNAMED: Final = "python"


def program_name() -> str:
    """The module that ``python -m`` runs, else the script's name; a package's name for its ``__main__``."""
    argument = sys.argv[0] if sys.argv else ""
    if argument == "-m":
        # Python is still looking for the module, and what it imports on the way asks.
        following = sys.orig_argv[sys.orig_argv.index("-m") + 1 :] if "-m" in sys.orig_argv else []
        return _without_main(following[0]) if following else _UNNAMED
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    # A folder or an archive that is run has a module of its own called ``__main__``.
    if spec is not None and spec.name not in {"__main__", "__mp_main__"}:
        return _without_main(spec.name)
    if argument in {"", "-", "-c"}:
        return _UNNAMED
    path = Path(argument)
    # Children of multiprocessing know only the file.
    return (path.absolute().parent.name if path.stem == "__main__" else path.stem) or _UNNAMED


def _without_main(module: str) -> str:
    return module.removesuffix(".__main__")
