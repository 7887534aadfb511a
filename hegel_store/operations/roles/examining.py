"""Compares the roles of a server with what they should be, difference by difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from hegel_store.database import translated
from hegel_store.errors import MigrationRequired
from hegel_store.models.roles import (
    ABSENT,
    DEFAULT_PREFIX,
    ROLES,
    Role,
    RoleDifference,
    check_prefix,
    role_name,
)
from hegel_store.operations.roles import matrix, statements
from hegel_store.operations.roles.search_paths import names_in
from hegel_store.operations.roles.settings import DEFAULTS, RoleSettings
from hegel_store.operations.roles.statements import quoted

PUBLIC = "PUBLIC"


def differences(
    engine: Engine,
    *,
    prefix: str = DEFAULT_PREFIX,
    settings: Mapping[Role, RoleSettings] = DEFAULTS,
) -> list[RoleDifference]:
    """What is not as it should be, in an order in which the remedies can be run; changes nothing.

    Roles of other names are not looked at, but for PUBLIC. Raises InvalidInput for the prefix, and
    MigrationRequired where nothing is installed.
    """
    with translated(), engine.connect() as connection:
        return examined(connection, prefix, settings)


def examined(
    connection: Connection, prefix: str, settings: Mapping[Role, RoleSettings]
) -> list[RoleDifference]:
    """The differences, as this transaction sees them."""
    check_prefix(prefix)
    place = Place.of(connection, prefix)
    there = {
        row.name: row
        for row in connection.execute(
            statements.ROLES_THERE, {"names": list(place.names.values())}
        ).all()
    }
    return [
        *_roles(place, settings, there),
        *_spaces(connection, place),
        *_owners(connection, place),
        *_relations(connection, place),
        *_functions(connection, place),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The database and the schema that are looked at, and the names of the roles."""

    database: str
    home: str
    vector_home: str
    path: str | None
    is_isolated: bool
    names: Mapping[Role, str]

    @classmethod
    def of(cls, connection: Connection, prefix: str) -> Place:
        row = connection.execute(statements.PLACE).one()
        if row.home is None or row.vector_home is None:
            raise MigrationRequired("there is nothing to grant yet: run `hegel-store upgrade`")
        return cls(
            database=row.database,
            home=row.home,
            vector_home=row.vector_home,
            path=row.path,
            is_isolated=row.is_isolated,
            names={role: role_name(prefix, role) for role in ROLES},
        )

    @property
    def grantees(self) -> dict[str, Role | None]:
        """Those whose grants are looked at, and which of our roles each is."""
        return {PUBLIC: None, **{name: role for role, name in self.names.items()}}

    def hides(self, name: str) -> bool:
        """Whether a table or function tells more than row-level security lets anybody know."""
        return self.is_isolated and name in matrix.CLOSED_BY_ISOLATION

    def values(self, settings: RoleSettings) -> dict[str, str]:
        """The settings, and the search_path where what is needed is not on the default one."""
        if self.path is None:
            return dict(settings.values)
        return {**settings.values, "search_path": self.path}


def _roles(
    place: Place, settings: Mapping[Role, RoleSettings], there: Mapping[str, object]
) -> Iterator[RoleDifference]:
    for role, name in place.names.items():
        wanted, found = settings[role], there.get(name)
        groups = getattr(found, "groups", ())
        powers = getattr(found, "powers", ())
        if found is None:
            yield _role(name, ABSENT, statements.create(name, wanted.connections))
        elif getattr(found, "connections", None) != wanted.connections:
            remedy = statements.limit(name, wanted.connections)
            yield _role(name, f"may not have {wanted.connections} connections", remedy)
        if not getattr(found, "may_log_in", True):
            yield _role(name, "may not log in", statements.let_log_in(name))
        if powers:
            yield _role(name, f"is {', '.join(powers)}", statements.weaken(name, powers))
        for group in groups:
            yield _role(name, f"belongs to {group}", statements.leave(name, group))
        current = dict(entry.split("=", 1) for entry in getattr(found, "settings", ()))
        for key, value in sorted(place.values(wanted).items()):
            if not _is_set(key, current.get(key), value):
                remedy = statements.set_for(name, place.database, key, value)
                problem = f"is {current[key]}" if key in current else "is not set"
                yield RoleDifference(
                    role=name, subject=f"setting {key}", problem=f"{problem}", remedy=remedy
                )


def _is_set(name: str, found: str | None, wanted: str) -> bool:
    if name == "search_path" and found is not None:
        return names_in(found) == names_in(wanted)
    return found == wanted


def _role(name: str, problem: str, remedy: str) -> RoleDifference:
    return RoleDifference(role=name, subject="role", problem=problem, remedy=remedy)


