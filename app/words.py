"""Every sentence a person reads for an error or an outcome: a title, what happened, what to do.

Errors that the product raises on purpose already say what happened to which file or setting; that sentence is kept
and the title and the advice are added here. Anything else is a fault of ours: it is named, never quoted, because an
unknown exception's text may hold a key or a document's words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ingest import errors
from rag.tracing import Outcome


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a person reads. Plain text, not Markdown: `app.safe_text.plain` makes it fit for a page."""

    title: str
    sentence: str
    action: str


# sentence: what is said when the error itself says nothing.
ERRORS: dict[type[errors.SecondPassError], Words] = {
    errors.SecondPassError: Words(
        title="That did not work",
        sentence="Something went wrong.",
        action="Try again; if it stays so, look at the log.",
    ),
    errors.SettingsError: Words(
        title="A setting is wrong",
        sentence="A setting cannot be used.",
        action="Correct it in second-pass.toml or the environment, then start again.",
    ),
    errors.LibraryInUse: Words(
        title="The library is in use",
        sentence="Another Second Pass holds this data directory.",
        action="Use the one that runs, stop it, or set SECOND_PASS_HOME to another directory.",
    ),
    errors.LibraryDamaged: Words(
        title="A part of the library cannot be opened",
        sentence="A store of the library is damaged.",
        action="Indexes are rebuilt by themselves. If the database is damaged, restore a backup.",
    ),
    errors.StoreUnreachable: Words(
        title="A store of the library does not answer",
        sentence="A database or index on another machine cannot be reached.",
        action="Try again soon; if it stays so, look whether that server runs and can be reached from here.",
    ),
    errors.DiskFull: Words(
        title="The disk is full",
        sentence="There was no room left; nothing half-written was kept.",
        action="Free some space, then do it again.",
    ),
    errors.FileRefused: Words(
        title="This file could not be added",
        sentence="The file could not be read.",
        action="Check that it opens in a PDF viewer, then add it again.",
    ),
    errors.EmptyFile: Words(
        title="The file is empty",
        sentence="The file holds 0 bytes.",
        action="Download or export it again, then add it.",
    ),
    errors.UnknownFormat: Words(
        title="This file cannot be read",
        sentence="Its first bytes are those of no format that can be read, whatever its name says.",
        action="Save or print it as PDF, then add that.",
    ),
    errors.DamagedFile: Words(
        title="The file is damaged",
        sentence="Its structure is broken and could not be recovered.",
        action="Download it again, or open it in the program it is for and save a copy.",
    ),
    errors.PasswordNeeded: Words(
        title="A password is needed",
        sentence="The file is encrypted.",
        action="Type its password in the Library. It is used to read the file and not stored.",
    ),
    errors.WrongPassword: Words(
        title="The password is wrong",
        sentence="The file did not open with that password.",
        action="Type it again; capital letters count.",
    ),
    errors.TooLarge: Words(
        title="The file is too large",
        sentence="It is over the size limit.",
        action="Split it, or raise SECOND_PASS_READ_FILE_MB.",
    ),
    errors.TooManyPages: Words(
        title="The file has too many pages",
        sentence="It is over the page limit.",
        action="Split it, or raise SECOND_PASS_READ_PAGES.",
    ),
    errors.TooLargeUnpacked: Words(
        title="The file is too large when unpacked",
        sentence="Its compressed parts unpack to more memory than the reader is allowed.",
        action="If you trust it, raise SECOND_PASS_READ_MEMORY_MB; otherwise leave it out.",
    ),
    errors.TookTooLong: Words(
        title="Reading took too long",
        sentence="The reader was stopped at its time limit.",
        action="Save a copy from a PDF viewer, or raise SECOND_PASS_READ_WALL_SECONDS and …_CPU_SECONDS.",
    ),
    errors.ReaderCrashed: Words(
        title="The reader crashed",
        sentence="This file ended the reader's process; nothing else was harmed.",
        action="Save a copy from a PDF viewer and add that.",
    ),
    errors.NoTextFound: Words(
        title="No text was found",
        sentence="The pages hold pictures only, as scans do.",
        action="Run text recognition (OCR) on it, then add the result.",
    ),
    errors.Cancelled: Words(
        title="Cancelled",
        sentence="Reading was stopped on request; nothing of the file is searchable.",
        action="Use Retry to read it after all, or delete it.",
    ),
    errors.FileLost: Words(
        title="A stored file is missing",
        sentence="The file of a document is gone from the data directory.",
        action="Add the file again; until then the document answers from the passages that were saved.",
    ),
    errors.ModelMissing: Words(
        title="A model is missing",
        sentence="The model's weights are not on this machine and could not be fetched.",
        action="Check the name, or give the path of a folder that holds the model.",
    ),
    errors.RerankerFailed: Words(
        title="The reranker gave no scores",
        sentence="The order of the stage before it is shown.",
        action="Ask again; Settings shows whether the reranker can be reached.",
    ),
    errors.RerankerUnavailable: Words(
        title="This reranker cannot run here",
        sentence="A package, a key or a server that it needs is missing.",
        action="Choose another reranker, or set up what it needs; Settings lists it.",
    ),
    errors.RerankerAnswered: Words(
        title="The rerank server gave no scores",
        sentence="It answered, and not with what was asked for. The order of the stage before it is shown.",
        action="Check the server's address, model and key in the settings.",
    ),
    errors.QuestionRefused: Words(
        title="This question cannot be searched",
        sentence="It is empty or far too long.",
        action="Ask in a sentence or two.",
    ),
    errors.GeneratorFailed: Words(
        title="The language model gave no answer",
        sentence="The passages were found and ordered as always; only the wording of an answer is missing.",
        action="The passages are shown, so that you can read on in the documents.",
    ),
    errors.GoldensUnreadable: Words(
        title="The golden questions cannot be read",
        sentence="A line of the file is not what is expected.",
        action='Each line is JSON: {"question": …, "relevant": [{"document": …, "page": …}]}.',
    ),
    errors.TrainingDataUnreadable: Words(
        title="The training data cannot be read",
        sentence="A file is missing or a line of it is not what is expected.",
        action="Name the folder that holds pairs.jsonl.gz and passages.jsonl.gz.",
    ),
    errors.NotAllowed: Words(
        title="That is not yours to open",
        sentence="There is no such document or conversation in your library.",
        action="Sign in as the person it belongs to.",
    ),
    errors.UnknownName: Words(
        title="There is no such name",
        sentence="The name is not known.",
        action="Choose one of the known names.",
    ),
}

