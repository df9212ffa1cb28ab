"""PostgreSQL's own fence behind the dashboard's: who may read and write what, if the program itself were to slip.

Three roles that nobody signs in as. `dashboard_reader` reads facts and dates of all units, but no text of a case and
no handed-in file. `dashboard_cases` reads single rows, those of the units named in `dashboard.units` for the
transaction and no others; without the setting none. `dashboard_importer` writes. The owner of the tables migrates them.
A login that is a member of the three and owns nothing takes one of them on in each transaction (`data/database.py`).
"""

from __future__ import annotations

from sqlalchemy import Connection

from data import schema, tables
from data.database import CASES, EVERY_UNIT, IMPORTER, READER, UNITS, UNITS_SEPARATOR

# What no figure needs: texts of cases, rows as they were, files as they came.
TEXTS = {
    "grievances": ("summary",),
    "suggestions": ("title",),
    "import_before": ("before",),
    "originals": ("content",),
}
# Each row of these is about one person or case.
OF_PEOPLE = ("attendance", "grievances", "suggestions", "survey_answers", "aid_cases", "interests")

_MINE = (
    f"(current_setting('{UNITS}', true) = '{EVERY_UNIT[0]}' OR {{branch}} = ANY (string_to_array("
    f"nullif(current_setting('{UNITS}', true), ''), chr({ord(UNITS_SEPARATOR)}))))"
)


def set_up(connection: Connection) -> bool:
    """Create the roles, what they may do and the row security; False where this login may not create roles.

    Can be run again. Other databases have no roles: nothing is done there.
    """
    if connection.dialect.name != "postgresql":
        return False
    for role, more in ((READER, ""), (CASES, ""), (IMPORTER, " BYPASSRLS")):
        connection.exec_driver_sql(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN{more}; "
            "EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL; END $$"
        )
    known = connection.exec_driver_sql(
        "SELECT count(*) FROM pg_roles WHERE rolname IN (%s, %s, %s)", (READER, CASES, IMPORTER)
    ).scalar()
    if known != 3:
        return False
    for statement in statements():
        connection.exec_driver_sql(statement)
    return True


def statements() -> list[str]:
    """Return what the owner of the tables has to run once the roles exist."""
    everybody = f"{READER}, {CASES}, {IMPORTER}"
    names = [table.name for table in schema.metadata.sorted_tables]
    found = [
        f"GRANT USAGE ON SCHEMA public TO {everybody}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(names)} TO {IMPORTER}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {IMPORTER}",
        f"GRANT SELECT ON {', '.join(name for name in names if name not in TEXTS)}, alembic_version TO {READER}",
    ]
    found += [
        f"GRANT SELECT ({', '.join(c.name for c in schema.metadata.tables[name].columns if c.name not in texts)}) "
        f"ON {name} TO {READER}"
        for name, texts in TEXTS.items()
    ]
    rows = [*(table.name for table in tables.STORED), "import_before", "imports", "closings", "data_version"]
    found.append(f"GRANT SELECT ON {', '.join(rows)} TO {CASES}")
    for name in OF_PEOPLE:
        found += _policies(name, _MINE.format(branch="branch_id"))
    of_people = ", ".join(f"'{name}'" for name in OF_PEOPLE)
    mine = _MINE.format(branch="(before::json ->> 'branch_id')")
    found += _policies("import_before", f"table_name NOT IN ({of_people}) OR {mine}")
    return found


def _policies(table: str, mine: str) -> list[str]:
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS all_rows ON {table}",
        f"CREATE POLICY all_rows ON {table} FOR SELECT TO {READER} USING (true)",
        f"DROP POLICY IF EXISTS own_units ON {table}",
        f"CREATE POLICY own_units ON {table} FOR SELECT TO {CASES} USING ({mine})",
    ]
