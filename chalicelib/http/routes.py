"""Declare routes. Each module of views has one `Routes` object, and declares each route once.

    routes = Routes("Casework", Access.OFFICER, roles=CASEWORKERS)

    @routes.patch("/v1/officer/reports/{report_id}", body=Change, returns=ChangedReport, …)
    def change_report(call: Call) -> Response:
        ...  # the docstring's first line is the summary, the rest the description

The declaration routes, admits, validates, maps errors and documents. A view gets a `Call`, in which
everything is checked. An error of `kernel/errors.py` becomes problem+json. Any other exception is a
fault of ours: it is logged without its message, which could contain input, and returned as 503.
"""

import logging
import re
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypedDict, Unpack

from chalice.app import Request
from chalice.app import Response as ChaliceResponse
from pydantic import BaseModel

from chalicelib import wiring
from chalicelib.domain.officers.model import Role
from chalicelib.http import logs, requests
from chalicelib.http.addresses import base_of
from chalicelib.http.requests import Call, Header
from chalicelib.http.responses import Response, padded, refuse, render
from chalicelib.kernel import errors, languages
from chalicelib.kernel.config import MissingSetting
from chalicelib.store.audit.rows import Action

if TYPE_CHECKING:
    from chalicelib.services.officers import OfficerActor

log = logging.getLogger(__name__)

_PARAMETER = re.compile(r"\{(\w+)\}")

View = Callable[[Call], Response]
Error = errors.TiplineError | type[errors.TiplineError] | str


class Access(StrEnum):
    """Who may call a route: everybody, the holder of a receipt, or an officer with a token."""

    PUBLIC = "public"
    RECEIPT = "receipt"
    OFFICER = "officer"


class Content(NamedTuple):
    """The body of a response. `schema` is None for a text, and for no body."""

    schema: type[BaseModel] | None = None
    content_type: str = "application/json"


Returns = Content | type[BaseModel] | None


