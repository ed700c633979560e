"""What an index of native code raises, in words: its exceptions, and the panics of Rust, which are no `Exception`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ingest.errors import SecondPassError


@contextmanager
def native_errors(in_words: Callable[[BaseException], SecondPassError]) -> Iterator[None]:
    """Whatever the library raises comes out as `in_words` puts it; errors of ours pass as they are."""
    try:
        yield
    except SecondPassError:
        raise
    except Exception as error:
        raise in_words(error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise in_words(error) from error
