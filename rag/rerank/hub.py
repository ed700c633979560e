"""Where a named model's files are: a folder, the hub's cache on this machine, or the hub itself."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import RerankerUnavailable

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
REACH_TIMEOUT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class FoundModel:
    """location: what a loader is given, a folder or a hub name. version: a digest of the folder or the hub's commit,
    "" when the hub has not been asked. local: all files are here, so that no network is used."""

    location: str
    version: str
    local: bool


def is_folder(name: str) -> bool:
    return Path(name).expanduser().is_dir()


def found_here(name: str) -> FoundModel | None:
    """The model if its files are on this machine; never asks the network."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return FoundModel(location=str(folder), version=folder_version(folder), local=True)
    if not HUB_NAME.fullmatch(name):
        return None
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(name, "config.json")
    if not isinstance(config, str):
        return None
    return FoundModel(location=name, version=Path(config).parent.name, local=True)


def has_file(name: str, file: str) -> bool:
    """Whether a model that is here has the file. After loading, that is whether the model has it at all."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return (folder / file).is_file()
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, file), str)


def find_model(name: str) -> FoundModel:
    """The model here, or else on the hub.

    The hub is asked once, with a short timeout, before any loader starts: the loaders' own retries take most of a
    minute to say that there is no network. Raises RerankerUnavailable with what to do.
    """
    here = found_here(name)
    if here:
        return here
    if not HUB_NAME.fullmatch(name):
        raise RerankerUnavailable(f"{name}: there is no such folder.")
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

    advice = "Give a folder that holds the model, or fetch it where there is a connection."
    try:
        info = HfApi().model_info(name, timeout=REACH_TIMEOUT_S)
    except RepositoryNotFoundError:
        raise RerankerUnavailable(
            f"{name}: the model hub has no such model, or it needs a login (set HF_TOKEN)."
        ) from None
    except OfflineModeIsEnabled:
        raise RerankerUnavailable(
            f"{name} is not on this machine, and HF_HUB_OFFLINE forbids fetching it. {advice}"
        ) from None
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "no status"
        raise RerankerUnavailable(f"{name} could not be fetched: the model hub answered {status}. {advice}") from None
    except Exception:
        # Network errors are those of whichever HTTP client the installed huggingface_hub is built on.
        raise RerankerUnavailable(
            f"{name} is not on this machine, and the model hub cannot be reached. {advice}"
        ) from None
    return FoundModel(location=name, version=info.sha or "", local=False)


def folder_version(folder: Path) -> str:
    """A digest of a model folder: its configuration's bytes, and the weights' names, sizes and times of change."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".json":
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
        elif path.suffix in {".safetensors", ".onnx", ".xml", ".bin", ".model", ".txt"}:
            stat = path.stat()
            digest.update(f"{path.relative_to(folder).as_posix()}\0{stat.st_size}\0{stat.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]


def version_of_package(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return ""
