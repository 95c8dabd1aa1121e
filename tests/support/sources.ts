/** The product's own source files, for tests that check rules of the house on their text. */

export interface SourceFile {
  /** Path from the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const root = new URL("../../", import.meta.url);

/** Folders and files that are shipped; tests are not. */
const shipped = ["main.ts", "mod.ts", "testing.ts", "commands", "controllers", "lib", "webhook", "experiment"];

let sources: Promise<readonly SourceFile[]> | undefined;

/** All shipped TypeScript files that exist, read once. */
export function shippedSources(): Promise<readonly SourceFile[]> {
  return sources ??= read();
}

async function read(): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const entry of shipped) await collect(entry, files);
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

async function collect(path: string, files: SourceFile[]): Promise<void> {
  const url = new URL(path, root);
  const info = await Deno.stat(url).catch(() => undefined);
  if (info?.isDirectory === true) {
    for await (const entry of Deno.readDir(url)) await collect(`${path}/${entry.name}`, files);
  } else if (info?.isFile === true && path.endsWith(".ts")) {
    files.push({ path, text: await Deno.readTextFile(url) });
  }
}

/** Specifiers of all static and dynamic imports and re-exports. */
export function importsOf(text: string): string[] {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)"([^"]+)"/g;
  return [...text.matchAll(pattern)].flatMap(([, specifier]) => specifier === undefined ? [] : [specifier]);
}

/** Source text with comments and the contents of strings blanked out, so that a search finds code only. */
export function codeOnly(text: string): string {
  const pattern = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;
  return text.replace(pattern, (match) => match.startsWith("/") ? " " : '""');
}
