"""Credentials: what they say, both signatures, rotation, baking, verdicts, and one-byte changes refused."""

import json
import random
from base64 import urlsafe_b64decode
from datetime import timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openbadgeslib.ob3 import decode_encoded_list, set_indices

from engine.credentials import (
    StatusList,
    bake,
    default_png,
    default_svg,
    did_document,
    did_of,
    free_index,
    issue_document,
    issue_jwt,
    list_document,
    list_jwt,
    new_key,
    verify_credential,
    verify_many,
)
from engine.credentials.facts import facts_of
from engine.credentials.issue import as_json
from engine.credentials.keys import current
from engine.credentials.status_list import SIZE, StatusListFull
from engine.events import CreditAwarded
from engine.messages import say
from engine.policies import preset
from itembank.competencies import Competency
from tests.engine.credentials.badges import DID, ED, FACTS, LIST, NOW, RSA, facts, web
from tests.engine.story import decision

DOCUMENT = issue_document(FACTS, ED, NOW)
TEXT = as_json(DOCUMENT).encode()
JWT = issue_jwt(FACTS, RSA).encode()
WEB, REVOKED = web(), web(revoked=(77,))


def pictures() -> list[bytes]:
    plain = default_png(), default_svg("Statistics", "0.6")
    return [bake(picture, text.decode()) for picture in plain for text in (TEXT, JWT)]


def test_it_says_what_was_measured_and_how_surely() -> None:
    subject = DOCUMENT["credentialSubject"]
    values = {r["resultDescription"].split("#")[1]: r["value"] for r in subject["result"]}
    described = {d["id"].split("#")[1]: d for d in subject["achievement"]["resultDescription"]}
    assert values == {
        "score": "94.2", "score-error": "2.1", "theta": "2.140", "theta-error": "0.310", "decision-error": "0.1130",
        "items": "31", "method": "computerised adaptive test", "proctoring": "not proctored", "policy": "kctcs 1",
        "parameters": "2026-02", "grade": "94 %",
    }  # fmt: skip
    assert described["score"]["requiredValue"] == "90.0"
    assert described["theta"]["requiredValue"] == "1.800"
    assert (subject["creditsEarned"], subject["achievement"]["creditsAvailable"]) == (0.6, 0.6)
    kinds = [(a["targetType"], a["targetUrl"]) for a in subject["achievement"]["alignment"]]
    assert kinds[0] == ("CFItem", "https://case.example.org/uri/1")
    assert kinds[1][0] == "ceasn:Competency"
    assert "ada@example.org" not in TEXT.decode()
    assert subject["identifier"][0]["identityHash"].startswith("sha256$")


def test_every_carrier_is_valid_and_says_so_in_its_first_line() -> None:
    for data in (TEXT, JWT, *pictures()):
        verdict = verify_credential(data, WEB, NOW)
        assert (verdict.status, verdict.title) == ("valid", FACTS.title), verdict.detail
        assert say(verdict.first_line).startswith("Valid")
    assert verify_credential(TEXT, WEB, NOW).form == "document"
    assert verify_credential(JWT, WEB, NOW).form == "jwt"


def test_revocation_is_seen_in_every_carrier() -> None:
    for data in (TEXT, JWT, *pictures()):
        assert verify_credential(data, REVOKED, NOW).status == "revoked"
    assert verify_credential(TEXT, web(revoked=(76, 78)), NOW).status == "valid"


def test_expiry_in_words() -> None:
    lapsing = facts(expires=NOW + timedelta(days=30))
    for data in (as_json(issue_document(lapsing, ED, NOW)).encode(), issue_jwt(lapsing, RSA).encode()):
        assert verify_credential(data, WEB, NOW + timedelta(days=31)).status == "expired"
    far = facts(expires=NOW + timedelta(days=40_000))
    for data in (as_json(issue_document(far, ED, NOW)).encode(), issue_jwt(far, RSA).encode()):
        assert verify_credential(data, WEB, NOW).status == "valid"
        assert verify_credential(data, WEB, NOW + timedelta(days=40_001)).status == "expired"


