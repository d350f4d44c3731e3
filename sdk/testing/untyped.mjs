/**
 * Name each `any` and `unknown` in generated types, by where it is: `components.schemas.App.flags`.
 *
 * Usage: node untyped.mjs FILE… Ends with 1 when there is one.
 */

import { readFileSync } from "node:fs";
import ts from "typescript";

const UNTYPED = new Set([ts.SyntaxKind.AnyKeyword, ts.SyntaxKind.UnknownKeyword]);

function untyped(file) {
  const text = readFileSync(file, "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const found = new Map();
  const visit = (node, path) => {
    const name = node.name?.getText(source);
    const here = name === undefined ? path : [...path, name];
    if (UNTYPED.has(node.kind) && !isOfHeaders(node, path)) {
      const place = here.join(".");
      found.set(place, [...(found.get(place) ?? []), node.getText(source)]);
    }
    ts.forEachChild(node, (child) => visit(child, here));
  };
  visit(source, []);
  return found;
}

/** Whether this is the generator's own "and any other header", which no document can take away. */
function isOfHeaders(node, path) {
  return ts.isIndexSignatureDeclaration(node.parent) && path.at(-1) === "headers";
}

let count = 0;
for (const file of process.argv.slice(2)) {
  for (const [place, kinds] of untyped(file)) {
    console.error(`${file}: ${place} is ${[...new Set(kinds)].join(", ")}`);
    count += 1;
  }
}
if (count > 0) {
  console.error(`${count} places without a type`);
  process.exit(1);
}
