"""Where the chat model is that words answers and, if asked to, reranks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, SecretStr

PUBLIC_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, kw_only=True)
class ChatEndpoint:
    """The language model that words answers; without key and address, answers are quoted from the passages.

    The settings' group [answer]: a model at an OpenAI-compatible endpoint.
    """

    model: Annotated[str, Field(description="Chat model at the OpenAI-compatible endpoint.")] = "gpt-4o-mini"
    key: Annotated[
        SecretStr | None,
        Field(validation_alias="OPENAI_API_KEY", description="Key of a language model, which then words the answers."),
    ] = None
    base_url: Annotated[
        str | None,
        Field(
            validation_alias="OPENAI_BASE_URL",
            description="Address of a model of your own (llama.cpp, vLLM, …), which ends before /chat/completions.",
        ),
    ] = None
    max_chars: Annotated[int, Field(ge=100, description="Characters after which an answer is cut off.")] = 20_000
    timeout_s: Annotated[float, Field(gt=0, description="Seconds of silence after which the model is given up.")] = 60.0

    @property
    def configured(self) -> bool:
        return bool(self.token or self.base_url)

    @property
    def address(self) -> str:
        return (self.base_url or PUBLIC_URL).rstrip("/")

    @property
    def token(self) -> str:
        """The key as a server is sent it, "" for none."""
        return self.key.get_secret_value() if self.key else ""
