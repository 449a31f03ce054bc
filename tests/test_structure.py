"""The shape of the code: imports go one way, nothing grows too large, nothing names the machine it was made on.

The package has rooms (`core`, `store`), and the large rooms have wings (`core/verdict`). CONTRIBUTING.md draws the plan.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "datasette_gphotos_dedupe"
MODULES = sorted(PACKAGE.rglob("*.py"))
MODULE_IDS = [str(path.relative_to(PACKAGE)) for path in MODULES]

# A room may import rooms of a lower rank, and peers on its own rank as long as no two peers need each other.
RANKS = {
    "model": 0,
    "errors": 0,
    "input_file": 0,
    "core": 1,
    "google": 2,
    "formatting": 2,
    "captions": 2,
    "schema": 2,
    "photo_columns": 2,
    "descriptions": 2,
    "metadata_file": 2,
    "queries": 2,
    "sqlite_utils_plugin": 4,
    "demo": 2,
    "sources": 3,
    "store": 3,
    "sql_functions": 4,
    "pipeline": 4,
    "album": 4,
    "export": 4,
    "report": 4,
    "web": 5,
    "cli": 6,
    "page_hooks": 6,
    "__init__": 6,
}
# tables in words, a module for each large part
RANKS |= {path.stem: RANKS["descriptions"] for path in PACKAGE.glob("descriptions_*.py")}
# The same inside a room: a wing may import wings of a lower rank, and itself. Modules beside the wings take no part in this.
WINGS = {
    "core": {"pictures": 0, "verdict": 1, "search": 2, "groups": 2},
    "sources": {"archives": 0, "takeout": 1},
    "store": {"matching": 0, "review": 1, "library": 2},
    "web": {"site": 0, "pages": 1},
}
MAX_FUNCTION_LINES = 60
LONG_FUNCTION_LINES = 35
MAX_MODULE_LINES = 400


def room(parts: tuple[str, ...]) -> str:
    return parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    """`core.verdict.align`; a package goes by its own name, ours by the empty one."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").removesuffix(".")


NAMES = {dotted(path): path for path in MODULES}


def imported_modules(path: Path) -> set[str]:
    """The modules of this package that a module imports: at its top, inside functions, or for its type hints alone."""
    package_parts = path.relative_to(PACKAGE).parts[:-1]
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.ImportFrom):
            modules |= _modules_of(node, package_parts)
        elif isinstance(node, ast.Import):
            ours = [alias.name.partition(".")[2] for alias in node.names if alias.name.split(".")[0] == PACKAGE.name]
            modules |= {name for name in ours if name}
    return modules


def _modules_of(node: ast.ImportFrom, package_parts: tuple[str, ...]) -> set[str]:
    module = node.module.split(".") if node.module else []
    if node.level == 0:
        if not module or module[0] != PACKAGE.name:
            return set()
        base = ".".join(module[1:])
    else:
        base = ".".join([*package_parts[: len(package_parts) - node.level + 1], *module])
    below = {alias.name: f"{base}.{alias.name}".lstrip(".") for alias in node.names}
    return {full if full in NAMES else base for full in below.values()}


NEEDS = {name: imported_modules(path) for name, path in NAMES.items()}


def imported_rooms(path: Path) -> set[str]:
    return {room(tuple(name.split("."))) for name in imported_modules(path) if name}


def wing(module: str) -> tuple[str, str] | None:
    parts = module.split(".")
    return (parts[0], parts[1]) if len(parts) > 2 and parts[1] in WINGS.get(parts[0], ()) else None


def circles(needs: dict[str, set[str]]) -> list[list[str]]:
    """Modules that need each other, over however many others: what stays when modules are taken away that need none of the rest."""
    left = {name: set(others) & set(needs) - {name} for name, others in needs.items()}
    while free := [name for name, others in left.items() if not others]:
        left = {name: others - set(free) for name, others in left.items() if name not in free}
    return sorted([name, *sorted(others)] for name, others in left.items())


def functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in ast.walk(tree) if isinstance(node, kinds)]


def tracked_text_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    texts = []
    for path in (ROOT / name for name in listed if name):
        if path.is_file() and b"\0" not in path.read_bytes()[:8000]:
            texts.append(path)
    return texts


def test_every_room_has_a_rank():
    rooms = {room(path.relative_to(PACKAGE).parts) for path in MODULES}
    assert rooms - set(RANKS) == set()


@pytest.mark.parametrize("path", MODULES, ids=MODULE_IDS)
def test_a_module_imports_only_rooms_below_or_beside_it(path):
    own = RANKS[room(path.relative_to(PACKAGE).parts)]
    assert {name for name in imported_rooms(path) if RANKS.get(name, 99) > own} == set()


def test_core_knows_only_the_shapes_and_the_errors():
    known = set().union(*(imported_rooms(path) for path in (PACKAGE / "core").rglob("*.py")))
    assert known - {"core", "model", "errors"} == set()


def test_a_step_of_the_schema_takes_nothing_from_the_program_that_may_change_later():
    known = set().union(*(imported_rooms(path) for path in (PACKAGE / "schema").rglob("*.py")))
    assert known == {"schema"}


