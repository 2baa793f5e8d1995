import pickle

from causal_mtl.common import ConfigurationError, ConfigurationErrors, Problem


def test_message_and_pickle():
    error = ConfigurationError("no such thing")
    assert str(error) == error.message == "no such thing"
    assert pickle.loads(pickle.dumps(error)).message == "no such thing"


def test_several_problems_one_a_line():
    error = ConfigurationErrors([Problem("a.b", "is wrong"), Problem("", "is empty")])
    assert isinstance(error, ConfigurationError)
    assert error.message == "a.b: is wrong\nis empty"
    assert pickle.loads(pickle.dumps(error)).problems == error.problems
