"""Puts the interface together: routes, errors, doors."""

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from chimera import __version__
from chimera.api import errors, health, live
from chimera.api.deps import House
from chimera.api.openapi import operation_id
from chimera.api.security import Doors
from chimera.api.spa import Content, Pages

BASE = "/api/v1"


class Interface(FastAPI):
    """A FastAPI whose outermost layer is ours, so that even its last resort carries our headers."""

    def build_middleware_stack(self) -> ASGIApp:
        house: House = self.state.house
        return Doors(
            app=super().build_middleware_stack(), hosts=house.hosts, ids=house.ids,
            clock=house.clock, observer=house.observer,
        )  # fmt: skip


def create_api(house: House, routers: Sequence[APIRouter], content: Content) -> FastAPI:
    """The application that serves this house; routes and pages' content come from the features."""
    app = Interface(
        title="Chimera",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    app.state.house = house
    errors.install(app)
    for router in (*routers, live.router, health.router):
        app.include_router(router, prefix=BASE)
    app.include_router(health.router, include_in_schema=False)
    app.include_router(health.scraped, include_in_schema=False)
    app.router.default = Pages(house, content)
    return app