def test_an_unreachable_issuer_or_list_means_cannot_be_checked() -> None:
    def nothing(url: str) -> bytes:
        raise OSError("no network")

    def no_list(url: str) -> bytes:
        return WEB(url) if url.endswith("did.json") else nothing(url)

    for data in (TEXT, JWT):
        assert verify_credential(data, nothing, NOW).status == "cannot_be_checked"
        assert verify_credential(data, no_list, NOW).status == "cannot_be_checked"


def test_a_status_list_of_somebody_else_is_not_believed() -> None:
    stranger = new_key("RS256", "key-2", NOW)
    forged = list_jwt(StatusList(url=LIST, issuer=DID), stranger, NOW).encode()

    def fetch(url: str) -> bytes:
        return forged if url == LIST else WEB(url)

    for data in (TEXT, JWT):
        assert verify_credential(data, fetch, NOW).status == "cannot_be_checked"


def test_a_lapsed_status_list_is_not_believed() -> None:
    old = list_jwt(StatusList(url=LIST, issuer=DID), RSA, NOW, valid_until=NOW + timedelta(hours=1)).encode()
    assert verify_credential(TEXT, lambda url: old if url == LIST else WEB(url), NOW).status == "cannot_be_checked"


def test_keys_rotate_without_breaking_old_credentials() -> None:
    later = NOW + timedelta(days=1)
    ed, rsa = new_key("EdDSA", "key-3", later), new_key("RS256", "key-4", later)
    retired = tuple(msgspec.structs.replace(key, retired=later) for key in (ED, RSA))
    keys = (ed, rsa, *retired)
    assert (current(keys, "EdDSA").fragment, current(keys, "RS256").fragment) == ("key-3", "key-4")
    rotated = web(keys=keys, signer=rsa)
    fresh = as_json(issue_document(FACTS, ed, later)).encode(), issue_jwt(FACTS, rsa).encode()
    for data in (TEXT, JWT, *fresh):
        verdict = verify_credential(data, rotated, later)
        assert verdict.status == "valid", verdict.detail
    # A key that is no longer listed is no longer trusted.
    assert verify_credential(TEXT, web(keys=(ed, rsa), signer=rsa), later).status == "invalid"


def changed(data: bytes, rng: random.Random) -> bytes:
    spot = rng.randrange(len(data))
    return data[:spot] + bytes([data[spot] ^ rng.randrange(1, 256)]) + data[spot + 1 :]


@pytest.mark.parametrize(("data", "tries"), [(TEXT, 60), (JWT, 60)], ids=["document", "jwt"])
def test_one_changed_byte_is_refused(data: bytes, tries: int) -> None:
    rng = random.Random(11)
    for _ in range(tries):
        forged = changed(data, rng)
        assert verify_credential(forged, WEB, NOW).status in ("invalid", "cannot_be_checked"), forged


def test_the_loose_bits_of_a_jwt_signature_are_refused() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = JWT.decode()[-1]
    for other in alphabet:
        if other != last:
            assert verify_credential((JWT.decode()[:-1] + other).encode(), WEB, NOW).status == "invalid"


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_every_byte_of_both_forms_is_covered() -> None:
    rng = random.Random(12)
    for data in (TEXT, JWT):
        for spot in range(len(data)):
            forged = data[:spot] + bytes([data[spot] ^ rng.randrange(1, 256)]) + data[spot + 1 :]
            assert verify_credential(forged, WEB, NOW).status in ("invalid", "cannot_be_checked"), spot


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.one_of(st.binary(max_size=400), st.text(max_size=400).map(str.encode), st.just(b"{}"), st.just(b"a.b.c")))
def test_any_file_gets_a_verdict(data: bytes) -> None:
    assert verify_credential(data, WEB, NOW).status in ("invalid", "cannot_be_checked")


