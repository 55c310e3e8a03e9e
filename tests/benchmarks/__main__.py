"""`./run bench [NAME …]`: run benchmarks by name, or say which there are."""

import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
SUPPORTING = {"__init__", "__main__"}


def names() -> dict[str, str]:
    """Every benchmark and the first line of what it says about itself."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        text = path.read_text("utf-8")
        if path.stem not in SUPPORTING and '__name__ == "__main__"' in text:
            found[path.stem] = text.lstrip('"').split("\n", 1)[0].rstrip('"')
    return found


def main() -> None:
    """Run those named, each as a program of its own."""
    known = names()
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")]
    if not wanted:
        print("./run bench NAME:")
        for name, line in known.items():
            print(f"  {name:14} {line}")
        return
    options = [name for name in sys.argv[1:] if name.startswith("-")]
    for name in wanted:
        if name not in known:
            sys.exit(f"There is no benchmark '{name}'; there are {', '.join(known)}.")
        sys.argv = [name, *options]
        runpy.run_module(f"tests.benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
