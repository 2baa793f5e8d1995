import json
import os

import pytest

from causal_mtl.common import ConfigurationError, Params, infer_and_cast, with_overrides


@pytest.fixture
def config(tmp_path):
    def write(text, name="config.jsonnet"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_jsonnet_with_import_relative_to_the_file(config, tmp_path, monkeypatch):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "base.libsonnet").write_text('{ a: 1, b: { c: "x" + self.d, d: "y" } }')
    path = config('(import "lib/base.libsonnet") + { b+: { d: "z" } }')
    monkeypatch.chdir("/")
    assert Params.from_file(path).as_dict() == {"a": 1, "b": {"c": "xz", "d": "z"}}


def test_json_files_load_and_none_strings_become_none(config):
    params = Params.from_file(str(config('{"a": ["None", 1.5, null], "b": {"c": "None"}}', "config.json")))
    assert params.as_dict() == {"a": [None, 1.5, None], "b": {"c": None}}
    assert params["b"]["c"] is None


def test_environment_variables_are_external_variables_and_explicit_ones_win(config, monkeypatch):
    path = config('{x: std.extVar("CMTL_TEST_VARIABLE")}')
    with pytest.raises(ConfigurationError, match=r"(?s)config.jsonnet.*CMTL_TEST_VARIABLE.*ext_vars"):
        Params.from_file(path)
    monkeypatch.setenv("CMTL_TEST_VARIABLE", "wörld")
    assert Params.from_file(path)["x"] == "wörld"
    assert Params.from_file(path, ext_vars={"CMTL_TEST_VARIABLE": "mine"})["x"] == "mine"
    assert Params.from_file(path, '{y: std.extVar("CMTL_TEST_VARIABLE")}')["y"] == "wörld"


def test_environment_that_is_not_utf8_is_left_out(config, monkeypatch):
    monkeypatch.setitem(os.environ, "CMTL_BAD", "\udce2")
    assert Params.from_file(config("{a: 1}"))["a"] == 1


