"""The child process in which foreign files are read and drawn: only it can crash, hang or run out of memory.

`Reader` keeps one warm child (start-up is 0.3 s, too much to pay for every small file) and replaces it after any
failure and after `FILES_PER_CHILD` files. Requests and replies are JSON lines over pipes, never pickle; the password
travels in the pipe, not in the arguments; the child gets no environment variables, so no keys.

Limits: address space (RLIMIT_AS) and a watch over resident memory, processor seconds per file (RLIMIT_CPU), wall clock
(the parent kills). Where the system lacks one of them (macOS ignores RLIMIT_AS) the others hold.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from ingest import errors
from ingest.block_json import block_from_json, block_to_json
from ingest.documents import Box, Page, ReadFile
from ingest.errors import Cancelled, DamagedFile, FileRefused, ReaderCrashed, TookTooLong, TooLargeUnpacked
from ingest.read.limits import Limits
from ingest.read.registry import read_file

FILES_PER_CHILD = 50
MEMORY_EXIT = 77  # the child's watch saw too much resident memory
MAX_REPLY = 256 * 2**20  # bytes of one line from the child
_TICK = 0.1  # seconds between looks at `cancelled`

Progress = Callable[[int, int], None]


class Reader:
    """Reads files in a child process under `limits`. Thread-safe: one file at a time. Close it when done."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._child: subprocess.Popen[bytes] | None = None
        self._served = 0
        self._lock = threading.Lock()

    def read(
        self,
        path: Path,
        *,
        name: str,
        password: str | None = None,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> ReadFile:
        """The text of a file. `progress(pages done, pages)` is called a few times a second; when `cancelled()` turns
        true the child is killed. Raises a FileRefused; whatever happens, the next call starts on a healthy child.
        """
        pages: list[Page] = []

        def receive(reply: dict[str, Any]) -> None:
            if "page" in reply:
                pages.append(_page_of(reply["page"]))
            elif progress is not None:
                progress(int(reply["done"]), int(reply["of"]))

        end = self._ask(
            {"do": "read", "path": str(Path(path).absolute()), "name": name, "password": password},
            receive,
            cancelled,
        )
        return ReadFile(
            title=str(end["title"]),
            pages=tuple(pages),
            unreadable=tuple(int(number) for number in end["unreadable"]),
        )

    def picture(
        self, path: Path, page: int, *, width_px: int, boxes: Sequence[Box] = (), password: str | None = None
    ) -> bytes:
        """One page (1-based) as PNG bytes with the boxes that lie on it highlighted. Raises a FileRefused."""
        end = self._ask(
            {
                "do": "picture",
                "path": str(Path(path).absolute()),
                "page": page,
                "width_px": width_px,
                "boxes": [[b.left, b.top, b.right, b.bottom] for b in boxes if b.page == page],
                "password": password,
            },
            lambda reply: None,
            None,
        )
        return base64.b64decode(end["png"], validate=True)

    def close(self) -> None:
        """End the child. The reader can be used again; it then starts a new one."""
        with self._lock:
            self._end_child()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(
        self,
        request: dict[str, Any],
        receive: Callable[[dict[str, Any]], None],
        cancelled: Callable[[], bool] | None,
    ) -> dict[str, Any]:
        with self._lock:
            if self._child is not None and self._served >= FILES_PER_CHILD:
                self._end_child()
            if self._child is None or self._child.poll() is not None:
                self._end_child()
                self._child = _start_child(self.limits)
                self._served = 0
            self._served += 1
            healthy = False
            try:
                end = self._converse(self._child, request, receive, cancelled)
                healthy = True
            finally:
                if not healthy:
                    self._end_child()
        if "error" in end:
            raise _error_of(end)
        return end

    def _converse(
        self,
        child: subprocess.Popen[bytes],
        request: dict[str, Any],
        receive: Callable[[dict[str, Any]], None],
        cancelled: Callable[[], bool] | None,
    ) -> dict[str, Any]:
        assert child.stdin is not None
        assert child.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # a child that is already dead is told apart below
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()
        deadline = time.monotonic() + self.limits.wall_seconds
        waiting: list[bytes] = []
        size = 0
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while True:
                if cancelled is not None and cancelled():
                    raise Cancelled("stopped while it was read")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TookTooLong(f"more than {self.limits.wall_seconds} seconds (parse_wall_seconds)")
                if not selector.select(min(left, _TICK)):
                    continue
                piece = os.read(child.stdout.fileno(), 1 << 20)
                if not piece:
                    raise self._why_it_died(child)
                while piece:
                    line, newline, piece = piece.partition(b"\n")
                    waiting.append(line)
                    size += len(line)
                    if size > MAX_REPLY:
                        raise TooLargeUnpacked("the text of one page is larger than any page can be")
                    if not newline:
                        break
                    reply = json.loads(b"".join(waiting))
                    waiting, size = [], 0
                    if "end" in reply or "error" in reply:
                        return dict(reply)
                    receive(reply)

    def _why_it_died(self, child: subprocess.Popen[bytes]) -> FileRefused:
        try:
            code = child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            return ReaderCrashed("it stopped answering")
        if code == -signal.SIGXCPU:
            return TookTooLong(f"more than {self.limits.cpu_seconds} seconds of processor time (parse_cpu_seconds)")
        if code == MEMORY_EXIT or code in (-signal.SIGKILL, -signal.SIGABRT):
            return TooLargeUnpacked(f"it needs more than {self.limits.memory_mb} MB of memory (parse_memory_mb)")
        what = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return ReaderCrashed(f"{what}; the file is probably damaged")

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _start_child(limits: Limits) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[2])
    start = f"import sys; sys.path.insert(0, {root!r}); from ingest.read.sandbox import serve; "
    start += f"serve({asdict(limits)!r})"
    return subprocess.Popen(
        [sys.executable, "-P", "-c", start],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        start_new_session=True,  # Ctrl-C in the terminal is for the parent, which then ends the child
    )


