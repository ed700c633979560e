"""What a generator is given and what it gives: a prompt in, pieces of text out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One earlier question of the conversation with its answer."""

    question: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class Message:
    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """Everything that a language model is sent for one answer, and nothing else."""

    system: str
    messages: tuple[Message, ...]

    def text(self) -> str:
        """The prompt as a person reads it: each message word for word under its role, in the order sent."""
        parts = [("system", self.system), *((message.role, message.content) for message in self.messages)]
        return "\n\n".join(f"=== {role} ===\n{content}" for role, content in parts)


class TextStream(Protocol):
    """Pieces of text as they arrive. `tokens` is filled when the stream has ended ("prompt", "completion"; may stay
    empty where the server does not count). `close` gives the connection back early; it may be called twice."""

    @property
    def tokens(self) -> Mapping[str, int]: ...

    def __iter__(self) -> Iterator[str]: ...

    def close(self) -> None: ...


class Generator(Protocol):
    """A language model. Shared by all sessions, so it keeps no state of a question."""

    @property
    def name(self) -> str:
        """The model as the answer's byline names it."""
        ...

    def stream(self, prompt: Prompt) -> TextStream:
        """Start an answer. Iterating raises GeneratorFailed when no answer, or only a part of one, arrives:
        the pieces that came before it are good and were handed over."""
        ...
