import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ambient = fileURLToPath(new URL("ambient.d.ts", import.meta.url));

/** A strict project as a user has it. */
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  jsx: ts.JsxEmit.ReactJSX,
  types: ["node"],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
};

/**
 * Makes a compiler for the samples of one page. Each sample is a program of its own, since what one imports may add to the
 * types of another; what they share is read once.
 * @param folder the page's; `@/` means it, as in a Next.js app
 */
export function createCompiler(folder: string): (file: string) => string[] {
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) => {
    const file = files.get(name) ?? read(name, ...rest);
    if (file && name.includes("node_modules")) files.set(name, file);
    return file;
  };
  host.resolveModuleNameLiterals = (literals, containing, redirected, settings, source) =>
    literals.map((literal) => {
      const own = literal.text.startsWith("@/") ? ownFile(join(folder, literal.text.slice(2))) : undefined;
      if (own) return { resolvedModule: { resolvedFileName: own, extension: ts.Extension.Ts } };
      const mode = ts.getModeForUsageLocation(source, literal, settings);
      return ts.resolveModuleName(literal.text, containing, settings, host, modules, redirected, mode);
    });
  return (file) => {
    const program = ts.createProgram([file, ambient], options, host);
    const source = program.getSourceFile(file) as ts.SourceFile;
    return ts.getPreEmitDiagnostics(program, source).map(({ start = 0, messageText }) => {
      const line = source.getLineAndCharacterOfPosition(start).line + 1;
      return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
  };
}

const files = new Map<string, ts.SourceFile>();
const modules = ts.createModuleResolutionCache(process.cwd(), (name) => name, options);

function ownFile(path: string): string | undefined {
  return [`${path}.ts`, `${path}.tsx`].find((file) => existsSync(file));
}
