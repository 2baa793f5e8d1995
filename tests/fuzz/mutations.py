"""Mutations of bytes and of JSON values, as a broken program, disk or hand makes them."""

import copy
import json

STRINGS = [
    "",
    " ",
    "\n",
    "a\nb",
    "\r\n",
    "\t",
    " x",
    "x ",
    "\ud800",
    "\udfff x",
    "\x00",
    "\x85",
    "\u2028",
    "\ufeff",
    "\u200b",
    "\xa0",
    "@@NEWLINE@@",
    "@@UNKNOWN@@",
    "@@PADDING@@",
    "O",
    "B-",
    "None",
    "null",
    "``",
    "''",
    '"',
    "“",
    "é",
    "e\u0301",
    "𝕏",
    "x" * 5000,
    "entity",
    "relations",
    "annotations",
]
NUMBERS = [
    0,
    1,
    -1,
    2,
    3,
    7,
    10**6,
    2**63,
    10**299,
    -(10**18),
    0.5,
    -0.0,
    1e308,
    1e-320,
    float("nan"),
    float("inf"),
]
OTHERS = [None, True, False, [], {}, [[]], [{}], {"": {}}]
ESCAPES = [
    b"\\ud800",
    b"\\u0000",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"1" * 5000,
    b"[" * 300,
    b"{" * 20,
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\r",
    b"\n",
    b"\x00",
    b"null",
    b"[]",
    b"{}",
    b'""',
    b",",
    b":",
    b"\\",
    b'"',
    b"[",
    b"]",
    b"}",
]


def mutated_value(random, value, times=None):
    """A copy of a JSON value with one to three changes somewhere."""
    value = copy.deepcopy(value)
    for _ in range(times or random.choice([1, 1, 1, 2, 3])):
        holder = [value]
        places = list(_places(holder))
        container, key = random.choice(places)
        _change(random, container, key, places)
        value = holder[0]
    return value


def _places(value):
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def _change(random, container, key, places):
    kind = random.randrange(8)
    if kind == 0 and len(places) > 1 and not _is_root(container, places):
        del container[key]
    elif kind == 1 and isinstance(container, dict):
        container[random.choice([*STRINGS, str(key)[:-1], str(key) + "s"])] = container.pop(key)
    elif kind == 2 and isinstance(container, list) and not _is_root(container, places):
        container.insert(key, copy.deepcopy(container[key]))
    elif kind == 3:
        other, at = random.choice(places)
        container[key] = copy.deepcopy(other[at])
    elif kind == 4 and isinstance(container[key], str):
        text = container[key]
        at = random.randrange(len(text) + 1)
        container[key] = text[:at] + random.choice(STRINGS) + text[at + random.randrange(2) :]
    elif kind == 5 and isinstance(container[key], int | float):
        container[key] += random.choice([-2, -1, 1, 2, 0.5])
    else:
        container[key] = copy.deepcopy(random.choice(random.choice([STRINGS, NUMBERS, OTHERS])))


def _is_root(container, places):
    return container is places[0][0]


def mutated_bytes(random, content):
    """`content` with one to three changes of bytes."""
    for _ in range(random.choice([1, 1, 2, 3])):
        at = random.randrange(len(content) + 1)
        kind = random.randrange(6)
        if kind == 0:
            content = content[:at]
        elif kind == 1:
            content = content[:at] + random.choice(ESCAPES) + content[at:]
        elif kind == 2:
            content = content[:at] + content[at + random.choice([1, 1, 2, 50]) :]
        elif kind == 3:
            content = content[:at] + bytes([random.randrange(256)]) + content[at + 1 :]
        elif kind == 4:
            content = content[:at] + content[max(0, at - random.choice([1, 5, 200])) :]
        else:
            one = random.choice(ESCAPES)
            content = content[:at] + one + content[at + len(one) :]
    return content


def written(random, records):
    """Records as the bytes of a file: lines or a list, as Python's json writes whatever it is given."""
    if random.random() < 0.3:
        return json.dumps(records, indent=random.choice([None, 1])).encode()
    ascii_only = random.random() < 0.7
    lines = (json.dumps(record, ensure_ascii=ascii_only) for record in records)
    return "".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass")


def strict(text):
    """The value of strict JSON.

    Raises:
        ValueError: it is not strict.
    """

    def refuse(constant):
        raise ValueError(f"{constant} is no JSON")

    value = json.loads(text, parse_constant=refuse)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    return value
