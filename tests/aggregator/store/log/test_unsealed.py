"""Log files go exactly when all of their lines are in segments, except for the one that is being written."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aggregator.store.files import Layout
from aggregator.store.log.unsealed import Unsealed


@given(st.data())
def test_a_log_file_goes_when_nobody_needs_it_or_those_before_it(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout.prepare(Path(folder))
        unsealed = Unsealed(layout)
        waiting: list[tuple[int, int]] = []
        files: dict[int, int] = {}
        next_seq = 1
        assert unsealed.needed_from == 1
        for _ in range(data.draw(st.integers(1, 25))):
            seals = data.draw(st.booleans())
            if waiting and seals:
                begin = data.draw(st.integers(0, len(waiting) - 1))
                end = data.draw(st.integers(begin + 1, len(waiting)))
                unsealed.sealed(waiting[begin][0], waiting[end - 1][1])
                del waiting[begin:end]
                needed_from = waiting[0][0] if waiting else next_seq
                newest = max(files, default=0)
                files = {
                    first: last for first, last in files.items() if first == newest or last >= needed_from
                }
            else:
                if not files or data.draw(st.booleans()):
                    layout.log_file(next_seq).touch()
                    files[next_seq] = 0
                rows = data.draw(st.integers(1, 3))
                unsealed.add(next_seq, next_seq + rows - 1)
                waiting.append((next_seq, next_seq + rows - 1))
                next_seq += rows
                files[max(files)] = next_seq - 1
            assert [int(path.stem) for path in layout.log_files()] == list(files)
            assert unsealed.needed_from == (waiting[0][0] if waiting else next_seq)