OUTCOMES: dict[Outcome, Words] = {
    Outcome.ANSWERED: Words(
        title="Answered",
        sentence="The answer rests on the cited passages.",
        action="Open a citation to read it in its document.",
    ),
    Outcome.NOT_IN_DOCUMENTS: Words(
        title="Not in the documents",
        sentence="Nothing in the searched documents answers this.",
        action="Look at the nearest passages, ask in other words, or add a document that holds it.",
    ),
    Outcome.NO_DOCUMENTS: Words(
        title="Nothing to search yet",
        sentence="No document is ready to be searched.",
        action="Add a PDF, or wait until reading has finished.",
    ),
    Outcome.MODEL_UNAVAILABLE: Words(
        title="The language model gave no answer",
        sentence="The passages were found and ordered as always; only the wording of an answer is missing.",
        action="Read the passages, or ask again.",
    ),
    Outcome.INTERRUPTED: Words(
        title="The answer was cut off",
        sentence="What had arrived before the break is shown.",
        action="Ask again for the whole answer.",
    ),
}


def explain(error: BaseException) -> Words:
    """The words for any exception; for one of the product's own, its own sentence is kept."""
    for kind in type(error).__mro__:
        if kind in ERRORS:
            words = ERRORS[kind]
            said = error.detail if isinstance(error, errors.FileRefused) else str(error)
            return replace(words, sentence=_sentence(said)) if said.strip() else words
    if isinstance(error, MemoryError):
        return Words(
            title="Memory ran out",
            sentence="This machine had too little memory left for that.",
            action="Close other programs, or choose a smaller model in second-pass.toml.",
        )
    return Words(
        title="That did not work",
        sentence=f"Second Pass met a fault of its own ({type(error).__name__}).",
        action="Try again; if it stays so, the log names the place.",
    )


def explain_outcome(outcome: Outcome) -> Words:
    return OUTCOMES[outcome]


def _sentence(text: str) -> str:
    """With a capital at the front and a full stop at the end; file names keep their case."""
    text = " ".join(text.split())
    first = text.split(" ", 1)[0]
    if first.isalpha() and first.islower():
        text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?…" else text + "."