class Deprecated(NamedTuple):
    """Since when a route has a better successor, and the day on which it ends (RFC 9745, RFC 8594).
    The changelog has both.
    """

    since: date
    sunset: date
    successor: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers of each of its responses, also of a refusal."""
        since, sunset = (datetime.combine(day, time(), UTC) for day in (self.since, self.sunset))
        return {
            "Deprecation": f"@{int(since.timestamp())}",
            "Sunset": format_datetime(sunset, usegmt=True),
        }


class Declared(TypedDict, total=False):
    """The declaration of a route besides its method and path.

    `returns` is the body of a success with the default status of the method, or a map from status
    to body. `raises` has the errors that do not follow from the rest; a code alone is a conflict's.
    `roles` replaces the roles of the `Routes`. `logged` records the call in the audit, for views
    whose use case does not. `max_body` is in bytes. `deprecated` is said by each response, and by
    the documents.
    """

    body: type[BaseModel]
    max_body: int
    query: type[BaseModel]
    headers: tuple[Header, ...]
    returns: Returns | Mapping[int, Returns]
    raises: tuple[Error, ...]
    roles: tuple[Role, ...]
    logged: bool
    deprecated: Deprecated
    paced: bool


class Operation(NamedTuple):
    """A declared route. It serves requests, and the OpenAPI document describes it.

    `location` is the path at which one reads what a POST has created; `{…}` in it is a parameter of
    the route's own path, or else the `id` or `number` of the response. The index sets it. `paced`:
    a success says how many more calls there are.
    """

    method: str
    path: str
    view: View
    tag: str
    access: Access
    roles: tuple[Role, ...]
    body: type[BaseModel] | None
    max_body: int
    query: type[BaseModel] | None
    headers: frozenset[Header]
    returns: Mapping[int, Content]
    errors: tuple[errors.TiplineError, ...]
    logged: bool
    deprecated: Deprecated | None
    paced: bool = False
    location: str = ""

    @property
    def name(self) -> str:
        """The name of the view: the `operationId` of the OpenAPI document."""
        return self.view.__name__

    @property
    def summary(self) -> str:
        """The first line of the view's docstring."""
        return (self.view.__doc__ or "").strip().partition("\n")[0].removesuffix(".")

    @property
    def description(self) -> str:
        """The rest of the docstring, or its only line."""
        summary, _, rest = (self.view.__doc__ or "").strip().partition("\n\n")
        paragraphs = (rest or summary).split("\n\n")
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    @property
    def status(self) -> int:
        """The status of a success, unless the view returns another."""
        return next(iter(self.returns))

    @property
    def is_padded(self) -> bool:
        """Whether the length of its responses could tell what a report says."""
        own = self.access is Access.RECEIPT or self.path == "/v1/reports"
        return own or self.path.startswith("/v1/officer/reports/")

    def serve(self, request: Request, parameters: Mapping[str, str]) -> ChaliceResponse:
        """Return the response to a request. Raises only MissingSetting."""
        response = self._response(request, parameters)
        if self.deprecated:
            response.headers |= self.deprecated.headers
        return padded(response) if self.is_padded else response

    def _response(self, request: Request, parameters: Mapping[str, str]) -> ChaliceResponse:
        language = languages.negotiate(request.headers.get("accept-language"))
        request_id = str(request.context.get("requestId", ""))
        with logs.of_request(request_id):
            try:
                call = self._read(request, parameters, language)
                return render(self._located(self.view(call), call), self.status, request_id)
            except errors.TiplineError as error:
                return refuse(error, language, request_id)
            except MissingSetting:
                raise  # permanent: a 503 would invite the caller to try again
            except Exception as fault:
                frames = traceback.format_tb(fault.__traceback__)[-6:]
                log.error("fault", extra={"kind": type(fault).__name__, "frames": frames})
                return refuse(errors.Unavailable(), language, request_id)

    def _located(self, response: Response, call: Call) -> Response:
        """Return the response with the address of what was created, unless it has one."""
        if not self.location or response.replayed or (response.status or self.status) != 201:
            return response
        body = response.body if isinstance(response.body, dict) else vars(response.body)
        name = body.get("id") or body.get("number")
        path = _PARAMETER.sub(lambda found: call.path.get(found[1]) or str(name), self.location)
        return response._replace(headers={"Location": base_of(call) + path, **response.headers})

    def _read(self, request: Request, parameters: Mapping[str, str], language: str) -> Call:
        """Return the checked request. The caller is checked before the query, headers and body."""
        call = Call(request, requests.read_path(parameters), language, wiring.clock.now())
        if self.access is Access.RECEIPT:
            _ = call.receipt
        if self.access is Access.OFFICER:
            call.admitted = self._admit(call)
        # What an officer's text is compared with by a repeated call depends on the key alone.
        secret = self.access is Access.OFFICER
        call.idempotency_key = requests.read_key(request, self.headers, secret=secret)
        self._read_content(call, request)
        if Header.IF_MATCH in self.headers:
            call.if_match = requests.read_version(request)
        if Header.TAG in self.headers:
            call.if_match = requests.read_tag(request)
        if Header.VERSION_OR_TAG in self.headers:
            call.if_match = requests.read_match(request)
        return call

    def _read_content(self, call: Call, request: Request) -> None:
        """Check the query and the body by the categories that there are now.

        One that this function does not know may have been added just now: a phone with a newer
        catalogue must not lose its report.
        """
        if not (self.query or self.body):
            return
        wiring.catalogue()
        try:
            self._parse(call, request)
        except errors.Invalid as wrong:
            unknown = any(error.code == "unknown_value" for error in wrong.errors)
            if not unknown or not wiring.live_catalogue().has_changed(wiring.clock.wall_clock()):
                raise
            self._parse(call, request)

    def _parse(self, call: Call, request: Request) -> None:
        if self.query:
            call.query = requests.read_query(request, self.query)
        if self.body:
            call.body = requests.read_body(request, self.body, call.now, most=self.max_body)

    def _admit(self, call: Call) -> "OfficerActor":
        wall_clock = wiring.clock.wall_clock()
        caller = requests.read_caller(call.request, wall_clock)
        if wiring.settings().limits:
            wiring.call_limits().count(caller, wall_clock.timestamp())
        actor = wiring.admission().admit(caller, call.route, self.roles, now=call.now)
        if self.logged:
            actor.log_own(Action.OPEN, {"route": call.route})
        return actor


# What may be unknown to an officer, or out of their scope: 404.
_OF_ONE = re.compile(r"\{(report|bulletin|incident|burst|export)_id\}|\{request_number\}")
_OFFICERS_PATHS = ("/v1/officer/", "/v1/admin/", "/v1/audit/")