def test_errors_of_files(config, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere.*nearest existing directory"):
        Params.from_file(tmp_path / "nowhere" / "x.jsonnet")
    with pytest.raises(ConfigurationError, match=r"config.jsonnet:1:"):
        Params.from_file(config("{a: }"))
    with pytest.raises(ConfigurationError, match="expected an object"):
        Params.from_file(config("[1]"))
    with pytest.raises(ConfigurationError, match="overrides: expected an object"):
        Params.from_file(config("{}"), "[1]")


@pytest.mark.parametrize("as_text", [True, False])
def test_overrides_of_a_file(config, as_text):
    overrides = {"model.tasks.1.weight": 2, "trainer.patience": 3, "trainer.optimizer": {"type": "sgd"}}
    path = config('{model: {tasks: [{weight: 1}, {weight: 1}]}, trainer: {optimizer: {type: "adam", lr: 1}}}')
    params = Params.from_file(path, json.dumps(overrides) if as_text else overrides)
    assert params["model"]["tasks"][1]["weight"] == 2
    assert params["model"]["tasks"][0]["weight"] == 1
    assert params["trainer"].as_dict() == {"optimizer": {"type": "sgd"}, "patience": 3}


def test_overrides_as_allennlp_has_them():
    original = {
        "foo": {"bar": {"baz": 3}, "x": 0},
        "bar": ["a", "b", "c"],
        "baz": {"bar": 2, "y": 3, "x": [0, 1, 2]},
    }
    overrides = {"foo.bar": {"z": 2}, "bar.0": "d", "baz.bar": 1, "baz.x": [0, 0], "z": 2}
    before = json.dumps(original)
    assert with_overrides(original, overrides) == {
        "foo": {"bar": {"z": 2}, "x": 0},
        "bar": ["d", "b", "c"],
        "baz": {"bar": 1, "y": 3, "x": [0, 0]},
        "z": 2,
    }
    assert json.dumps(original) == before


def test_all_overrides_that_match_nothing_are_named():
    original = {"model": {"encoder": {"size": 1}, "tasks": [1]}}
    overrides = {"modle.x": 1, "model.encodr.size": 2, "model.tasks.3": 1, "model.encoder.size.x": 1}
    with pytest.raises(ConfigurationError) as error:
        with_overrides(original, overrides)
    lines = str(error.value).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("modle: override matches nothing; did you mean 'model'?")
    assert lines[1].startswith("model.encodr: override matches nothing; did you mean 'encoder'?")
    assert lines[2].startswith("model.tasks[3]: override matches nothing")
    assert lines[3] == "model.encoder.size.x: override matches nothing below integer 1"


def test_override_of_a_key_with_a_dot_in_it():
    assert with_overrides({"a.b": 1}, {"a.b": 2}) == {"a.b": 2}
    assert with_overrides({"x": {"a.b": 1}}, {'x["a.b"]': 2}) == {"x": {"a.b": 2}}


def test_with_overrides_method_leaves_the_original_alone():
    params = Params({"a": {"b": 1}})
    assert params.with_overrides({"a.b": 2})["a"]["b"] == 2
    assert params["a"]["b"] == 1


def test_pop_knows_the_key_path_also_through_lists():
    params = Params({"model": {"tasks": [{"name": "x"}, {}]}})
    tasks = params.pop("model").pop("tasks")
    assert tasks[0].pop("name") == "x"
    assert tasks[1].history == "model.tasks[1]."
    with pytest.raises(ConfigurationError, match=r"^model\.tasks\[1\]\.name: key .name. is required$"):
        tasks[1].pop("name")
    assert tasks[1].pop("name", None) is None
    assert "model" not in params


def test_parts_share_storage_with_the_whole_but_not_with_the_callers_dictionary():
    mine = {"a": {"b": 1, "c": 2}}
    params = Params(mine)
    params["a"].pop("b")
    params.get("a")["d"] = Params({"e": 1})
    assert params.as_dict() == {"a": {"c": 2, "d": {"e": 1}}}
    assert mine == {"a": {"b": 1, "c": 2}}


def test_typed_pops():
    params = Params({"i": "3", "f": "0.5", "t": "true", "b": False, "n": None, "x": "maybe", "y": [1]})
    assert params.pop_int("i") == 3
    assert params.pop_float("f") == 0.5
    assert params.pop_bool("t") is True
    assert params.pop_bool("b") is False
    assert params.pop_int("n") is None
    assert params.pop_int("absent", 4) == 4
    with pytest.raises(ConfigurationError, match="x: cannot read 'maybe' as bool"):
        params.pop_bool("x")
    with pytest.raises(ConfigurationError, match="y: cannot read"):
        params.pop_int("y")
    with pytest.raises(ConfigurationError, match=r"gone: key .gone. is required"):
        params.pop_float("gone")


def test_pop_as_dict():
    params = Params({"a": {"b": 1}, "c": {"b": 1}})
    assert type(params.pop("a", keep_as_dict=True)) is dict
    assert type(params.pop("c")) is Params


def test_pop_choice():
    choices = ["adam", "sgd"]
    assert Params({"o": "sgd"}).pop_choice("o", choices) == "sgd"
    assert Params({}).pop_choice("o", choices, default_to_first_choice=True) == "adam"
    assert Params({"o": "my.module.Class"}).pop_choice("o", choices) == "my.module.Class"
    with pytest.raises(ConfigurationError, match=r"o: 'adm' .*did you mean 'adam'.*choices: adam, sgd"):
        Params({"o": "adm"}).pop_choice("o", choices)
    with pytest.raises(ConfigurationError):
        Params({"o": "my.module.Class"}).pop_choice("o", choices, allow_class_names=False)
    with pytest.raises(ConfigurationError, match=r"key .o. is required"):
        Params({}).pop_choice("o", choices)


def test_assert_empty_names_all_left_over_keys():
    params = Params({"model": {"a": 1, "b": 2, "c": 3}}).pop("model")
    params.pop("a")
    with pytest.raises(ConfigurationError) as error:
        params.assert_empty("Encoder")
    assert str(error.value) == "model.b: unknown key for Encoder\nmodel.c: unknown key for Encoder"
    Params({}).assert_empty("Encoder")


def test_duplicate_is_independent():
    params = Params({"a": {"b": [1]}}, "x.")
    other = params.duplicate()
    other["a"]["b"].append(2)
    other["a"]["c"] = 1
    assert params.as_dict(quiet=True) == {"a": {"b": [1]}}
    assert other.history == "x."


def test_as_flat_dict():
    assert Params({"a": 10, "b": {"c": 20, "d": {"e": [1, {"f": 2}]}}}).as_flat_dict() == {
        "a": 10,
        "b.c": 20,
        "b.d.e": [1, {"f": 2}],
    }


def test_as_dict_logs_unless_quiet(caplog):
    caplog.set_level("INFO")
    Params({"a": {"b": 1}}).as_dict(quiet=True)
    assert not caplog.messages
    Params({"a": {"b": 1}}, "model.").as_dict()
    assert caplog.messages == ["model.a.b = 1"]


def test_infer_and_cast():
    strings = {"a": ["10", "1.3", "True"], "b": {"x": 10, "z": "other", "n": None}, "c": "1e-3"}
    cast = {"a": [10, 1.3, True], "b": {"x": 10, "z": "other", "n": None}, "c": 1e-3}
    assert infer_and_cast(strings) == cast
    assert Params(strings).as_dict(infer_type_and_cast=True) == cast
    assert Params(strings).as_dict() == strings
    with pytest.raises(ValueError, match="cannot infer type"):
        infer_and_cast({"a": int})


def test_order_and_file(tmp_path):
    params = Params({"C": 1, "B": [{"z": 1, "type": 2}], "A": 1, "D": {"DB": 1, "DA": 2}, "model": "ü"})
    assert list(params.as_ordered_dict([["D", "C"], ["DB", "DA"]])) == ["D", "C", "A", "B", "model"]
    assert list(params.as_ordered_dict([["D"], ["DB"]])["D"]) == ["DB", "DA"]
    params.to_file(tmp_path / "out.json")
    written = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert list(written) == ["model", "A", "B", "C", "D"]
    assert list(written["B"][0]) == ["type", "z"]
    assert Params.from_file(tmp_path / "out.json").as_dict() == params.as_dict()


def test_is_a_mutable_mapping():
    params = Params({"a": 1})
    params.update({"b": 2})
    del params["a"]
    assert dict(params) == {"b": 2}
    assert len(params) == 1
    assert "b" in params
    with pytest.raises(KeyError):
        params["zz"]


def test_numbers_survive_jsonnet_exactly(config):
    values = {"a": 0.1, "b": 5e-4, "c": 1e-5, "d": 123456789, "e": 1 / 3}
    assert Params.from_file(config(json.dumps(values))).as_dict() == values
