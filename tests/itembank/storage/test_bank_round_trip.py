"""A bank in and out of the database: every kind of question, pictures, French; the same files again change nothing."""

import msgspec
import pytest

from itembank.competencies import Competency, Framework
from itembank.exchange.html import sanitise
from itembank.exchange.json_lines import cleaned, read_item_lines, write_item_lines
from itembank.exchange.qti.export import write_package
from itembank.exchange.qti.items import read_item
from itembank.exchange.qti.packages import read_package
from itembank.items import Item, ItemFacts, content_hash
from itembank.storage import institutions
from itembank.storage import items as item_rows
from itembank.storage.database import Database
from itembank.workflows.export_bank import export_bank
from itembank.workflows.import_bank import import_bank
from tests.itembank.qti import samples as s
from tests.itembank.qti import vectors as v

FRENCH = "<p>Où l’élève a-t-il lu «\u00a0Noël\u00a0»\u202f? 3\u00a0×\u00a04\u202f; œuvre, ça, 12\u202f345,67\u00a0€</p>"
FRAMEWORK = Framework(key="f", title="f", competencies=(Competency(key="c", statement="c"),))


def in_french(item: Item) -> Item:
    """The item with French typography in its texts: non-breaking spaces, guillemets, ligatures."""
    replace = msgspec.structs.replace
    interactions = tuple(
        replace(
            part,
            prompt=part.prompt and f"{part.prompt} «\u00a0été\u00a0»",
            choices=tuple(replace(one, content=one.content and f"{one.content} œ\u202f!") for one in part.choices),
        )
        for part in item.content.interactions
    )
    content = replace(item.content, body=FRENCH + item.content.body, language="fr", interactions=interactions)
    return cleaned(replace(item, key=f"{item.key}-é", title="Énoncé n°\u00a01", content=content))


def everything() -> tuple[list[Item], dict[str, bytes]]:
    package = read_package(s.package_of_samples())
    found = [read_item(v.vector(name), "x.xml", s.FILES) for name in v.VECTORS]
    items = [*package.items, *(msgspec.structs.replace(one.item, key=f"v-{one.item.key}") for one in found)]
    assets = package.assets | {sha: data for one in found for sha, data in one.assets.items()}
    return [*items, *map(in_french, items)], assets


def hashes(items: tuple[Item, ...] | list[Item]) -> dict[str, str]:
    return {item.key: content_hash(item) for item in items}


async def test_out_of_the_database_and_in_again_every_item_is_what_it_was(
    database: Database, database_dsn: str
) -> None:
    institution_id = await institutions.create(database_dsn, "round", "Round")
    items, assets = everything()
    first = await import_bank(database, institution_id, "b", items, framework=FRAMEWORK, assets=assets)
    assert len(first.added) == len(items) > 80
    exported = await export_bank(database, institution_id, "b")
    assert hashes(exported.items) == hashes(items)
    assert exported.assets == {asset.sha256: assets[asset.sha256] for one in items for asset in one.content.assets}
    for version in ("2.2", "3.0"):
        package = read_package(write_package(exported.items, exported.assets, version))  # type: ignore[arg-type]
        again = await import_bank(database, institution_id, "b", package.items, framework=None, assets=package.assets)
        assert (again.added, again.changed, len(again.unchanged)) == ((), (), len(items))
    lines, _ = read_item_lines(write_item_lines(exported.items))
    other = await import_bank(database, institution_id, "lines", lines, framework=FRAMEWORK, assets=exported.assets)
    assert len(other.added) == len(items)
    assert hashes((await export_bank(database, institution_id, "lines")).items) == hashes(items)


@pytest.mark.parametrize("n_items", [item_rows.CHUNK - 1, 2 * item_rows.CHUNK + 7])
async def test_items_of_several_chunks_are_all_written_once(
    database: Database, database_dsn: str, n_items: int
) -> None:
    institution_id = await institutions.create(database_dsn, f"chunks{n_items}", "Chunks")
    (item, *_), assets = everything()
    items = [
        msgspec.structs.replace(item, key=f"i{k}", title=f"no. {k}", facts=ItemFacts(competencies=("c",)))
        for k in range(n_items)
    ]
    tried = await import_bank(database, institution_id, "b", items, framework=FRAMEWORK, assets=assets, dry_run=True)
    assert len(tried.added) == n_items
    done = await import_bank(database, institution_id, "b", items, framework=FRAMEWORK, assets=assets)
    assert done.added == tuple(one.key for one in items), "the dry run kept nothing"
    exported = await export_bank(database, institution_id, "b")
    assert list(exported.items) == items
    edited = [msgspec.structs.replace(one, title="new") if k % 2 else one for k, one in enumerate(items)]
    after = await import_bank(database, institution_id, "b", edited, framework=None, assets=assets)
    assert (len(after.changed), len(after.unchanged)) == (n_items // 2, n_items - n_items // 2)
    assert list((await export_bank(database, institution_id, "b")).items) == edited


@pytest.mark.parametrize("text", ["«\u00a0Noël\u00a0»\u202f?", "naïve &amp; co", "a\u00adb", "e\u0301t", "\u200bx"])
def test_french_and_odd_letters_are_left_alone_by_the_cleaner(text: str) -> None:
    assert sanitise(sanitise(f"<p>{text}</p>")) == sanitise(f"<p>{text}</p>")
    assert "Ã" not in sanitise(f"<p>{text}</p>")
