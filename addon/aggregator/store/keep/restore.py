"""Makes a store of a snapshot, for an aggregator that does not run."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from aggregator.errors import ConflictError, NotFoundError, StoreFailedError
from aggregator.store.files import (
    FORMAT_FILE,
    SETTINGS_FILE,
    SNAPSHOT_FILE,
    Layout,
    copy_file,
    link_segment,
    sync_folder,
)
from aggregator.store.keep.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Args:
        folder: the store that is there now.
        last_seq: number of the last line in it.
        aside: where the store is that was there before; None if there was none.
        has_settings: whether the settings were restored too: there were none.
    """

    folder: Path
    last_seq: int
    aside: Path | None
    has_settings: bool


def restore(snapshot: Path, data: Path, *, replace: bool) -> Restored:
    """Make a store of a snapshot.

    Args:
        snapshot: the snapshot's folder, which stays as it is.
        data: the data folder.
        replace: whether a store with lines may be put aside.

    Raises:
        NotFoundError: there is no such snapshot.
        ConflictError: there is a store with lines.
        StoreFailedError: the file that describes the snapshot is damaged.
        OSError: the disk refuses it.
    """
    source = Layout(snapshot)
    try:
        taken = msgspec.json.decode((snapshot / SNAPSHOT_FILE).read_bytes(), type=Snapshot)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{snapshot} is no snapshot: it has no {SNAPSHOT_FILE}") from None
    except msgspec.MsgspecError as error:
        raise StoreFailedError(f"{snapshot / SNAPSHOT_FILE} is damaged: {error}") from None
    present = Layout(data / "store")
    has_lines = bool(present.segment_files()) or any(path.stat().st_size for path in present.log_files())
    if has_lines and not replace:
        raise ConflictError(f"{present.folder} is a store with lines; --replace puts it aside")
    unfinished = data / "store.restoring"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    made = Layout(unfinished)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in (unfinished, made.log_folder, made.segment_folder):
        folder.mkdir(mode=0o700)
    for path in source.log_files():
        copy_file(path, made.log_folder / path.name)
    owner_id = data.stat().st_uid
    for path in source.segment_files():
        # A file that is shared has one owner.
        link_segment(path, made.segment_folder, share=path.stat().st_uid == owner_id)
    copy_file(snapshot / FORMAT_FILE, unfinished / FORMAT_FILE)
    sync_folder(made.log_folder)
    sync_folder(made.segment_folder)
    _give_to_owner(unfinished, data)
    aside = None
    if present.folder.exists():
        aside = data / time.strftime("store.before-%Y-%m-%dT%H-%M-%SZ", time.gmtime())
        present.folder.rename(aside)
    # Without them a start would remove what only these settings keep.
    settings = data / SETTINGS_FILE
    has_settings = (snapshot / SETTINGS_FILE).exists() and not settings.exists()
    if has_settings:
        copy_file(snapshot / SETTINGS_FILE, settings)
        _give_to_owner(settings, data)
    unfinished.rename(present.folder)
    sync_folder(data)
    return Restored(present.folder, taken.last_seq, aside, has_settings)


def _give_to_owner(folder: Path, data: Path) -> None:
    """Let the owner of the data folder own what root made in it; files that others share have theirs."""
    owner = data.stat()
    if os.getuid() != 0 or owner.st_uid == 0:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
