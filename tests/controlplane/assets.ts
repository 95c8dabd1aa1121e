import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { etcdVersion, kubernetesVersion, recipe } from "./versions.ts";

/** Programs of a control plane, in the order in which they are looked for. */
export const programs = ["kube-apiserver", "etcd", "kubectl", "kube-controller-manager"] as const;

/** Name of one program, without the suffix that it has on Windows. */
export type Program = typeof programs[number];

/** Where the binaries are, each an absolute path. */
export interface Binaries {
  /** Folder that holds them. */
  readonly folder: string;
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubectl: string;
  /** Undefined only when the caller said that it needs none, and there is none. */
  readonly kubeControllerManager: string | undefined;
}

/** What a look-up needs of its surroundings; the default is the real environment. */
export interface AssetsOptions {
  /** Whether kube-controller-manager is needed. @default {true} */
  readonly controllerManager?: boolean;
  /** Reads an environment variable. */
  readonly env?: (name: string) => string | undefined;
  /** Operating system as `Deno.build.os` names it. */
  readonly os?: string;
}

/** No usable binaries. The message names what is missing and each way to get it. */
export class MissingAssetsError extends Error {
  override readonly name = "MissingAssetsError";

  constructor(problem: string, options?: ErrorOptions) {
    super(
      `${problem}\n` +
        "The tests against a real Kubernetes API server need etcd, kube-apiserver, kube-controller-manager and kubectl.\n" +
        "Do one of these:\n" +
        "  - install Go 1.26 or newer (https://go.dev/dl) and run: deno task controlplane\n" +
        `    (builds Kubernetes ${kubernetesVersion} and etcd ${etcdVersion} once, in about 5 minutes, into your cache folder)\n` +
        "  - or set KUBEBUILDER_ASSETS to a folder that holds these four programs",
      options,
    );
  }
}

/** File name of a program on an operating system. */
export function fileName(program: Program, os: string = Deno.build.os): string {
  return os === "windows" ? `${program}.exe` : program;
}

/**
 * The user's cache folder: XDG_CACHE_HOME or ~/.cache, ~/Library/Caches on macOS, LOCALAPPDATA on Windows.
 * A relative XDG_CACHE_HOME is ignored, as the XDG Base Directory Specification demands.
 */
export function userCacheFolder(env: (name: string) => string | undefined, os: string, home: string): string {
  switch (os) {
    case "darwin":
      return join(home, "Library", "Caches");
    case "windows":
      return env("LOCALAPPDATA") ?? join(home, "AppData", "Local");
    default: {
      const xdg = env("XDG_CACHE_HOME");
      return xdg?.startsWith("/") ? xdg : join(home, ".cache");
    }
  }
}

/**
 * Folder into which `deno task controlplane` builds, outside the clone. Its name carries the versions, the platform
 * and a digest of the recipe (go.mod, go.sum, linker flags), so a changed recipe never meets old binaries.
 */
export function builtFolder(options: AssetsOptions = {}): string {
  const { env = readEnv, os = Deno.build.os } = options;
  const digest = createHash("sha256");
  for (const { folder, packages, linkerFlags } of recipe()) {
    for (const file of ["go.mod", "go.sum"]) {
      digest.update(Deno.readFileSync(new URL(`${folder}/${file}`, import.meta.url)));
    }
    digest.update(JSON.stringify([packages, linkerFlags]));
  }
  const key = `kubernetes-${kubernetesVersion}-etcd-${etcdVersion}-${os}-${Deno.build.arch}-` +
    digest.digest("hex").slice(0, 8);
  return join(userCacheFolder(env, os, homedir()), "controller-sharding", "controlplane", key);
}

/**
 * Finds the binaries: in KUBEBUILDER_ASSETS when it is set (the convention of the field), else where
 * `deno task controlplane` builds them.
 *
 * @throws {MissingAssetsError} when one is missing there. A set KUBEBUILDER_ASSETS is never silently passed over:
 * somebody who sets it wants those versions.
 */
export function locateBinaries(options: AssetsOptions = {}): Binaries {
  const { env = readEnv, os = Deno.build.os, controllerManager = true } = options;
  const assets = env("KUBEBUILDER_ASSETS");
  const folder = assets ? assets : builtFolder(options);
  const needed = programs.filter((program) => controllerManager || program !== "kube-controller-manager");
  const missing = needed.filter((program) => !isFile(join(folder, fileName(program, os))));
  if (missing.length > 0) {
    throw new MissingAssetsError(problemWith(missing, folder, Boolean(assets)));
  }
  const manager = join(folder, fileName("kube-controller-manager", os));
  return {
    folder,
    etcd: join(folder, fileName("etcd", os)),
    kubeApiserver: join(folder, fileName("kube-apiserver", os)),
    kubectl: join(folder, fileName("kubectl", os)),
    kubeControllerManager: isFile(manager) ? manager : undefined,
  };
}

/** Whether {@link locateBinaries} would find them, for `Deno.test`'s `ignore`. Never throws. */
export function binariesAvailable(options: AssetsOptions = {}): boolean {
  try {
    locateBinaries(options);
    return true;
  } catch {
    // Whatever the reason (missing, unreadable, no permission), the caller can only skip; the start explains it.
    return false;
  }
}

function problemWith(missing: readonly Program[], folder: string, fromEnvironment: boolean): string {
  if (!fromEnvironment) return `No control plane has been built yet (${missing.join(", ")} not found in ${folder}).`;
  const problem = `KUBEBUILDER_ASSETS is set, but ${folder} holds no ${missing.join(", no ")}.`;
  // setup-envtest ships only three of the four programs, so this is the case that most people will meet.
  return missing.length === 1 && missing[0] === "kube-controller-manager"
    ? `${problem} (Folders made by setup-envtest have none; unset KUBEBUILDER_ASSETS to use the built one.)`
    : problem;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

function readEnv(name: string): string | undefined {
  return Deno.env.get(name);
}
