// The scripts of this repository are JavaScript.
interface Packed {
  readonly folder: string;
  readonly packed: readonly { readonly source: string; readonly home: string; readonly manifest: object }[];
}

declare module "*/scripts/check/packages.mjs" {
  export function pack(): Promise<Packed & { remove(): void }>;
}

declare module "*/scripts/check/consumer.mjs" {
  export function linkDependencies(consumer: {
    readonly folder: string;
    readonly packed: readonly { readonly source: string; readonly manifest: object }[];
  }): void;
}

declare module "*/scripts/check/links.mjs" {
  export function checkPackedLinks(consumer: Packed): string[];
  export function deadLinks(pages: readonly string[], top: string): string[];
}

declare module "*/scripts/lib/home.mjs" {
  export const home: Home;
  export function gapsOf(home: Home): (keyof Home)[];
  export function fieldsOf(home: Home, room: string): object;
  export function docsOf(home: Home): string;
}

declare module "*/scripts/lib/pages.mjs" {
  export function packReadme(text: string, room: string, home: Home): string;
  export function restoreReadme(text: string, room: string, home: Home): string;
  export function packPage(text: string, path: string, home: Home): string;
}

interface Home {
  readonly repository: string;
  readonly homepage: string;
  readonly bugs: string;
  readonly files: string;
}