def _spaces(connection: Connection, place: Place) -> Iterator[RoleDifference]:
    """The database and the schema. What PUBLIC may do in the database is not ours to change."""
    held: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in connection.execute(statements.SPACE_GRANTS):
        held[row.kind, row.grantee].add(row.privilege)
    database, schema = f"DATABASE {quoted(place.database)}", f"SCHEMA {quoted(place.home)}"
    for role, name in place.names.items():
        yield from _compared(name, database, matrix.DATABASE[role], held["database", name])
        yield from _compared(name, schema, matrix.SCHEMA[role], held["schema", name])
        if place.vector_home != place.home and "USAGE" not in held["vector", PUBLIC]:
            # Others use it too, so that what else a role may do there is left alone.
            elsewhere = f"SCHEMA {quoted(place.vector_home)}"
            yield from _compared(name, elsewhere, {"USAGE"}, held["vector", name] & {"USAGE"})
    if "CREATE" in held["schema", PUBLIC]:
        yield from _compared(PUBLIC, schema, (), ["CREATE"])


def _owners(connection: Connection, place: Place) -> Iterator[RoleDifference]:
    owner = place.names["migrate"]
    for row in connection.execute(statements.RELATIONS_THERE):
        if row.owner != owner and not row.is_sequence:
            yield _owned("TABLE", quoted(place.home, row.name), row.owner, owner)
    for row in connection.execute(statements.FUNCTIONS_THERE):
        if row.owner != owner:
            yield _owned("FUNCTION", _function(place, row.name, row.arguments), row.owner, owner)


def _owned(kind: str, name: str, owner: str, wanted: str) -> RoleDifference:
    return RoleDifference(
        role=wanted,
        subject=f"{kind} {name}",
        problem=f"belongs to {owner}",
        remedy=statements.own(kind, name, wanted),
    )


def _function(place: Place, name: str, arguments: str) -> str:
    return f"{quoted(place.home, name)}({arguments})"


def _relations(connection: Connection, place: Place) -> Iterator[RoleDifference]:
    whole: dict[tuple[str, str], set[str]] = defaultdict(set)
    parts: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in connection.execute(statements.RELATION_GRANTS):
        if row.column is None:
            whole[row.name, row.grantee].add(row.privilege)
        else:
            parts[row.name, row.grantee, row.privilege].add(row.column)
    for row in connection.execute(statements.RELATIONS_THERE):
        listed = matrix.RELATIONS.get(row.name) or matrix.WHERE_MADE.get(row.name)
        if listed is None and not row.is_month and not row.is_sequence:
            continue  # an application's own, or of a release that is not this one
        kind = "SEQUENCE" if row.is_sequence else "TABLE"
        on = f"{kind} {quoted(place.home, row.name)}"
        for grantee, role in place.grantees.items():
            if role == "migrate":
                continue  # the owner
            wanted: frozenset[str] = frozenset()
            if role is not None and listed is not None and not place.hides(row.name):
                wanted = listed.of(role)
            yield from _compared(grantee, on, wanted, whole[row.name, grantee])
            columns = matrix.COLUMNS.get((row.name, role), ()) if role is not None else ()
            for privilege in ("INSERT", "REFERENCES", "SELECT", "UPDATE"):
                asked = frozenset(columns if privilege == "UPDATE" else ())
                yield from _columns(
                    grantee, on, privilege, asked, parts[row.name, grantee, privilege]
                )


def _columns(
    grantee: str, on: str, privilege: str, wanted: frozenset[str], held: set[str]
) -> Iterator[RoleDifference]:
    missing, excess = wanted - held, held - wanted
    if missing:
        some = statements.on_columns(privilege, missing)
        yield _privilege(grantee, on, f"lacks {some}", statements.grant([some], on, grantee))
    if excess:
        some = statements.on_columns(privilege, excess)
        yield _privilege(grantee, on, f"has {some}", statements.revoke([some], on, grantee))


def _functions(connection: Connection, place: Place) -> Iterator[RoleDifference]:
    for row in connection.execute(statements.FUNCTIONS_THERE):
        on = f"FUNCTION {_function(place, row.name, row.arguments)}"
        executors = matrix.executors_of(
            row.name, with_owners_rights=row.with_owners_rights, is_trigger=row.is_trigger
        )
        for grantee, role in place.grantees.items():
            if role != "migrate":
                is_open = role in executors and not place.hides(row.name)
                wanted = ["EXECUTE"] if is_open else []
                held = ["EXECUTE"] if grantee in row.executors else []
                yield from _compared(grantee, on, wanted, held)


def _compared(
    grantee: str, on: str, wanted: Iterable[str], held: Iterable[str]
) -> Iterator[RoleDifference]:
    missing, excess = set(wanted) - set(held), set(held) - set(wanted)
    if missing:
        said = f"lacks {', '.join(sorted(missing))}"
        yield _privilege(grantee, on, said, statements.grant(missing, on, grantee))
    if excess:
        said = f"has {', '.join(sorted(excess))}"
        yield _privilege(grantee, on, said, statements.revoke(excess, on, grantee))


def _privilege(grantee: str, on: str, problem: str, remedy: str) -> RoleDifference:
    return RoleDifference(role=grantee, subject=on, problem=problem, remedy=remedy)
