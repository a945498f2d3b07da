import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createCompiler } from "../src/compile.js";
import { listPages, type Sample, samplesOf, writeSamples } from "../src/samples.js";

const isTypeScript = ({ language }: Sample): boolean => language === "ts" || language === "tsx";

const samples = await Promise.all(
  (await listPages()).map(async (page) => {
    const own = (await samplesOf(page)).filter(isTypeScript);
    const folder = await writeSamples(own, join("types", page.replace(/\.md$/, "")));
    const compile = createCompiler(folder);
    return own.map((sample) => ({ ...sample, check: () => compile(join(folder, sample.file)) }));
  }),
);

describe("every TypeScript sample of the docs and READMEs compiles as it stands", () => {
  it.for(samples.flat())("$page, line $line", ({ check }) => {
    expect(check()).toEqual([]);
  });
});
