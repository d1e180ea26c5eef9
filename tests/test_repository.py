"""The house itself: which room imports which, what is declared, what must not be written down, how long things are."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.main import get_command

from stream.cli.app import build_app

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "kernels": set[str](),
    "engines": {"kernels"},
    "stream": {"kernels", "engines"},
    "benchmarks": {"kernels", "engines", "stream"},
}
FLOORS = (
    {"cores", "errors", "manifest", "origin", "records", "version"},
    {"log", "metrics"},
    {"settings", "dataflow"},
    {"decode"},
    {"episode", "people", "shots"},
    {"candidates", "framing"},
    {"film"},
    {"ranking"},
    {"deciding", "output"},
    {"device"},
    {"pipeline"},
    {"backfill"},
    {"serve"},
    {"cli"},
)
"""The rooms of `stream`, from the ground up: each may import what lies on lower floors, those of one floor not each
other."""
MODULE_OF = {
    "cuml-cu13": "cuml",
    "cupy-cuda13x": "cupy",
    "nvidia-ml-py": "pynvml",
    "protobuf": "google",
    "onnxruntime-gpu": "onnxruntime",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "pynvvideocodec": "PyNvVideoCodec",
    "scenedetect-headless": "scenedetect",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "tensorrt-cu13": "tensorrt",
}
USERS_EXTRAS = ("cpu", "cuda", "tensorrt", "bench", "demo", "library", "ray", "serve", "train")
RUN_NOT_IMPORTED = {"pip"}
"""Dependencies that are run as a program."""
PUBLIC_HOSTS = {"arxiv.org", "doi.org", "github.com", "json-schema.org", "semver.org", "www.apache.org", "www.w3.org"}
LOOPBACK = {"127.0.0.1", "localhost"}
SERVICES = {"prometheus"}
"""Names that docker/compose.yaml gives."""
MOST_LINES = {"module": 400, "function": 40}
FILMS_OPENED_IN = "stream/decode/container.py"
PEERS_THAT_OPEN_FILMS = ("VideoCapture(", 'import_module("scenedetect").', "_KATNA_SCRIPT), ")
"""How the code begins to let another program or library open a film."""


@cache
def files() -> tuple[Path, ...]:
    """What git tracks or would track, without git everything outside hidden and built folders; no results of runs."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    built = {".venv", ".git", "build", "dist", "out"}
    named = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    found = named or [path for path in ROOT.rglob("*") if not built & set(path.relative_to(ROOT).parts)]
    results = {path.parent for path in found if path.name == "manifest.json"}
    return tuple(path for path in found if path.is_file() and results.isdisjoint(path.parents))


@cache
def texts() -> dict[str, str]:
    """Every text file by its path in the repository."""
    found = {}
    for path in files():
        data = path.read_bytes()
        if b"\0" not in data:
            found[path.relative_to(ROOT).as_posix()] = data.decode("utf-8")
    return found


@cache
def modules() -> dict[str, tuple[ast.AST, ...]]:
    """Every Python module of the packages and the tests, parsed: all its nodes."""
    rooms = (*MAY_IMPORT, "tests")
    sources = {name: text for name, text in texts().items() if name.endswith(".py") and name.split("/")[0] in rooms}
    return {name: tuple(ast.walk(ast.parse(text))) for name, text in sources.items()}


@cache
def project() -> dict[str, Any]:
    return tomllib.loads(texts()["pyproject.toml"])


def imports(nodes: tuple[ast.AST, ...]) -> Iterator[tuple[int, str]]:
    """(line, name) of every absolute import in a module, wherever in it."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module


@cache
def own_imports() -> dict[str, dict[str, int]]:
    """Module → what it imports of the rooms, each with a line: absolute or relative, wherever in it, by whatever name;
    a package stands for its `__init__`."""
    names = {dotted(name) for name in modules()}
    found: dict[str, dict[str, int]] = {}
    for name, nodes in modules().items():
        package = dotted(name).split(".") if name.endswith("/__init__.py") else dotted(name).split(".")[:-1]
        asked = {imported: line for line, imported in imports(nodes)}
        for node in nodes:
            match node:
                case ast.Call(args=[ast.Constant(value=str(named)), *_]) if "import_module" in ast.unparse(node.func):
                    asked[named] = node.lineno
            if isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else []
                source = ".".join([*base, *([node.module] if node.module else [])])
                asked.update({f"{source}.{alias.name}": node.lineno for alias in node.names})
                asked.setdefault(source, node.lineno)
        found[dotted(name)] = {one: line for one, line in asked.items() if one in names and one != dotted(name)}
    return found


def dotted(name: str) -> str:
    """`stream/cli/app.py` as `stream.cli.app`, `stream/cli/__init__.py` as `stream.cli`."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def floor_of(module: str) -> int | None:
    """The floor of a module of `stream`; None for `stream` itself."""
    parts = module.split(".")
    return next(i for i, rooms in enumerate(FLOORS) if parts[1] in rooms) if len(parts) > 1 else None


