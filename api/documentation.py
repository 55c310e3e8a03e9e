"""The API's description and its page, served from this server alone: no content delivery network."""

from litestar import Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.static_files import create_static_files_router

from engine import CODE_VERSION

_FAVICON = "<link rel='icon' href='/static/favicon.svg'>"


def _asset_folder() -> str:
    from importlib.util import find_spec

    spec = find_spec("litestar_offline_docs")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return f"{spec.submodule_search_locations[0]}/static"


documentation_routes = [
    create_static_files_router(path="/documentation-assets", directories=[_asset_folder()], opt={"public": True})
]


def openapi_config() -> OpenAPIConfig:
    """OpenAPI under /schema, with a page at /schema/swagger."""
    return OpenAPIConfig(
        title="Assay",
        version=CODE_VERSION.split()[-1],
        description="Assessment-only credit: adaptive tests, defensible decisions, gap reports, signed badges.",
        components=Components(security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"key": []}],
        openapi_router=Router("/schema", route_handlers=[], opt={"public": True}),
        render_plugins=[
            SwaggerRenderPlugin(
                js_url="/documentation-assets/swagger-ui-bundle.js",
                css_url="/documentation-assets/swagger-ui.css",
                standalone_preset_js_url="/documentation-assets/swagger-ui-standalone-preset.js",
                favicon=_FAVICON,
            )
        ],
    )
