"""A table of routes, as both vendors and the control API use it."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request


class Route(NamedTuple):
    method: str
    path: str
    handler: Callable[..., Any]
    scope: str = ""
    keyed: bool = False


class Match(NamedTuple):
    route: Route
    arguments: dict[str, str]
    template: str


class NoRoute(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(f"no route ({status})")
        self.status = status


class RouteTable:
    def __init__(self, prefix: str, routes: Iterable[Route]) -> None:
        rules = [
            Rule(prefix + route.path, methods=[route.method], endpoint=route) for route in routes
        ]
        self.map = Map(rules, strict_slashes=False, merge_slashes=False)

    def match(self, request: Request) -> Match:
        try:
            rule, arguments = self.map.bind_to_environ(request.environ).match(return_rule=True)
        except HTTPException as error:
            raise NoRoute(error.code or 404) from error
        return Match(rule.endpoint, dict(arguments), rule.rule)
