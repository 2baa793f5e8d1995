import sys
from importlib.metadata import EntryPoint

import pytest

from causal_mtl.common import ConfigurationError, Registrable, import_package, import_plugins, plugins


class Animal(Registrable):
    pass


REGISTERING = "from {module} import Animal\n@Animal.register('{name}')\nclass It(Animal): pass\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working directory and a home of our own, and no module of them left behind."""
    (tmp_path / "work").mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(plugins.Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(plugins, "entry_points", lambda group: [])
    before, path = set(sys.modules), list(sys.path)
    yield tmp_path / "work"
    assert sys.path == path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(path, name):
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(REGISTERING.format(module=__name__, name=name))


def test_import_package_imports_all_below(place):
    (place / "zoo_a" / "deep").mkdir(parents=True)
    (place / "zoo_a" / "__init__.py").touch()
    (place / "zoo_a" / "deep" / "__init__.py").touch()
    (place / "zoo_a" / "__main__.py").write_text("raise SystemExit('a program')")
    write(place / "zoo_a" / "deep" / "cat.py", "cat_a")
    import_package("zoo_a")
    assert "cat_a" in Animal.list_available()


def test_import_package_of_one_module(place):
    write(place / "zoo_b.py", "cat_b")
    import_package("zoo_b")
    assert "cat_b" in Animal.list_available()


def test_import_package_says_what_failed(place):
    with pytest.raises(ConfigurationError, match="cannot import 'no_such_zoo': ModuleNotFoundError"):
        import_package("no_such_zoo")
    (place / "zoo_c").mkdir()
    (place / "zoo_c" / "__init__.py").touch()
    (place / "zoo_c" / "sub").mkdir()
    (place / "zoo_c" / "sub" / "__init__.py").write_text("1 / 0")
    with pytest.raises(ConfigurationError, match="cannot import 'zoo_c': ZeroDivisionError"):
        import_package("zoo_c")


def test_plugins_files_of_the_working_directory_and_the_home(place, tmp_path):
    write(place / "zoo_d.py", "cat_d")
    write(place / "zoo_e.py", "cat_e")
    (place / ".causal_mtl_plugins").write_text("# ours\n\nzoo_d  # cats\n")
    (tmp_path / "home" / ".causal_mtl_plugins").write_text("zoo_e\nzoo_d\n")
    assert import_plugins() == ["zoo_d", "zoo_e"]
    assert {"cat_d", "cat_e"} <= set(Animal.list_available())


def test_a_failing_plugins_file_is_named(place):
    (place / ".causal_mtl_plugins").write_text("zoo_missing\n")
    with pytest.raises(ConfigurationError, match=r"work/\.causal_mtl_plugins: cannot import 'zoo_missing'"):
        import_plugins()


@pytest.mark.parametrize("archive", ["model.tar.gz", "weights.safetensors"])
def test_what_may_have_come_with_an_archive_is_not_imported(place, tmp_path, caplog, archive):
    (place / "zoo_g.py").write_text("raise SystemExit('code of a stranger')")
    (place / ".causal_mtl_plugins").write_text("zoo_g\n")
    (place / archive).touch()
    assert import_plugins() == []
    assert ".causal_mtl_plugins is not read, as it lies beside " + archive in caplog.text
    assert import_plugins() == []
    assert len(caplog.records) == 1
    (tmp_path / "home" / ".causal_mtl_plugins").write_text("zoo_g\n")
    with pytest.raises(ConfigurationError, match=r"home/\.causal_mtl_plugins: cannot import 'zoo_g'"):
        import_plugins()
    write(place / "zoo_h.py", "cat_h_" + archive.partition(".")[0])
    import_package("zoo_h")  # named by the user


def test_without_plugins(place):
    assert import_plugins() == []


def test_entry_points_and_a_warning_for_one_that_fails(place, monkeypatch, caplog):
    write(place / "zoo_f.py", "cat_f")
    points = [
        EntryPoint("bad", "zoo_nowhere", plugins.ENTRY_POINTS),
        EntryPoint("good", "zoo_f", plugins.ENTRY_POINTS),
    ]
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: points if group == "causal_mtl.plugins" else []
    )
    assert import_plugins() == ["zoo_f"]
    assert "cat_f" in Animal.list_available()
    assert "plugin 'bad' of an installed package is left out: cannot import 'zoo_nowhere'" in caplog.text