def test_two_hundred_files_fetch_each_address_once() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return WEB(url)

    verdicts = verify_many([JWT] * 200, fetch, NOW)
    assert {verdict.status for verdict in verdicts} == {"valid"}
    assert len(asked) == 2


def test_a_picture_holds_one_credential() -> None:
    baked = pictures()[0]
    assert baked.count(b"openbadgecredential") == 1
    with pytest.raises(ValueError, match="carries a credential already"):
        bake(baked, TEXT.decode())
    with pytest.raises(ValueError, match="neither a readable PNG nor a readable SVG"):
        bake(b"GIF89a", TEXT.decode())


def test_indices_are_random_and_never_doubled() -> None:
    rng = np.random.default_rng(1)
    taken: set[int] = set()
    for _ in range(300):
        taken.add(free_index(taken, rng))
    assert len(taken) == 300
    assert max(taken) > SIZE / 2
    nearly = set(range(SIZE)) - {4_711}
    assert free_index(nearly, rng) == 4_711
    with pytest.raises(StatusListFull):
        free_index(set(range(SIZE)), rng)


@given(st.sets(st.integers(0, SIZE - 1), max_size=40))
def test_the_list_holds_exactly_the_revoked(revoked: set[int]) -> None:
    document = list_document(StatusList(url=LIST, issuer=DID, revoked=tuple(revoked)), ED, NOW)
    assert set_indices(decode_encoded_list(document["credentialSubject"]["encodedList"])) == revoked


def test_the_did_document_lists_every_key_with_its_type() -> None:
    document = did_document(DID, (ED, RSA))
    assert [m["type"] for m in document["verificationMethod"]] == ["Multikey", "JsonWebKey"]
    assert document["verificationMethod"][0]["publicKeyMultibase"].startswith("z6Mk")
    assert "d" not in document["verificationMethod"][1]["publicKeyJwk"]
    assert did_of("https://example.org:8443/a/b") == "did:web:example.org%3A8443:a:b"
    with pytest.raises(ValueError, match="fragment of its own"):
        did_document(DID, (ED, ED))


def test_facts_come_from_the_event_of_credit_and_refuse_a_failed_decision() -> None:
    policy = preset("kctcs")
    award = CreditAwarded(at=NOW, sitting="s1", hours=policy.credit.hours, grade="95 %", policy_version="1")
    options = {
        "id": FACTS.id, "recipient": FACTS.recipient, "achievement_id": FACTS.achievement_id, "status_list": LIST,
        "status_index": 5,
    }  # fmt: skip
    competencies = [
        Competency(key="a", statement="A", uri="https://case.example.org/uri/9"),
        Competency(key="b", statement="B"),
    ]
    passed = decision(policy, "post_test", 95, passed=True)
    made = facts_of(award, passed, policy, competencies, FACTS.issuer, **options)
    assert [aligned.uri for aligned in made.alignments] == ["https://case.example.org/uri/9"]
    assert verify_credential(as_json(issue_document(made, ED, NOW)).encode(), WEB, NOW).status == "valid"
    failed = decision(policy, "post_test", 50, passed=False)
    with pytest.raises(ValueError, match="passed one"):
        facts_of(award, failed, policy, competencies, FACTS.issuer, **options)


def test_an_address_without_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="salt"):
        issue_document(facts(salt=""), ED, NOW)


def test_jwt_claims_repeat_the_credential() -> None:
    header, payload = (json.loads(urlsafe_b64decode(part + "==")) for part in JWT.decode().split(".")[:2])
    assert (header["alg"], header["kid"]) == ("RS256", f"{DID}#key-2")
    assert (payload["iss"], payload["jti"], payload["sub"]) == (DID, FACTS.id, FACTS.recipient)
    assert payload["nbf"] == int(NOW.timestamp())
