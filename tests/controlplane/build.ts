/**
 * `deno task controlplane`: builds etcd, kube-apiserver, kube-controller-manager and kubectl from source into the
 * user's cache folder, once per version. Needs Go and its module proxy; prints the folder on standard output.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { binariesAvailable, builtFolder, fileName, MissingAssetsError, programs } from "./assets.ts";
import { recipe, type RecipeModule } from "./versions.ts";

/** Time between two lines of progress, in milliseconds. */
const progressInterval = 15_000;
/** Folders of builds that are under way. */
const scratchPrefix = ".building-";
/** No build takes this long, so an older scratch folder is that of a killed one. Milliseconds. */
const abandonedAfter = 24 * 3_600_000;

/**
 * Builds what is missing.
 *
 * Everything is linked in a folder of its own beside the target and then renamed into place file by file, so that
 * a build that is cut off leaves no half binary and two builds at once only do the same work twice.
 *
 * @param print takes one line of progress
 * @param signal stops the build and removes what it had written
 * @returns the folder with the four programs
 * @throws {MissingAssetsError} when there is no Go, or Go reports an error
 */
export async function build(print: (line: string) => void, signal: AbortSignal): Promise<string> {
  const target = builtFolder();
  if (isComplete(target)) return target;
  print(`Using ${await goVersion(signal)}`);
  await Deno.mkdir(dirname(target), { recursive: true });
  await removeAbandoned(dirname(target));
  const scratch = await Deno.makeTempDir({ dir: dirname(target), prefix: scratchPrefix });
  try {
    for (const module of recipe()) await buildModule(module, scratch, print, signal);
    await Deno.mkdir(target, { recursive: true });
    for (const program of programs) {
      await Deno.rename(join(scratch, fileName(program)), join(target, fileName(program)));
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return target;
}

async function removeAbandoned(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.startsWith(scratchPrefix)) continue;
    const path = join(folder, name);
    try {
      const { mtime } = await Deno.stat(path);
      if (mtime !== null && Date.now() - mtime.getTime() > abandonedAfter) await Deno.remove(path, { recursive: true });
    } catch (error) {
      // Another build has just removed it.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function isComplete(folder: string): boolean {
  return binariesAvailable({ env: (name) => name === "KUBEBUILDER_ASSETS" ? folder : undefined });
}

async function goVersion(signal: AbortSignal): Promise<string> {
  try {
    const { stdout } = await new Deno.Command("go", { args: ["version"], stdin: "null", signal }).output();
    return new TextDecoder().decode(stdout).trim();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new MissingAssetsError("Cannot build the control plane: there is no `go` on PATH.", { cause: error });
  }
}

async function buildModule(
  module: RecipeModule,
  scratch: string,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { folder, title, packages, output, linkerFlags } = module;
  // A trailing slash means "one file per package, into this folder".
  const destination = output === undefined ? `${scratch}/` : join(scratch, output + (isWindows() ? ".exe" : ""));
  const path = fileURLToPath(new URL(`${folder}/`, import.meta.url));
  await goBuild({ folder: path, title, packages, destination, linkerFlags }, print, signal);
}

/** What {@link goBuild} links. */
export interface GoBuild {
  /** Folder of go.mod. */
  readonly folder: string;
  /** What a person sees while it builds. */
  readonly title: string;
  /** Package patterns. */
  readonly packages: readonly string[];
  /** The file to write, or with a slash at the end the folder. */
  readonly destination: string;
  /** Value of `-ldflags`. */
  readonly linkerFlags: string;
}

/**
 * Runs `go build`. All builds have the same settings, so packages that several need are compiled once.
 *
 * @param print takes one line of progress
 * @throws {MissingAssetsError} when Go reports an error
 */
export async function goBuild(build: GoBuild, print: (line: string) => void, signal: AbortSignal): Promise<void> {
  const { folder, title, packages, destination, linkerFlags } = build;
  const started = performance.now();
  const elapsed = (): string => `${Math.round((performance.now() - started) / 1000)} s`;
  print(`Building ${title} ...`);
  const go = new Deno.Command("go", {
    args: ["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", linkerFlags, "-o", destination, ...packages],
    cwd: folder,
    // Neither a C compiler, nor a workspace around the clone, nor settings for cross-compiling may play a part.
    env: { CGO_ENABLED: "0", GOWORK: "off", GOOS: goOs(), GOARCH: goArch() },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal,
  }).spawn();
  const progress = new GoProgress();
  const timer = setInterval(() => print(`  ${title}: ${progress.summary()}, ${elapsed()}`), progressInterval);
  try {
    for await (const chunk of go.stderr.pipeThrough(new TextDecoderStream())) progress.read(chunk);
    const { success, code } = await go.status;
    signal.throwIfAborted();
    if (!success) {
      throw new MissingAssetsError(
        `Cannot build ${title}: \`go build\` ended with code ${code}:\n${progress.messages()}\n`,
      );
    }
  } finally {
    clearInterval(timer);
  }
  print(`Built ${title} in ${elapsed()}`);
}

/** Counts what `go build -v` reports and keeps what is neither a package nor a download: the errors. */
export class GoProgress {
  #packages = 0;
  #downloads = 0;
  #rest = "";
  readonly #messages: string[] = [];

  /** Takes a piece of Go's standard error. */
  read(chunk: string): void {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#count(line);
  }

  /** Figures for one line of progress. */
  summary(): string {
    return `${this.#downloads} modules downloaded, ${this.#packages} packages compiled`;
  }

  /** The last lines that were no progress. */
  messages(): string {
    return [...this.#messages, this.#rest].join("\n").trim();
  }

  #count(line: string): void {
    if (line.startsWith("go: downloading ")) this.#downloads++;
    else if (/^[\w.~-]+(\/[\w.~-]+)*$/.test(line)) this.#packages++;
    else this.#messages.push(line);
    if (this.#messages.length > 50) this.#messages.shift();
  }
}

function isWindows(): boolean {
  return Deno.build.os === "windows";
}

function goOs(): string {
  return Deno.build.os;
}

function goArch(): string {
  return Deno.build.arch === "aarch64" ? "arm64" : "amd64";
}

async function main(): Promise<number> {
  const interrupted = new AbortController();
  // Without a listener the process would end at once and leave its scratch folder behind.
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    if (!(isWindows() && name === "SIGTERM")) Deno.addSignalListener(name, () => interrupted.abort());
  }
  const print = (line: string): void => write(Deno.stderr, line);
  try {
    const folder = await build(print, interrupted.signal);
    print("The control plane for the tests is ready in");
    write(Deno.stdout, folder);
    return 0;
  } catch (error) {
    if (interrupted.signal.aborted) print("Interrupted");
    else if (error instanceof MissingAssetsError) print(error.message);
    else throw error;
    return 1;
  }
}

function write(stream: typeof Deno.stderr | typeof Deno.stdout, line: string): void {
  stream.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) Deno.exit(await main());
