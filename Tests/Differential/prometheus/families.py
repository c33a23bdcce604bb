"""Prints what the parser of Prometheus finds in a text: its families by name, with their type and samples."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

families = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    samples = {}
    for sample in family.samples:
        labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
        suffix = sample.name.removeprefix(family.name).removesuffix("_total")
        samples[f"{suffix}{':' if suffix and labels else ''}{labels}"] = sample.value
    families[family.name] = {"type": family.type, "samples": samples}
print(json.dumps(families))