def third_party() -> dict[str, str]:
    """Imported top-level names that are neither ours nor Python's, each with one place of import."""
    return {
        top: f"{name}:{line}"
        for name, nodes in modules().items()
        if name.split("/")[0] in MAY_IMPORT
        for line, imported in imports(nodes)
        if (top := imported.split(".")[0]) not in MAY_IMPORT and top not in sys.stdlib_module_names
    }


def module_of(distribution: str) -> str:
    """The module that a distribution (canonical name) brings."""
    return MODULE_OF.get(distribution, distribution.replace("-", "_"))


def declared(*extras: str) -> set[str]:
    """Canonical names of the base dependencies and of the extras named."""
    optional = project()["project"]["optional-dependencies"]
    lines = [*project()["project"]["dependencies"], *(line for extra in extras for line in optional[extra])]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def test_rooms_import_only_what_lies_below_them() -> None:
    wrong = [
        f"{name}:{line} imports {imported}"
        for name, nodes in modules().items()
        if (room := name.split("/")[0]) in MAY_IMPORT
        for line, imported in imports(nodes)
        if imported.split(".")[0] in (set(MAY_IMPORT) | {"tests"}) - MAY_IMPORT[room]
    ]
    assert not wrong, "relative inside a room, kernels <- engines <- stream <- benchmarks across:\n" + "\n".join(wrong)


def test_floors_of_stream_import_only_lower_ones() -> None:
    wrong = []
    for module, imported in own_imports().items():
        if module.split(".")[0] != "stream" or (floor := floor_of(module)) is None:
            continue
        room = module.split(".")[1]
        for name, line in imported.items():
            below = floor_of(name) if name.split(".")[0] == "stream" else None
            if below is not None and name.split(".")[1] != room and below >= floor:
                wrong.append(f"{module}:{line} (floor {floor}) imports {name} (floor {below})")
    assert not wrong, "\n".join(wrong)


def test_the_floors_are_those_that_architecture_draws() -> None:
    drawn = texts()["ARCHITECTURE.md"].split("### The floors of stream/")[1].split("\n#")[0]
    rows = [line for line in drawn.splitlines() if line.startswith("| [")]
    rooms = [set(re.findall(r"\[(\w+)(?:/|\.py)\]", row.split("|")[1])) for row in rows]
    assert rooms == list(reversed(FLOORS))
    here = {name.split("/")[1].removesuffix(".py") for name in modules() if name.startswith("stream/")}
    assert set().union(*FLOORS) == here - {"__init__"}


def test_no_module_imports_itself_by_way_of_others() -> None:
    asked = {
        module: set(names) - {".".join(module.split(".")[:n]) for n in range(1, module.count(".") + 1)}
        for module, names in own_imports().items()
        if module.split(".")[0] in MAY_IMPORT
    }
    try:
        TopologicalSorter(asked).prepare()
    except CycleError as circle:
        pytest.fail(f"an import circle: {' <- '.join(circle.args[1])}")


ONE_PLACE = (
    # `os.cpu_count` and its like know nothing of a container's quota; the provenance names the machine's cores as well.
    (r"\b(cpu_count|process_cpu_count|sched_getaffinity)", {"stream/cores.py", "benchmarks/provenance.py"}),
    # A library that installs handlers and timers takes them from the program it works in.
    (
        r"\b(Timer|add_signal_handler|alarm|set_wakeup_fd|setitimer|signal\.signal)",
        {"stream/cli/__init__.py", "stream/cli/interrupt.py"},
    ),
    (r"\bstructlog\.\w+", {"stream/log.py"}),
)


