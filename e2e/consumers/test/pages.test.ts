import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deadLinks } from "../../../scripts/check/links.mjs";
import { docsOf, fieldsOf, gapsOf, home } from "../../../scripts/lib/home.mjs";
import { packPage, packReadme, restoreReadme } from "../../../scripts/lib/pages.mjs";

const nowhere = { repository: "", homepage: "", bugs: "", files: "" };
const somewhere = {
  repository: "git+https://code.example/turnpike.git",
  homepage: "https://turnpike.example",
  bugs: "https://code.example/turnpike/issues",
  files: "https://code.example/turnpike/main",
};

describe("the project's home", () => {
  it("is demanded by a release, each part in its form", () => {
    expect(gapsOf(nowhere)).toEqual(["repository", "homepage", "bugs", "files"]);
    expect(gapsOf(somewhere)).toEqual([]);
    expect(gapsOf({ ...somewhere, repository: "https://code.example/turnpike" })).toEqual(["repository"]);
    const release = spawnSync(process.execPath, ["scripts/home.mjs"], { encoding: "utf8" });
    expect(release.status === 0).toBe(gapsOf(home).length === 0);
    for (const gap of gapsOf(home)) expect(release.stderr).toContain(gap);
  });

  it("is in every manifest once there is one, and in none before", () => {
    expect(fieldsOf(nowhere, "core")).toEqual({});
    expect(fieldsOf(somewhere, "core")).toEqual({
      homepage: "https://turnpike.example",
      bugs: { url: "https://code.example/turnpike/issues" },
      repository: { type: "git", url: "git+https://code.example/turnpike.git", directory: "packages/core" },
    });
  });

  it("is where errors lead, or else the installed package", () => {
    expect(docsOf(nowhere)).toBe("node_modules/@turnpike/core/docs");
    expect(docsOf(somewhere)).toBe("https://code.example/turnpike/main/docs");
  });
});

describe("what is packed", () => {
  const readme = "See [errors](../../docs/errors.md#not_paid) and [the site](https://x402.org).";

  it.each([
    ["express", nowhere, "../core/docs/errors.md#not_paid"],
    ["core", nowhere, "docs/errors.md#not_paid"],
    ["express", somewhere, "https://code.example/turnpike/main/docs/errors.md#not_paid"],
  ])("has a README of %s whose links lead somewhere", (room, place, link) => {
    const packed = packReadme(readme, room, place);
    expect(packed).toBe(`See [errors](${link}) and [the site](https://x402.org).`);
    expect(restoreReadme(packed, room, place)).toBe(readme);
  });

  const page =
    "[a](payments.md#x) [b](decisions/1.md) [its policy](../packages/redis/README.md#p) [`@turnpike/cli`](../packages/cli/README.md)";

  it("names what lies outside of the docs, where nothing is known of the web", () => {
    expect(packPage(page, "docs/operations.md", nowhere)).toBe(
      "[a](payments.md#x) [b](decisions/1.md) its policy (README of `@turnpike/redis`) `@turnpike/cli`",
    );
    expect(packPage("[a](../../README.md)", "docs/decisions/README.md", nowhere)).toBe("a");
  });

  it("links to it on the web otherwise", () => {
    expect(packPage(page, "docs/operations.md", somewhere)).toContain(
      "[its policy](https://code.example/turnpike/main/packages/redis/README.md#p)",
    );
  });
});

it("finds links that lead to no file and to no heading", () => {
  const folder = mkdtempSync(join(tmpdir(), "turnpike-"));
  try {
    const page = join(folder, "page.md");
    const links =
      "[1](#a-word-of-code) [2](#twice-1) [3](#id) [4](none.md) [5](#none) [6](https://none.example) `[7](none.md)`";
    writeFileSync(page, `# A word of \`code\`\n\n## Twice\n\n## Twice\n\n<a id="id"></a>\n\n${links}\n`);
    expect(deadLinks([page], folder)).toEqual([
      "page.md: none.md leads to no file",
      "page.md: #none names no heading or anchor there",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
