"""Prints the line coverage of each crate from a Cobertura report, as a Markdown table."""

import sys
import xml.etree.ElementTree as xml
from collections import defaultdict

reached, all_lines = defaultdict(int), defaultdict(int)
for of_file in xml.parse(sys.argv[1]).getroot().iter("class"):
    name = of_file.get("filename")
    if name.startswith("target/"):
        continue  # generated
    crate = name.split("/")[0] if "/src/" in name and not name.startswith("src/") else "launcher"
    for line in of_file.iter("line"):
        all_lines[crate] += 1
        reached[crate] += int(line.get("hits")) > 0
if not all_lines:
    raise SystemExit(f"{sys.argv[1]} names no lines")
print("| crate | lines | reached |\n|---|---:|---:|")
for crate in sorted(all_lines):
    print(f"| {crate} | {all_lines[crate]:,} | {100 * reached[crate] / all_lines[crate]:.1f} % |")
total, hit = sum(all_lines.values()), sum(reached.values())
print(f"| **all** | {total:,} | **{100 * hit / total:.1f} %** |")
