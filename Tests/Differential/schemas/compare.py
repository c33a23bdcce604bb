"""Says of each pair, one a line on standard input, whether the value fits the schema: true or false.

Each line holds {"schema": …, "value": …}.
"""
import json
import sys

from jsonschema import Draft202012Validator

for line in sys.stdin:
    pair = json.loads(line)
    print("true" if Draft202012Validator(pair["schema"]).is_valid(pair["value"]) else "false")
