"""Words that say nothing are no names, and words that decide stand in one place."""

import ast

from tests.architecture.test_sizes import SOURCE, source_files, statements

EMPTY_WORDS = frozenset({"utils", "misc", "helpers", "common", "base", "manager", "data", "info", "process"})


def test_no_module_has_an_empty_name() -> None:
    names = {part for path in SOURCE.rglob("*.py") for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert names.isdisjoint(EMPTY_WORDS)


def test_no_class_is_a_manager() -> None:
    for path in source_files(SOURCE):
        for node in statements(path):
            if isinstance(node, ast.ClassDef):
                assert not node.name.endswith(("Manager", "Helper", "Util", "Data", "Info")), node.name


def test_no_room_builds_a_name_to_import() -> None:
    for path in source_files(SOURCE):
        text = path.read_text(encoding="utf-8")
        assert "import_module" not in text, path
        assert "__import__" not in text, path
