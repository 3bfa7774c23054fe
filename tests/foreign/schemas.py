"""A second implementation's opinion on our JSON Schemas (2020-12).

usage: schemas.py FOLDER
Every schema in the folder must be one itself. Beside NAME.json lie examples in examples/NAME/: those whose names
begin with `valid` must be accepted, those with `invalid` refused. Prints counts as JSON.
"""

import json
import pathlib
import sys

from jsonschema import Draft202012Validator

counts = {"schemas": 0, "valid": 0, "invalid": 0}
wrong = []
folder = pathlib.Path(sys.argv[1])
for path in sorted(folder.glob("*/*.json")):
    schema = json.loads(path.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    if schema.get("$schema") != "https://json-schema.org/draft/2020-12/schema":
        wrong.append(f"{path}: is of another draft")
    validator = Draft202012Validator(schema)
    counts["schemas"] += 1
    examples = sorted((path.parent / "examples" / path.stem).glob("*.json"))
    kinds = {example.name.split("-")[0].split(".")[0] for example in examples}
    if kinds != {"valid", "invalid"}:
        wrong.append(f"{path}: examples of {sorted(kinds)}, not of valid and invalid")
    for example in examples:
        errors = list(validator.iter_errors(json.loads(example.read_text("utf-8"))))
        expected = example.name.startswith("valid")
        if expected == bool(errors):
            wrong.append(f"{example}: {errors[0].message if errors else 'accepted'}")
        counts["valid" if expected else "invalid"] += 1
print(json.dumps(counts))
if wrong:
    sys.exit("\n".join(wrong))
