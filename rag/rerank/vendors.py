"""Keys and addresses of rerankers that run elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

from pydantic import AliasChoices, Field, SecretStr


def _key(title: str, *variables: str) -> Any:
    return Field(validation_alias=AliasChoices(*variables), description=f"Key of {title}'s rerankers.")


def _url(title: str, variable: str) -> Any:
    return Field(validation_alias=AliasChoices(variable), description=f"Address of {title}, or of a proxy for it.")


@dataclass(frozen=True, kw_only=True)
class Vendors:
    """Keys and addresses of rerankers that run elsewhere.

    The settings' group [vendors]. The environment variables have the names that the vendors' own clients use.
    """

    cohere_key: Annotated[SecretStr | None, _key("Cohere", "CO_API_KEY", "COHERE_API_KEY")] = None
    cohere_url: Annotated[str, _url("Cohere", "CO_API_URL")] = "https://api.cohere.com"
    jina_key: Annotated[SecretStr | None, _key("Jina", "JINA_API_KEY")] = None
    jina_url: Annotated[str, _url("Jina", "JINA_BASE_URL")] = "https://api.jina.ai/v1"
    voyage_key: Annotated[SecretStr | None, _key("Voyage", "VOYAGE_API_KEY")] = None
    voyage_url: Annotated[str, _url("Voyage", "VOYAGE_BASE_URL")] = "https://api.voyageai.com/v1"
    pinecone_key: Annotated[SecretStr | None, _key("Pinecone", "PINECONE_API_KEY")] = None
    pinecone_url: Annotated[str, _url("Pinecone", "PINECONE_CONTROLLER_HOST")] = "https://api.pinecone.io"
    zeroentropy_key: Annotated[SecretStr | None, _key("ZeroEntropy", "ZEROENTROPY_API_KEY")] = None
    zeroentropy_url: Annotated[str, _url("ZeroEntropy", "ZEROENTROPY_BASE_URL")] = "https://api.zeroentropy.dev/v1"
    mixedbread_key: Annotated[SecretStr | None, _key("Mixedbread", "MXBAI_API_KEY")] = None
    mixedbread_url: Annotated[str, _url("Mixedbread", "MIXEDBREAD_BASE_URL")] = "https://api.mixedbread.com"
    own_server_key: Annotated[SecretStr | None, Field(description="Key of a rerank server of your own.")] = None

    def key(self, prefix: str) -> str:
        """What to authorize with, "" where it is not set. prefix: `cohere`, …, or `own_server`."""
        key: SecretStr | None = getattr(self, f"{prefix}_key")
        return key.get_secret_value().strip() if key else ""

    def url(self, prefix: str) -> str:
        return str(getattr(self, f"{prefix}_url")).strip()


def key_variables(prefix: str) -> str:
    """The vendor's own names for the variable with its key, as a person reads them."""
    (info,) = get_type_hints(Vendors, include_extras=True)[f"{prefix}_key"].__metadata__
    return " or ".join(info.validation_alias.choices)
