"""The house rules that a reader of the code relies on, held by the code itself."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

PACKAGES = ("app", "ingest", "rag")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
# What each package may import of ours. `rag` knows of ingestion only its values, protocols and errors,
# and what a word and a sentence is.
ALLOWED = {
    "ingest": {"ingest"},
    "rag": {
        "rag",
        "ingest.documents",
        "ingest.block_json",
        "ingest.questions",
        "ingest.protocols",
        "ingest.errors",
        "ingest.embed.options",
        "ingest.embed.hardware",
        "ingest.embed.minilm",
        "ingest.language",
    },
    "app": {"app", "rag", "ingest"},
}
HEAVY = {"torch", "transformers", "sentence_transformers", "chromadb", "streamlit", "langchain_core"}


def _imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found += [f"{node.module}.{name.name}" for name in node.names]
    return found


def _covered(name: str, allowed: set[str]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in allowed)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_from_app_to_rag_to_ingest_and_never_back(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    for name in _imports(path):
        if name.split(".")[0] in PACKAGES:
            assert _covered(name, ALLOWED[package]), f"{path.relative_to(ROOT)} imports {name}"


def test_only_wiring_and_the_stores_themselves_name_chroma() -> None:
    named = {str(path.relative_to(ROOT)) for path in FILES if any("chromadb" in name for name in _imports(path))}
    assert named <= {"ingest/store/dense/chroma.py", "app/bench/peer.py"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_of_ours_unpickles_or_trusts_remote_code(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set(_imports(path))
    assert not {name for name in names if name.split(".")[0] in {"pickle", "dill", "joblib", "shelve", "marshal"}}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"eval", "exec", "torch.load", "os.system", "yaml.load"}, f"{path}:{node.lineno}"
            for keyword in node.keywords:
                if keyword.arg in {"trust_remote_code", "shell", "allow_pickle"}:
                    assert ast.unparse(keyword.value) == "False", f"{path}:{node.lineno}: {keyword.arg}"


# Where ingestion takes files off the disk: kept ones in the first (`_unlink`), what can be made again in the others.
UNLINKS = {
    "ingest/store/files/folder.py",
    "ingest/store/keywords/tantivy.py",
    "ingest/store/reconcile.py",
    "ingest/store/tokens/mapped_files.py",
}


def test_kept_files_are_unlinked_in_one_place_only() -> None:
    unlinking = {
        str(path.relative_to(ROOT))
        for path in FILES
        if path.is_relative_to(ROOT / "ingest")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in {"unlink", "rmtree", "rmdir", "removedirs"}
    }
    assert unlinking == UNLINKS
    tree = ast.parse((ROOT / "ingest/store/files/folder.py").read_text(encoding="utf-8"))
    functions = {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".unlink")
    }
    assert functions == {"_unlink", "sweep", "whole_or_nothing"}  # the other two: temporary files


def test_help_does_not_load_the_heavy_packages() -> None:
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from app.cli.main import main\n"
        "result = CliRunner().invoke(main, ['--help'])\n"
        "assert result.exit_code == 0, result.output\n"
        f"print(sorted(set(sys.modules) & {HEAVY!r}))\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
