"""File-system events of a process, and its death at one of them.

An event is what is about to happen to a path below a directory: opening, renaming, deleting, making, listing,
flushing, and safetensors' writing, which Python does not see.
"""

import os
import signal
import sys

_NAMES = {
    *("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"),
    *("os.listdir", "os.scandir", "shutil.rmtree", "shutil.copytree", "shutil.copyfile", "shutil.move"),
}
_FREE = ("train.log", ".lock")
_WRITES = os.O_WRONLY | os.O_RDWR


class Events:
    """Counts events below `root`, and kills this process at number `last` (from 1).

    `seen` keeps each event in words, and whether there were files then that a loss of power could tear.

    Args:
        root: of the paths that count.
        last: 0 never kills.
        torn: before the kill, cut to half what was written and not flushed, as a loss of power can.
    """

    def __init__(self, root, last=0, torn=False):
        self.root, self.last, self.torn = str(root), last, torn
        self.seen = []
        self._dirty = set()
        self._busy = False

    def start(self):
        """From now on; there is no end to it in this process."""
        import causal_mtl.archive.saving as saving

        fsync = os.fsync

        def flushed(descriptor):
            path = _path_of(descriptor)
            self._event("fsync", path)
            fsync(descriptor)
            self._dirty.discard(path)

        os.fsync = flushed
        for name in ("save_model", "save_file"):
            setattr(saving, name, self._writing(getattr(saving, name)))
        sys.addaudithook(self._audit)

    def _writing(self, function):
        def write(content, path):
            self._event("safetensors", str(path))
            function(content, path)
            self._dirty.add(str(path))
            self._event("written", str(path))

        return write

    def _audit(self, name, arguments):
        if self._busy or name not in _NAMES:
            return
        self._busy = True
        try:
            path = self._path(name, arguments)
        finally:
            self._busy = False
        if path is None or not path.startswith(self.root):
            return
        self._event(name, path)
        if name == "open" and arguments[2] & _WRITES:
            self._dirty.add(path)
        elif name == "os.rename":
            self._moved(path, os.path.abspath(os.fspath(arguments[1])))

    def _path(self, name, arguments):
        path = arguments[0]
        if not isinstance(path, str | os.PathLike):
            return _path_of(path) if isinstance(path, int) and name != "open" else None
        directory = arguments[-1] if name in ("os.remove", "os.rmdir", "os.mkdir") else -1
        if isinstance(directory, int) and directory >= 0 and not os.path.isabs(path):
            return os.path.join(_path_of(directory), path)
        return os.path.abspath(os.fspath(path))

    def _moved(self, before, after):
        for path in [path for path in self._dirty if path == before or path.startswith(before + os.sep)]:
            self._dirty.discard(path)
            self._dirty.add(after + path[len(before) :])

    def _event(self, name, path):
        self.seen.append((f"{name} {os.path.relpath(path, self.root)}", bool(self._unflushed())))
        if len(self.seen) == self.last:
            self._busy = True
            if self.torn:
                self._tear()
            os.kill(os.getpid(), signal.SIGKILL)

    def _tear(self):
        for path in self._unflushed():
            os.truncate(path, os.path.getsize(path) // 2)

    def _unflushed(self):
        """Files that a loss of power could tear, but for the log and the lock, which nobody relies on."""
        return [path for path in self._dirty if os.path.basename(path) not in _FREE and os.path.isfile(path)]


def _path_of(descriptor):
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""
