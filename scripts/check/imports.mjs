import { readFileSync } from "node:fs";
import ts from "typescript";

/** A source file as a syntax tree. */
export const parse = (file) =>
  ts.createSourceFile(
    file,
    readFileSync(file, "utf8"),
    ts.ScriptTarget.Latest,
    true,
    file.endsWith("x") ? ts.ScriptKind.TSX : undefined,
  );

/** Calls `visit` with every node of a tree. */
export function walk(node, visit) {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

export const lineOf = (node) => {
  const file = node.getSourceFile();
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
};

/**
 * Every import of a file: static, dynamic, re-export, `import("…").Type` and `require("…")`.
 * `typeOnly` ones leave no trace in the output.
 */
export function listImports(tree) {
  const found = [];
  walk(tree, (node) => {
    const specifier = node.moduleSpecifier ?? (ts.isImportTypeNode(node) ? node.argument.literal : undefined);
    if (specifier && ts.isStringLiteral(specifier)) {
      found.push({ to: specifier.text, line: lineOf(node), typeOnly: isTypeOnly(node) });
    }
    if (ts.isCallExpression(node) && isLoad(node.expression)) {
      const [target] = node.arguments;
      found.push({
        to: target && ts.isStringLiteral(target) ? target.text : "",
        line: lineOf(node),
        typeOnly: false,
        lazy: true,
      });
    }
  });
  return found;
}

const isLoad = (expression) =>
  expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(expression) && expression.text === "require");

function isTypeOnly(node) {
  if (ts.isImportTypeNode(node)) return true;
  if (ts.isExportDeclaration(node)) return node.isTypeOnly || allTypes(node.exportClause);
  const clause = node.importClause;
  return clause ? clause.isTypeOnly || (!clause.name && allTypes(clause.namedBindings)) : false;
}

const allTypes = (names) =>
  names !== undefined &&
  "elements" in names &&
  names.elements.length > 0 &&
  names.elements.every((name) => name.isTypeOnly);
