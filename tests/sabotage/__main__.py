"""Plant every defect in a copy of the product and see that its test turns red: python -m tests.sabotage [NAME …]"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from itembank.storage.embedded import EmbeddedServer
from tests.sabotage.defects import DEFECTS, Defect

ROOT = Path(__file__).parents[2]
RELAXED = {"fsync": "off", "full_page_writes": "off"}
COPIED = (
    "api",
    "engine",
    "itembank",
    "psychometrics",
    "sample",
    "tests",
    "docs",
    "pyproject.toml",
    "run",
    "alembic.ini",
)


def plant(defect: Defect, root: Path) -> None:
    """Put the defect in place of what is right."""
    for name in defect.files:
        path = root / name
        text = path.read_text("utf-8")
        assert defect.right in text, f"{name} no longer holds what '{defect.name}' changes; write the defect anew."
        path.write_text(text.replace(defect.right, defect.wrong), "utf-8")


def turns_red(root: Path, test: str, environment: dict[str, str] | None = None) -> bool:
    """Whether the test itself fails; a run that cannot even begin shows nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "--tb=no", "--show-capture=no",
         "-rfE", "--timeout=120", test],
        cwd=root, env=environment, capture_output=True, check=False, text=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    failed = any(line.startswith(f"FAILED {test}") for line in lines)
    return done.returncode == 1 and failed and not any(line.startswith("ERROR ") for line in lines)


def noticed(defect: Defect, environment: dict[str, str] | None = None) -> bool:
    """Whether the defect turns its test red."""
    with tempfile.TemporaryDirectory(prefix="assay-sabotage-") as name:
        root = Path(name)
        for part in COPIED:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, root / part)
            elif source.exists():
                shutil.copy(source, root / part)
        plant(defect, root)
        return turns_red(root, defect.test, environment)


def main() -> None:
    chosen = [defect for defect in DEFECTS if not sys.argv[1:] or defect.name in sys.argv[1:]]
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="assay-sabotage-") as name, EmbeddedServer(Path(name), RELAXED) as server:
        environment = {**os.environ, "ASSAY_TEST_DATABASE_URL": server.dsn()}
        for defect in chosen:
            seen = noticed(defect, environment)
            unnoticed += not seen
            word = "noticed  " if seen else "UNNOTICED"
            print(f"{word}  {defect.name}  ({defect.test.rsplit('/', 1)[1]})", flush=True)
    print(f"{len(chosen) - unnoticed} of {len(chosen)} planted defects turn their test red.")
    sys.exit(unnoticed > 0)


if __name__ == "__main__":
    main()
