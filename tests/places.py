"""Where things lie in the checkout. `SHARED` holds the development sets; tests that need it skip where it is absent."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "data" / "samples"
MODELS = ROOT / "data" / "models"
SHARED = ROOT.parent / "shared" / "data"
