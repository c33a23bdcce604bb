"""Says of each document, one a line on standard input, what is wrong with it by the JSON Schema of its kind.

    validate.py FOLDER [--used]

Each line holds {"kind": "node", "document": {…}}; each answer is a line: ok, or the first fault. With --used the only
answer is the list of the members that the schemas describe and no document has.
"""
import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

folder = Path(sys.argv[1])
schemas = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
validators = {}
for kind, schema in schemas.items():
    Draft202012Validator.check_schema(schema)
    validators[kind] = Draft202012Validator(schema)
used = set()


def resolved(schema, root):
    while isinstance(schema, dict) and "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def key(name, schema):
    """What stands for a member wherever it is described in the same words."""
    return name, json.dumps(schema, sort_keys=True)


def mark(value, schema, root):
    """Notes the members of the schema that a value uses."""
    schema = resolved(schema, root)
    if not isinstance(schema, dict):
        return
    for branch in schema.get("oneOf", []):
        branch = resolved(branch, root)
        if Draft202012Validator({**branch, "$defs": root.get("$defs", {})}).is_valid(value):
            mark(value, branch, root)
    if isinstance(value, dict):
        for name, member in value.items():
            if name in schema.get("properties", {}):
                used.add(key(name, schema["properties"][name]))
                mark(member, schema["properties"][name], root)
            elif isinstance(schema.get("additionalProperties"), dict):
                mark(member, schema["additionalProperties"], root)
    if isinstance(value, list):
        for element in value:
            mark(element, schema.get("items", {}), root)


def described(schema, root, place, seen, names):
    """All members that a schema describes, each shape once."""
    schema = resolved(schema, root)
    if not isinstance(schema, dict) or id(schema) in seen:
        return
    seen.add(id(schema))
    for branch in schema.get("oneOf", []):
        described(branch, root, place, seen, names)
    for name, member in schema.get("properties", {}).items():
        names.setdefault(key(name, member), f"{place}.{name}")
        described(member, root, f"{place}.{name}", seen, names)
    for group in ("items", "additionalProperties"):
        if isinstance(schema.get(group), dict):
            described(schema[group], root, f"{place}[]", seen, names)


for line in sys.stdin:
    entry = json.loads(line)
    kind, document = entry["kind"], entry["document"]
    if "--used" in sys.argv:
        mark(document, schemas[kind], schemas[kind])
        continue
    fault = next(iter(validators[kind].iter_errors(document)), None)
    print("ok" if fault is None else f"{fault.json_path}: {fault.message}"[:300].replace("\n", " "))
if "--used" in sys.argv:
    names = {}
    for kind, schema in schemas.items():
        described(schema, schema, kind, set(), names)
    for member in sorted(set(names) - used, key=lambda member: names[member]):
        print(names[member])