class Routes:
    """The routes of one module: one tag, one kind of caller, one set of roles."""

    def __init__(
        self, tag: str, access: Access = Access.PUBLIC, *, roles: tuple[Role, ...] = ()
    ) -> None:
        if (access is Access.OFFICER) != bool(roles):
            raise ValueError("routes of officers, and no others, must declare roles")
        self.tag = tag
        self.access = access
        self.roles = roles
        self.operations: list[Operation] = []

    def get(self, path: str, **declared: Unpack[Declared]) -> Callable[[View], View]:
        return self._declare("GET", path, declared)

    def post(self, path: str, **declared: Unpack[Declared]) -> Callable[[View], View]:
        return self._declare("POST", path, declared)

    def put(self, path: str, **declared: Unpack[Declared]) -> Callable[[View], View]:
        return self._declare("PUT", path, declared)

    def patch(self, path: str, **declared: Unpack[Declared]) -> Callable[[View], View]:
        return self._declare("PATCH", path, declared)

    def delete(self, path: str, **declared: Unpack[Declared]) -> Callable[[View], View]:
        return self._declare("DELETE", path, declared)

    def _declare(self, method: str, path: str, declared: Declared) -> Callable[[View], View]:
        roles = declared.get("roles", self.roles)
        of_officers = self.access is Access.OFFICER
        if of_officers != bool(roles) or (declared.get("logged") and not of_officers):
            raise ValueError(
                f"{method} {path}: officers' routes declare roles; no others have roles or `logged`"
            )
        if of_officers != path.startswith(_OFFICERS_PATHS):
            below = " and ".join(_OFFICERS_PATHS)
            raise ValueError(f"{method} {path}: officers' routes, and no others, are below {below}")

        def declare(view: View) -> View:
            headers = frozenset(declared.get("headers", ()))
            self.operations.append(
                Operation(
                    method=method,
                    path=path,
                    view=view,
                    tag=self.tag,
                    access=self.access,
                    roles=roles,
                    body=declared.get("body"),
                    max_body=declared.get("max_body", requests.MAX_BODY),
                    query=declared.get("query"),
                    headers=headers,
                    returns=_contents(method, declared.get("returns"), headers),
                    errors=(
                        *_implied_errors(self.access, path, declared, headers),
                        *map(_error, declared.get("raises", ())),
                    ),
                    logged=declared.get("logged", False),
                    deprecated=declared.get("deprecated"),
                    paced=declared.get("paced", False),
                )
            )
            return view

        return declare


def _error(named: Error) -> errors.TiplineError:
    if isinstance(named, str):
        return errors.Conflict(named)
    return named() if isinstance(named, type) else named


_STATUS = {"POST": 201, "DELETE": 204}


def _contents(
    method: str, returns: Returns | Mapping[int, Returns], headers: frozenset[Header]
) -> dict[int, Content]:
    by_status = returns if isinstance(returns, Mapping) else {_STATUS.get(method, 200): returns}
    if 201 in by_status and headers & requests.KEYS:
        by_status = {**by_status, 200: by_status[201]}  # a replay
    return {
        status: each if isinstance(each, Content) else Content(each)
        for status, each in by_status.items()
    }


def _implied_errors(
    access: Access, path: str, declared: Declared, headers: frozenset[Header]
) -> tuple[errors.TiplineError, ...]:
    """Return the errors that follow from the rest of the declaration."""
    implied: list[errors.TiplineError] = [errors.Unavailable(), errors.SlowDown()]
    if "body" in declared:
        implied += [errors.Malformed(), errors.Malformed("duplicate_key"), errors.TooLarge()]
        implied.append(errors.WrongMediaType())
    if "body" in declared or "query" in declared:
        implied.append(errors.Invalid())
    if "query" in declared and "cursor" in declared["query"].model_fields:
        implied.append(errors.Malformed("bad_cursor"))
    if Header.KEY in headers:
        implied.append(errors.Malformed("idempotency_key_required"))
    if Header.KEY in headers or (Header.OPTIONAL_KEY in headers and access is Access.OFFICER):
        implied.append(errors.Malformed("weak_idempotency_key"))
    if headers & requests.KEYS:
        implied.append(errors.Malformed("bad_idempotency_key"))
    if headers & requests.IF_MATCH:
        implied += [errors.Stale(), errors.VersionMissing(), errors.Malformed("bad_if_match")]
    if Header.TAG in headers:
        implied += [errors.Forbidden("self_approval"), errors.Forbidden("approves_later")]
    if access is Access.RECEIPT:
        implied += [errors.Unauthenticated("receipt_required"), errors.NotFound(), errors.Gone()]
    if access is Access.OFFICER:
        implied += [errors.Unauthenticated(), errors.Forbidden(), errors.TooManyCalls()]
        if _OF_ONE.search(path):
            implied.append(errors.NotFound())
    return tuple(implied)
