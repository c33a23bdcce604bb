"""Says which documented statuses of operations, and which codes of errors, no test has seen.

The first argument names the file with the answers that tests have noted, the second one that of the document; the codes
are those of Documentation/errors.md.
"""
import json
import pathlib
import re
import sys

answers = [line.split() for line in pathlib.Path(sys.argv[1]).read_text().splitlines()]
document = json.loads(pathlib.Path(sys.argv[2]).read_text())
# What takes thousands of requests at once, or a thousand signals to a run that nobody works on.
OUT_OF_REACH = {"overloaded", "too_many_signals"}
# What every request that names itself is answered by one mechanism, wherever it was seen.
NAMED = {("409", "idempotency_in_progress"), ("422", "idempotency_key_reused")}

patterns = []
for path, item in document["paths"].items():
    expression = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path))
    for method, operation in item.items():
        patterns.append((expression.count("[^/]+"), method.upper(), re.compile(f"^{expression}$"), operation))
patterns.sort(key=lambda row: row[0])
missing = {
    (operation["operationId"], status) for _, _, _, operation in patterns for status in operation["responses"]
}
codes = set(re.findall(r"^\| \d{3} \| `([a-z_]+)` \|", pathlib.Path("Documentation/errors.md").read_text(), re.M))
for method, path, status, code in answers:
    codes.discard(code)
    # Other paths of the same meaning.
    path = re.sub(r"^(/api/v1)?/executions/([^/]+)(?=/(poll|events|cancel|pause|resume|retry)$|$)", r"/api/v1/workflows/executions/\2", path)
    found = next((o for _, m, pattern, o in patterns if m == method and pattern.match(path)), None)
    if found:
        missing.discard((found["operationId"], status))
seen = {(status, code) for _, _, status, code in answers} & NAMED
for _, _, _, operation in patterns:
    for status, code in seen:
        if code in operation["responses"].get(status, {}).get("description", ""):
            missing.discard((operation["operationId"], status))
for operation, status in sorted(missing):
    print(f"Nobody has seen {operation} answer {status}.")
for code in sorted(codes - OUT_OF_REACH):
    print(f"Nobody has seen the code {code}.")
sys.exit(1 if missing or codes - OUT_OF_REACH else 0)