@pytest.mark.parametrize(("called", "places"), ONE_PLACE)
def test_what_one_place_does_is_done_nowhere_else(called: str, places: set[str]) -> None:
    rooms = {name: nodes for name, nodes in modules().items() if name.split("/")[0] in MAY_IMPORT}
    calls = [(name, node) for name, nodes in rooms.items() for node in nodes if isinstance(node, ast.Call)]
    assert {name for name, call in calls if re.fullmatch(f".*{called}", ast.unparse(call.func))} == places


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_packages_are_those_of_this_repository(room: str) -> None:
    file = importlib.import_module(room).__file__
    assert file is not None
    assert Path(file).resolve() == ROOT / room / "__init__.py"


def test_what_a_package_says_it_exports_exists() -> None:
    for room in MAY_IMPORT:
        package = importlib.import_module(room)
        missing = [name for name in getattr(package, "__all__", ()) if not hasattr(package, name)]
        assert not missing, f"{room}.__all__ names {missing}"


def test_every_base_dependency_is_used() -> None:
    used = set(third_party())
    idle = {name for name in declared("cpu") - RUN_NOT_IMPORTED if module_of(name) not in used}
    assert not idle
    for name in RUN_NOT_IMPORTED:
        assert any(f'"-m", "{name}"' in text for text in texts().values()), f"{name} is declared and never run"


def test_every_import_is_declared() -> None:
    known = {module_of(name) for name in declared(*USERS_EXTRAS)}
    strangers = {top: place for top, place in third_party().items() if top not in known}
    assert not strangers


def test_every_dependency_ends_before_what_was_not_tried() -> None:
    tables = [project()["build-system"]["requires"], project()["project"]["dependencies"]]
    tables += [*project()["project"]["optional-dependencies"].values(), *project()["dependency-groups"].values()]
    requirements = [Requirement(line) for table in tables for line in table]
    open_ended = {
        requirement.name
        for requirement in requirements
        if not any(specifier.operator == "<" for specifier in requirement.specifier)
    }
    assert open_ended == RUN_NOT_IMPORTED, "give these an upper bound that was tried"


@pytest.mark.parametrize(
    "lock",
    [f"{name}.txt" for name in ("cpu", "cpu-demo", "cpu-serve", "cpu-test", "cuda", "cuda-serve", "cuda-test")],
)
def test_locks_pin_and_hash_everything_and_name_no_index(lock: str) -> None:
    body = re.sub(r"\\\n\s*", "", texts()[f"requirements/{lock}"])
    lines = [line for line in body.splitlines() if line and not line.startswith("#")]
    pinned = {}
    for line in lines:
        assert re.fullmatch(r"[\w.-]+==\S+( ; [^#]+?)?( ?--hash=sha256:[0-9a-f]{64})+", line), line[:80]
        name, version = line.split(" ")[0].split("==")
        pinned[canonicalize_name(name)] = version
    assert not {"kernels", "engines", "stream", "stream-python", "benchmarks"} & set(pinned)
    extra = "cuda" if lock.startswith("cuda") else "cpu"
    wanted = project()["project"]["dependencies"] + project()["project"]["optional-dependencies"][extra]
    for requirement in map(Requirement, wanted):
        assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, f"{requirement}: make lock"


def test_a_test_lock_holds_what_the_plain_one_holds() -> None:
    def pins(lock: str) -> set[str]:
        return {line.split(" ")[0] for line in texts()[f"requirements/{lock}.txt"].splitlines() if "==" in line}

    assert pins("cpu") <= pins("cpu-test")
    assert pins("cuda") <= pins("cuda-test")


def test_no_hosts_index_lines_or_machine_paths() -> None:
    forbidden = {
        "index line": re.compile(r"(?<![\w-])--(extra-index-url|index-url|find-links|trusted-host)\b"),
        "local address": re.compile(r"\bfile:[/.]"),
        "machine path": re.compile(r"(?<![\w.$}])/(work|root|home|Users)/"),
    }
    found = []
    for name, text in texts().items():
        found += [f"{name}: {what}" for what, pattern in forbidden.items() if pattern.search(text)]
        hosts = set(re.findall(r"\bhttps?://([\w.-]+)", text)) - PUBLIC_HOSTS - LOOPBACK - SERVICES
        if hosts and name != "engines/zoo.toml":
            found.append(f"{name}: {sorted(hosts)}")
    assert not found


