"""What learners' requests will need, loaded while nobody waits for it: after the server is ready, between requests.

The server is ready sooner without these libraries, and no learner should be the one who waits for them. A request that
comes before its library loads it by itself.
"""

import asyncio
import sys
from importlib import import_module

from api.logs import log

LIBRARIES = (
    "numpy.f2py", "scipy.special", "scipy.linalg", "scipy.sparse.linalg", "scipy.spatial", "scipy.optimize", "highspy",
    "psychometrics.ability.multidimensional", "joserfc.jws", "openbadgeslib.ob3", "engine.credentials.document",
    "itembank.exchange.json_lines",
)  # fmt: skip
"""In the order in which a sitting needs them. Large ones come in parts, because requests wait while one is loaded."""
PAUSE_SECONDS = 0.02


async def warm_up() -> None:
    """Load them on the loop's own thread, a pause after each: two threads must not load what belongs together."""
    for name in LIBRARIES:
        if name in sys.modules:
            continue
        try:
            import_module(name)
        except Exception:
            log.exception("a library cannot be loaded", library=name)
        await asyncio.sleep(PAUSE_SECONDS)
