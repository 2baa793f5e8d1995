import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError
from causal_mtl.data.token_lines import read_lines, write_lines

STRINGS = st.text("a \r\n@\u2028\x85\x00é") | st.sampled_from(
    ["@@NEWLINE", "@@NEWLINE@@", "@@RETURN@@", "NEWLINE@@"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STRINGS))
def test_what_is_written_is_read_or_refused(tmp_path, lines):
    try:
        write_lines(tmp_path / "x", lines)
    except ConfigurationError:
        assert any("NEWLINE" in line or "RETURN" in line for line in lines)
    else:
        assert read_lines(tmp_path / "x") == lines


@pytest.mark.parametrize("line", ["@@NEWLINE@@", "a@@RETURN@@", "@@NEWLINE\n", "\ud800"])
def test_what_would_be_read_as_something_else(tmp_path, line):
    with pytest.raises(ConfigurationError, match="x: cannot hold"):
        write_lines(tmp_path / "x", ["a", line])


def test_a_line_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "x").write_bytes(b"a\nb\xff\n")
    with pytest.raises(ConfigurationError, match="x:2: not UTF-8"):
        read_lines(tmp_path / "x")
