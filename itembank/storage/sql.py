"""Named SQL blocks: `items.py` reads its statements from `items.sql`, where each follows a line `-- name: …`."""

from pathlib import Path
from types import SimpleNamespace


def load(module_file: str) -> SimpleNamespace:
    """The statements of the .sql file beside `module_file`, as attributes.

    Raises:
        ValueError: for a doubled name or text before the first name; the file and line are named.
    """
    path = Path(module_file).with_suffix(".sql")
    blocks: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("-- name:"):
            name = line.removeprefix("-- name:").strip()
            if name in blocks or not name.isidentifier():
                raise ValueError(
                    f"{path.name}:{number}: the block name '{name}' is doubled or no identifier; rename it."
                )
            current = blocks[name] = []
        elif current is not None:
            current.append(line)
        elif line.strip() and not line.startswith("--"):
            raise ValueError(f"{path.name}:{number}: text before the first '-- name:' line; move it into a block.")
    return SimpleNamespace(**{name: "\n".join(lines).strip() for name, lines in blocks.items()})
