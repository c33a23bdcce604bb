"""Runs schemathesis with all its checks against the server; MILLRACE_EXAMPLES says how many examples of each operation."""
import os
import pathlib
import subprocess
import sys

from api import KEY, URL

here = pathlib.Path(__file__).parent
ended = subprocess.run(
    [pathlib.Path(sys.executable).parent / "schemathesis", "--config-file", here / "schemathesis.toml", "run"]
    + [f"{URL.geturl()}/api/v1/openapi.json", "--url", URL.geturl(), "-H", f"Authorization: Bearer {KEY}"]
    + ["--checks", "all", "--max-examples", os.environ.get("MILLRACE_EXAMPLES", "20"), "--workers", "1"]
    + ["--request-timeout", "20", "--no-color", "--continue-on-failure", "--warnings", "off"],
    env=os.environ | {"PYTHONPATH": str(here), "SCHEMATHESIS_HOOKS": "schemathesis_hooks"},
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
)
print("No issues found" if ended.returncode == 0 else ended.stdout)
