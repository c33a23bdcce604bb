#!/usr/bin/env python3
"""Compares our evaluator with Google's C++ one over expressions made at random; README.md says how to run it."""

import argparse
import datetime
import json
import math
import os
import re
import subprocess
import sys

from generate import BINDINGS, Generator


def load_reference():
    """Google's evaluator with the extensions of our language, as a function from a text to a value."""
    try:
        from cel_expr_python import cel
        from cel_expr_python.ext import ext_bindings, ext_encoders, ext_math, ext_optional, ext_strings
    except ImportError:
        return None
    extensions = [ext_bindings.ExtBindings(), ext_encoders.ExtEncoders(), ext_math.ExtMath(), ext_optional.ExtOptional(), ext_strings.ExtStrings()]
    environment = cel.NewEnv(variables={name: cel.Type.DYN for name in BINDINGS}, extensions=extensions)

    def evaluate(text):
        try:
            return environment.compile(text, disable_check=True).eval(data=BINDINGS)
        except Exception as error:  # The binding raises its own kinds for texts it cannot read.
            return error

    return evaluate


def tagged(value):
    """A binding with the name of its type, as the probe reads it."""
    if value is None:
        return {"null": True}
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"double": repr(value)}
    if isinstance(value, str):
        return {"string": value}
    if isinstance(value, bytes):
        return {"bytes": list(value)}
    if isinstance(value, list):
        return {"list": [tagged(element) for element in value]}
    return {"map": [[tagged(key), tagged(element)] for key, element in value.items()]}


def key(value):
    """A key of a map without the difference between int and uint, which the binding does not tell."""
    return ("bool" if isinstance(value, bool) else "number" if isinstance(value, int) else "string", value)


def our_key(entry):
    (kind, value), = entry.items()
    return key(int(value) if kind in ("int", "uint") else value)


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def microseconds(span):
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def same(ours, theirs):
    """Whether a tagged value of ours is the reference's value, of the same type throughout."""
    (kind, value), = ours.items()
    name, other = theirs.type().name(), theirs.value()
    if name.startswith("LIST"):
        return kind == "list" and len(value) == len(other) and all(map(same, value, other))
    if name.startswith("MAP"):
        if kind != "map" or len(value) != len(other):
            return False
        entries = {key(name): element for name, element in other.items()}
        return all(our_key(name) in entries and same(element, entries[our_key(name)]) for name, element in value)
    if name == "DOUBLE":
        number = float(value) if kind == "double" else None
        return number is not None and (number == other or math.isnan(number) and math.isnan(other))
    if name == "TIMESTAMP":
        return kind == "timestamp" and value[0] * 1_000_000 + value[1] // 1000 == microseconds(other - EPOCH)
    if name == "DURATION":
        return kind == "duration" and value[0] * 1_000_000 + int(value[1] / 1000) == microseconds(other)
    if name == "BYTES":
        return kind == "bytes" and bytes(value) == bytes(other)
    if name in ("INT", "UINT"):
        return kind == name.lower() and int(value) == other
    if name in ("NULL", "NULL_TYPE"):
        return kind == "null"
    return kind == name.lower() and value == other


# Differences that are the reference's: what the text or its complaint looks like, and why it does not count.
EXCUSES = [
    (re.compile(r"substring\(-?\d+, -?\d+\)"), "fails where the part reaches the end of the text"),
    (re.compile(r"math\.(greatest|least)\(\) (simple|invalid)"), "refuses literals of other types while it parses"),
    (re.compile(r"%s.*\\xff|\\xff.*%s"), "writes bytes that are no UTF-8 into a text"),
    (re.compile(r"(?=.*%s).*(\d\.\d|1e3|math\.sqrt|double\()"), "shows only six digits of a double"),
    (re.compile(r"(?=.*opt(Flat)?Map).*\.(all|exists|exists_one|map|filter)\("), "mixes up the variables of optMap and of macros before it"),
    (re.compile(r"(?=.*[ä]).*\\B"), "finds a place between the bytes of one character"),
    (re.compile(r'noOverload\("int", types: \["bool"\]\)'), "takes Booleans for integers"),
    (re.compile(r"-nan"), "gives NaN a sign"),
    (re.compile(r"theirs is an optional"), "cannot be handed to Python"),
]


def excuse(text, difference):
    return next((reason for pattern, reason in EXCUSES if pattern.search(text) or pattern.search(difference)), None)


def verdict(ours, theirs):
    try:
        return difference(ours, theirs)
    except TypeError:
        return "theirs is an optional"


def difference(ours, theirs):
    """What differs, or None; an expression that fails must fail on both sides, for whatever reason."""
    failed = isinstance(theirs, Exception) or theirs.type().name() == "ERROR"
    reason = str(theirs) if isinstance(theirs, Exception) else str(theirs.value()) if failed else ""
    if "value" not in ours:
        return None if failed else f"ours fails ({ours['reason']}), theirs is {theirs.plain_value()!r}"
    if failed:
        return f"ours is {ours['value']}, theirs fails ({reason})"
    return None if same(ours["value"], theirs) else f"ours is {ours['value']}, theirs is {theirs.plain_value()!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", default=".build/release/ExpressionProbe", help="our evaluator")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--show", type=int, default=20, help="how many differences to print")
    arguments = parser.parse_args()
    evaluate = load_reference()
    if evaluate is None:
        print("differential/cel: skipped, the package cel-expr-python is not installed")
        return 1 if os.environ.get("CI") == "true" else 0

    generator = Generator(arguments.seed)
    texts = [generator.expression() for _ in range(arguments.count)]
    bindings = {name: tagged(value) for name, value in BINDINGS.items()}
    lines = "".join(json.dumps({"expr": text, "bindings": bindings}) + "\n" for text in texts)
    run = subprocess.run([arguments.probe], input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    if len(answers) != len(texts):
        print(f"differential/cel: {len(answers)} answers to {len(texts)} expressions")
        return 1

    differences, excused, values = [], 0, 0
    for text, ours in zip(texts, answers):
        values += "value" in ours
        found = verdict(ours, evaluate(text))
        if found and excuse(text, found):
            excused += 1
        elif found:
            differences.append((text, found))
    for text, difference in sorted(differences, key=lambda pair: len(pair[0]))[: arguments.show]:
        print(f"{text}\n    {difference}")
    print(f"differential/cel: {len(texts)} expressions, {values} with a value, {len(differences)} differ, {excused} excused (seed {arguments.seed})")
    return 1 if differences else 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # The binding miscounts references and aborts an orderly end.
    os._exit(status)
