// Prints a YAML file as JSON, for tests that look into it. usage: node rules.mjs FILE

import { readFileSync } from "node:fs";
import yaml from "js-yaml";

console.log(JSON.stringify(yaml.load(readFileSync(process.argv[2], "utf8"))));
