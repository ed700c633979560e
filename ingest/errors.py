"""Every error that the product raises on purpose. Each carries a sentence for the person who meets it.

SecondPassError
├── SettingsError            a setting is wrong: which one, and what is accepted
├── LibraryInUse             another process holds the data directory
├── LibraryDamaged           a store cannot be opened: which, and what will be rebuilt
├── StoreUnreachable         a store on another machine does not answer: which; nothing was saved there
├── DiskFull                 nothing was kept of the file or feedback that did not fit
├── FileRefused              one file could not become a document (its `reason` is stored with it)
│   ├── EmptyFile · UnknownFormat · DamagedFile · PasswordNeeded · WrongPassword
│   ├── TooLarge · TooManyPages · TooLargeUnpacked · TookTooLong · ReaderCrashed · NoTextFound
│   └── Cancelled            the person stopped it
├── FileLost                 the stored file of a document is gone: it answers, but cannot be built again
├── ModelMissing             weights are not here and could not be fetched
├── RerankerFailed           a reranker gave no scores; the previous order stands
│   ├── RerankerUnavailable  it cannot run here at all: missing package, key or server
│   └── RerankerAnswered     its server answered, and not with scores
├── QuestionRefused          a question that cannot be searched: empty, or far too long
├── GeneratorFailed          the language model gave no (or half an) answer
├── GoldensUnreadable        a file of golden questions: which line, and what is expected there
├── TrainingDataUnreadable   training data: which file, and what is expected there
├── NotAllowed               a visitor who signed in asks for what is not theirs
└── UnknownName              a name that is not in a registry; lists the known ones and the nearest
"""

from __future__ import annotations


class SecondPassError(Exception):
    """Base of all. `str(error)` is the sentence that a person reads; it never holds a key or a document's text."""


class SettingsError(SecondPassError):
    pass


class LibraryInUse(SecondPassError):
    pass


class LibraryDamaged(SecondPassError):
    pass


class StoreUnreachable(SecondPassError):
    pass


class DiskFull(SecondPassError):
    pass


class FileRefused(SecondPassError):
    """A file that cannot become a document. `reason` is the short form that the library shows."""

    reason = "could not be read"

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(f"{self.reason}: {detail}" if detail else self.reason)


class EmptyFile(FileRefused):
    reason = "empty"


class UnknownFormat(FileRefused):
    reason = "not a format that can be read"


class DamagedFile(FileRefused):
    reason = "damaged"


class PasswordNeeded(FileRefused):
    reason = "password needed"


class WrongPassword(FileRefused):
    reason = "wrong password"


class TooLarge(FileRefused):
    reason = "too large"


class TooManyPages(FileRefused):
    reason = "too many pages"


class TooLargeUnpacked(FileRefused):
    reason = "too large when unpacked"


class TookTooLong(FileRefused):
    reason = "took too long"


class ReaderCrashed(FileRefused):
    reason = "the reader crashed"


class NoTextFound(FileRefused):
    reason = "no text found"


class Cancelled(FileRefused):
    reason = "cancelled"


class FileLost(SecondPassError):
    def __init__(self, name: str) -> None:
        super().__init__(f"The file of {name[:80]!r} is gone from the data directory: add it again.")


class ModelMissing(SecondPassError):
    pass


class RerankerFailed(SecondPassError):
    pass


class RerankerUnavailable(RerankerFailed):
    pass


class RerankerAnswered(RerankerFailed):
    pass


class QuestionRefused(SecondPassError):
    pass


class GeneratorFailed(SecondPassError):
    pass


class GoldensUnreadable(SecondPassError):
    pass


class TrainingDataUnreadable(SecondPassError):
    pass


class NotAllowed(SecondPassError):
    pass


class UnknownName(SecondPassError):
    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        super().__init__(f"There is no {kind} called {name!r}.{hint} Known: {', '.join(known)}.")
