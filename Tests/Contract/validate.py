"""Says what is wrong with the OpenAPI document on the standard input, by the meta-schema of OpenAPI 3.1."""
import json
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator

problems = list(OpenAPIV31SpecValidator(json.load(sys.stdin)).iter_errors())
for problem in problems:
    print(f"{'/'.join(str(part) for part in problem.absolute_path)}: {problem.message[:500]}")