def _error_of(reply: dict[str, Any]) -> FileRefused:
    kind = getattr(errors, str(reply["error"]), None)
    if not (isinstance(kind, type) and issubclass(kind, FileRefused)):
        return ReaderCrashed(str(reply["error"]))
    refused: FileRefused = kind(str(reply["detail"]))
    return refused


def _page_of(reply: dict[str, Any]) -> Page:
    return Page(
        number=int(reply["number"]),
        label=str(reply["label"]),
        width=float(reply["width"]),
        height=float(reply["height"]),
        blocks=tuple(map(block_from_json, reply["blocks"])),
    )


# --- in the child ---------------------------------------------------------------------------------------------------


def serve(limits: dict[str, int]) -> None:
    """The child: one request a line on stdin, replies on stdout, until stdin ends."""
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)  # native code that prints must not speak into the pipe
    granted = Limits(**limits)
    _limit_memory(granted.memory_mb)
    threading.Thread(target=_watch, args=(granted.memory_mb, os.getppid()), daemon=True).start()
    import pypdfium2  # noqa: F401  (before the first file, so that its processor time is not the file's)

    for line in requests:
        _limit_cpu(granted.cpu_seconds)
        try:
            end = _do(json.loads(line), granted, replies)
        except FileRefused as refused:
            end = {"error": type(refused).__name__, "detail": refused.detail}
        except MemoryError:
            os._exit(MEMORY_EXIT)
        except RecursionError:
            end = {"error": DamagedFile.__name__, "detail": "it refers to itself without end"}
        except Exception as error:  # whatever a hostile file can raise; the parent replaces nothing, it is told
            end = {"error": DamagedFile.__name__, "detail": f"{type(error).__name__} while it was read"}
        _send(replies, end)


def _do(request: dict[str, Any], limits: Limits, replies: IO[bytes]) -> dict[str, Any]:
    path = Path(request["path"])
    if request["do"] == "picture":
        from ingest.read.pdf.page_picture import draw

        boxes = [(float(a), float(b), float(c), float(d)) for a, b, c, d in request["boxes"]]
        png = draw(path, request["page"], width_px=request["width_px"], boxes=boxes, password=request["password"])
        return {"end": True, "png": base64.b64encode(png).decode()}
    read = read_file(
        path,
        name=request["name"],
        password=request["password"],
        limits=limits,
        each_page=lambda done, of: _send(replies, {"done": done, "of": of}),
    )
    for page in read.pages:
        _send(replies, {"page": _page_as_json(page)})
    return {"end": True, "title": read.title, "unreadable": list(read.unreadable)}


def _page_as_json(page: Page) -> dict[str, Any]:
    return {
        "number": page.number,
        "label": page.label,
        "width": page.width,
        "height": page.height,
        "blocks": [block_to_json(block) for block in page.blocks],
    }


def _send(replies: IO[bytes], reply: dict[str, Any]) -> None:
    replies.write(json.dumps(reply).encode("ascii") + b"\n")
    replies.flush()


def _limit_memory(megabytes: int) -> None:
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # The interpreter and its libraries have mapped some of it already; the limit is for the file.
        with open("/proc/self/statm") as statm:
            mapped = int(statm.read().split()[0]) * resource.getpagesize()
        with contextlib.suppress(ValueError, OSError):
            allowed = mapped + megabytes * 2**20
            resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))


def _limit_cpu(seconds: int) -> None:
    """From now on `seconds` more: the limit counts from the start of the process, which reads many files."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard))


def _watch(megabytes: int, parent: int) -> None:
    """Leave when memory runs over, on systems without a limit too, and when the parent is gone."""
    while True:
        if _resident_bytes() > megabytes * 2**20:
            os._exit(MEMORY_EXIT)
        if os.getppid() != parent:
            os._exit(0)
        time.sleep(0.05)


def _resident_bytes() -> int:
    """Resident memory. On Linux not ru_maxrss: a child's begins at its parent's size, and the app may be large."""
    import resource

    if sys.platform == "linux":
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
