"""The only reader of the environment and of second-pass.toml. What it reads travels on as plain arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ingest.errors import SettingsError


class Settings(BaseSettings):
    """Every setting: `name` in second-pass.toml, `SECOND_PASS_NAME` in the environment (which wins)."""

    model_config = SettingsConfigDict(
        env_prefix="SECOND_PASS_", toml_file="second-pass.toml", extra="forbid", frozen=True, env_ignore_empty=True
    )

    home: Path = Field(Path("var"), description="The data directory: database, indexes, files. One process at a time.")
    collection: str = Field("default", description="The collection that files go to when none is named.")

    embedding: str = Field("builtin", description="`builtin`, or a sentence-transformers name or folder.")
    fast: str = Field("late-interaction", description="Reranker of the fast stage, or `none`.")
    precise: str = Field("builtin", description="Reranker of the precise stage, or `none`.")
    fusion: Literal["learned", "rrf"] = Field("learned", description="How first-stage signals become one order.")
    retrieve: int = Field(100, ge=1, le=1000, description="Candidates from each of dense and BM25.")
    fast_keep: int = Field(20, ge=1, le=200, description="How many the fast stage passes on.")
    evidence: int = Field(5, ge=1, le=20, description="How many passages the generator is given.")

    device: str = Field("auto", description="`auto`, `cpu`, `cuda` or `mps` for local models.")
    backend: Literal["torch", "onnx", "openvino"] = Field("torch", description="Backend of local cross-encoders.")
    threads: int = Field(0, ge=0, description="Threads for local models; 0 leaves it to torch.")
    score_cache: bool = Field(True, description="Never pay twice for the same reranker, question and passage.")
    gate_margin: float | None = Field(None, description="Skip the precise stage when the first leads by this much.")
    budget_ms: float | None = Field(None, gt=0, description="The precise stage stops reading after this many ms.")
    reranker_timeout: float = Field(10.0, gt=0, description="Seconds after which a reranker call is given up.")
    fold_duplicates: bool = Field(True, description="Near-duplicate passages count once in the evidence.")
    diversity: float = Field(0.0, ge=0, le=1, description="MMR: 0 orders by score alone, 1 by difference alone.")
    per_document: int | None = Field(None, ge=1, description="At most this many evidence passages of one document.")
    answer_threshold: float | None = Field(None, ge=0, le=1, description="Below it: not in the documents.")

    llm_model: str = Field("gpt-4o-mini", description="Chat model at the OpenAI-compatible endpoint.")
    llm_timeout: float = Field(60.0, gt=0, description="Seconds of silence after which the model is given up.")
    openai_api_key: SecretStr | None = Field(
        None, validation_alias="OPENAI_API_KEY", description="Key of a language model, which then words the answers."
    )
    openai_base_url: str | None = Field(
        None, validation_alias="OPENAI_BASE_URL", description="Address of a model of your own (llama.cpp, vLLM, …)."
    )

    max_file_mb: int = Field(50, ge=1, description="Larger files are refused.")
    max_pages: int = Field(2000, ge=1, description="Files with more pages are refused.")
    parse_memory_mb: int = Field(1536, ge=256, description="Memory limit of the PDF reader's process.")
    parse_cpu_seconds: int = Field(60, ge=1, description="Processor time that reading one file may take.")
    parse_wall_seconds: int = Field(120, ge=1, description="Seconds that reading one file may take.")
    chunk_tokens: int = Field(200, ge=50, le=400, description="Target passage length in the embedder's word pieces.")
    chunk_overlap: int = Field(40, ge=0, le=200, description="Word pieces that a passage repeats of the one before.")

    signals: bool = Field(True, description="Record clicks on evidence and quick rephrasings as weak signals.")
    host: str = Field("127.0.0.1", description="Address that the servers bind to.")
    port: int = Field(8501, ge=1, le=65535, description="Port of the pages, or of the HTTP API.")
    api_key: SecretStr | None = Field(None, description="Key that the HTTP API asks for as a bearer token.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def read_settings(**overrides: object) -> Settings:
    """Settings from `overrides`, then the environment, then second-pass.toml in the working directory.

    Raises SettingsError with every wrong name or value, where it stands and what is accepted.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
        raise SettingsError(
            "These settings are wrong (environment SECOND_PASS_… or second-pass.toml): " + "; ".join(lines)
        ) from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"second-pass.toml cannot be read: {error}") from None
