"""Lets threads stand back behind those that acknowledge lines, however busy a small box is."""

import os
import threading


def stand_back(niceness: int) -> None:
    """Give the calling thread a lower priority.

    Args:
        niceness: 1 to 19; with 5 it gets a third of what another thread gets that wants the same core.
    """
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