def test_no_two_rooms_need_each_other():
    needs: dict[str, set[str]] = {}
    for path in MODULES:
        own = room(path.relative_to(PACKAGE).parts)
        needs.setdefault(own, set()).update(imported_rooms(path) - {own})
    mutual = {tuple(sorted((own, other))) for own, others in needs.items() for other in others if own in needs.get(other, ())}
    assert mutual == set()


def test_no_modules_need_each_other():
    assert circles(NEEDS) == []


def test_a_circle_over_three_modules_is_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}) == [
        ["a", "b"],
        ["b", "c"],
        ["c", "a"],
        ["d", "a"],
    ]


def test_every_wing_has_a_rank():
    wings = {path.relative_to(PACKAGE).parts[:2] for path in MODULES if len(path.relative_to(PACKAGE).parts) > 2}
    assert wings == {(room, wing) for room, ranks in WINGS.items() for wing in ranks}


def test_a_wing_imports_only_wings_of_its_room_that_lie_below_it():
    upwards = [
        f"{name} imports {needed}"
        for name, needs in NEEDS.items()
        for needed in needs
        if (own := wing(name)) and (other := wing(needed)) and own[0] == other[0] and own != other
        if WINGS[own[0]][own[1]] <= WINGS[other[0]][other[1]]
    ]
    assert upwards == []


def test_every_package_that_is_imported_is_declared():
    setup = ast.parse((ROOT / "setup.py").read_text(encoding="utf8"))
    texts = [node.value for node in ast.walk(setup) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    declared = {plain(found[0]) for text in texts if (found := re.match(r"[A-Za-z0-9_.-]+(?=$|[>=<])", text))}
    packages = {module: {plain(name) for name in names} for module, names in packages_distributions().items()}
    undeclared = {
        f"{name} in {path.relative_to(PACKAGE)}"
        for path in MODULES
        for name in foreign_imports(path)
        if not packages.get(name, {plain(name)}) & declared
    }
    assert undeclared == set()


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def foreign_imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
    return names - set(sys.stdlib_module_names) - {PACKAGE.name}


def test_the_fake_google_shares_no_code_with_the_package():
    """A fake that shares code with the client shares its mistakes."""
    users = [
        path.name for path in (ROOT / "tests" / "fake_google").rglob("*.py") if PACKAGE.name in path.read_text(encoding="utf8")
    ]
    assert users == []


@pytest.mark.parametrize("path", MODULES, ids=MODULE_IDS)
def test_a_module_has_at_most_400_lines(path):
    assert len(path.read_text(encoding="utf8").splitlines()) <= MAX_MODULE_LINES


@pytest.mark.parametrize("path", MODULES, ids=MODULE_IDS)
def test_no_function_is_longer_than_60_lines(path):
    assert [name for name, lines in functions(path) if lines > MAX_FUNCTION_LINES] == []


def undocumented(path: Path) -> list[str]:
    """Public functions and classes without a docstring. Hooks are named by Datasette, and what a protocol asks for by its class."""
    found: list[str] = []

    def look(body: list[ast.stmt]) -> None:
        for node in body:
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or node.name.startswith("_"):
                continue
            if not ast.get_docstring(node):
                found.append(node.name)
            if isinstance(node, ast.ClassDef) and "Protocol" not in {ast.unparse(base) for base in node.bases}:
                look(node.body)

    look(ast.parse(path.read_text(encoding="utf8")).body)
    return found


@pytest.mark.parametrize("path", MODULES, ids=MODULE_IDS)
def test_every_public_function_says_what_it_gives(path):
    if path.name not in ("__init__.py", "page_hooks.py"):
        assert undocumented(path) == []


def test_nearly_all_functions_are_shorter_than_35_lines():
    sizes = [lines for path in MODULES for _, lines in functions(path)]
    assert sum(lines > LONG_FUNCTION_LINES for lines in sizes) <= 0.05 * len(sizes)


def test_the_hook_table_stays_under_100_lines():
    assert len((PACKAGE / "__init__.py").read_text(encoding="utf8").splitlines()) < 100


def test_the_hook_table_holds_hooks_of_at_most_six_lines_each():
    assert [name for name, lines in functions(PACKAGE / "__init__.py") if lines > 6] == []


# Spelt in pieces, so that this file does not find itself.
MACHINE_PATHS = re.compile("|".join(rf"(?<![\w.])/{name}/" for name in ("work", "root", "home/[a-z]+", "Users/[a-z]+")))


def test_no_file_names_a_path_of_the_machine_it_was_made_on():
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked_text_files()
        for match in MACHINE_PATHS.finditer(path.read_text(encoding="utf8", errors="replace"))
    ]
    assert found == []


BASH_SCRIPTS = [path for path in tracked_text_files() if path.read_bytes().startswith(b"#!/usr/bin/env bash")]


@pytest.mark.parametrize("path", BASH_SCRIPTS, ids=[path.name for path in BASH_SCRIPTS])
def test_a_script_is_bash_without_mistakes_and_can_be_run(path):
    checked = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr, path.stat().st_mode & 0o111 != 0) == (0, "", True)


def test_the_build_machine_runs_the_test_command_of_the_readme():
    assert "scripts/test" in (ROOT / ".ci" / "run").read_text(encoding="utf8")
    assert "scripts/test" in (ROOT / "README.md").read_text(encoding="utf8")