def test_weights_come_over_https_and_are_named_in_the_notice() -> None:
    zoo = texts()["engines/zoo.toml"]
    assert "http://" not in zoo
    notice = texts()["NOTICE"]
    sources = [source for weight in tomllib.loads(zoo)["weights"].values() for source in weight["sources"]]
    names = {(source.get("member") or source.get("url") or source["package"]).rsplit("/", 1)[-1] for source in sources}
    assert not {name for name in names if name not in notice}, "NOTICE does not name these weights"


def test_the_changelog_is_as_new_as_the_version() -> None:
    headings = re.findall(r"^## (\S+)", texts()["CHANGELOG.md"], re.MULTILINE)
    assert headings[headings[0] == "Unreleased"] == project()["project"]["version"]


def test_make_knows_what_the_readme_asks_of_it() -> None:
    targets = set(re.findall(r"^([a-z]+):", texts()["Makefile"], re.MULTILINE))
    blocks = "\n".join(re.findall(r"```(?:console|sh|bash)\n(.*?)```", texts()["README.md"], re.DOTALL))
    commands = re.findall(r"^(?:\$ )?(make|keyart|pip|docker)\b(.*)", blocks, re.MULTILINE)
    assert [f"{tool}{rest}".split()[:2] for tool, rest in commands[:2]] == [["make", "demo"], ["make", "test"]]
    assert {rest.split()[0] for tool, rest in commands if tool == "make"} <= targets


def test_the_command_line_knows_what_the_readme_asks_of_it() -> None:
    commands: dict[str, Any] = vars(get_command(build_app([])))["commands"]
    readme = texts()["README.md"]
    asked = set(re.findall(r"^(?:\$ |`)?keyart ([a-z]+)|`keyart ([a-z]+)", readme, re.MULTILINE))
    plugins = project()["project"]["entry-points"]["keyart.commands"]
    assert {first or second for first, second in asked} <= {*commands, *plugins}
    tables = re.findall(r"^\| `keyart (\w+)`.*\n\|[-|]+\n((?:\| `--.*\n)+)", readme, re.MULTILINE)
    assert {name for name, _ in tables} == {"extract", "backfill", "serve"}
    for name, table in tables:
        known = {flag for option in commands[name].params for flag in (*option.opts, *option.secondary_opts)}
        assert set(re.findall(r"--[a-z][a-z-]+", table)) <= known, name


def test_films_are_opened_in_one_place() -> None:
    """Whatever else opens a film is given a `peer_file`, which went through that place."""
    wrong = [
        f"{name}:{node.lineno} opens a file by itself, use open_container of {FILMS_OPENED_IN}"
        for name, nodes in modules().items()
        if name.split("/")[0] in MAY_IMPORT and name != FILMS_OPENED_IN
        for node in nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("av.open", "av.container.open")
        if not any(isinstance(given, ast.Constant) and given.value == "w" for given in node.args[1:2])
    ]
    wrong += [
        f"{name}:{number} lets another open a film, give it a peer_file"
        for name, text in texts().items()
        if name.endswith(".py") and name.split("/")[0] in MAY_IMPORT
        for number, before, line in zip(count(2), text.splitlines(), text.splitlines()[1:], strict=False)
        if any(peer in line for peer in PEERS_THAT_OPEN_FILMS) and "with peer_file(" not in before
    ]
    assert not wrong, "\n".join(wrong)


def test_links_in_the_pages_lead_somewhere() -> None:
    for name, text in texts().items():
        if name.endswith(".md"):
            targets = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)|<img[^>]* src=\"([^\"]+)\"", text)
            missing = [link for pair in targets if not (ROOT / name).parent.joinpath(link := "".join(pair)).exists()]
            assert not missing, f"{name} links to {missing}"


def test_modules_and_functions_stay_short() -> None:
    long = [
        f"{name}: {text.count(chr(10))} lines"
        for name, text in texts().items()
        if name.endswith(".py") and text.count("\n") > MOST_LINES["module"]
    ]
    for name, nodes in modules().items():
        for node in nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and name.split("/")[0] in MAY_IMPORT:
                # The body alone: a command's signature is a table of its options.
                lines = (node.end_lineno or node.lineno) - node.body[0].lineno + 1
                if lines > MOST_LINES["function"]:
                    long.append(f"{name}:{node.lineno} {node.name}: {lines} lines")
    assert not long
