import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { userCacheFolder } from "../../controlplane/assets.ts";
import { goBuild } from "../../controlplane/build.ts";

const source = fileURLToPath(new URL("../go_shard", import.meta.url));
const prefix = "go-shard-";
/** A program that was built from another state of the source is removed after so long. Milliseconds. */
const staleAfter = 7 * 24 * 3_600_000;

/**
 * Builds the shard in Go, unless it is there already from the same source. It is kept beside the control plane in the
 * user's cache folder, and shares its compiled packages: then this takes seconds.
 *
 * @returns the program's path
 * @throws {MissingAssetsError} when Go reports an error
 */
export async function goShard(): Promise<string> {
  const target = programPath();
  if (isFile(target)) return target;
  const folder = dirname(target);
  await Deno.mkdir(folder, { recursive: true });
  // Linked beside the target and renamed, so that nobody ever starts half a program.
  const destination = await Deno.makeTempFile({ dir: folder, prefix: ".building-" });
  const print = (line: string): void => {
    Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
  };
  try {
    const build = { folder: source, title: "the shard in Go", packages: ["."], destination, linkerFlags: "-s -w" };
    await goBuild(build, print, new AbortController().signal);
    await Deno.rename(destination, target);
  } catch (error) {
    await Deno.remove(destination);
    throw error;
  }
  await removeStale(folder);
  return target;
}

/** Is the program there, or can it be built? For `Deno.test`'s `ignore`. */
export function goShardAvailable(): boolean {
  if (isFile(programPath())) return true;
  try {
    return new Deno.Command("go", { args: ["version"], stdin: "null", stdout: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The name carries a digest of the source, so that a changed source never meets an old program. */
function programPath(): string {
  const digest = createHash("sha256");
  const files = [...Deno.readDirSync(source)].map(({ name }) => name).toSorted();
  for (const file of files) digest.update(`${file}\n`).update(Deno.readFileSync(join(source, file)));
  const name = `${prefix}${Deno.build.os}-${Deno.build.arch}-${digest.digest("hex").slice(0, 8)}`;
  const cache = userCacheFolder((name) => Deno.env.get(name), Deno.build.os, homedir());
  return join(cache, "controller-sharding", "interop", Deno.build.os === "windows" ? `${name}.exe` : name);
}

async function removeStale(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const { mtime } = await Deno.stat(join(folder, name));
    if (name.startsWith(prefix) && mtime !== null && Date.now() - mtime.getTime() > staleAfter) {
      await Deno.remove(join(folder, name));
    }
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
