"""What handlers ask for by name."""

from litestar.datastructures import State

from api.settings import Settings
from engine.workflows.shelf import Shelf
from itembank.storage.database import Database


def provide_database(state: State) -> Database:
    """The way to the database."""
    database: Database = state.database
    return database


def provide_shelf(state: State) -> Shelf:
    """Publications kept in memory."""
    shelf: Shelf = state.shelf
    return shelf


def provide_settings(state: State) -> Settings:
    """The settings of this server."""
    settings: Settings = state.settings
    return settings
