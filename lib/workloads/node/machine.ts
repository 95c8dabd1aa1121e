import { availableParallelism, totalmem } from "node:os";
import { type ServeProxy, serveProxy } from "../services/proxy_server.ts";
import { denoFiles, type NodeFiles } from "./files.ts";
import { type ServeKubelet, serveKubelet } from "./kubelet/kubelet_server.ts";
import { networkProbe } from "./probes/network_probe.ts";
import type { CallProbe } from "./probes/watch_probe.ts";
import { denoProcesses } from "./process/deno_process.ts";
import type { ProcessRunner } from "./process/process_runner.ts";

/** The machine, as far as a node needs it. Injected, so that a whole node runs in a test without touching anything. */
export interface Machine {
  readonly processes: ProcessRunner;
  readonly files: NodeFiles;
  readonly callProbe: CallProbe;
  readonly serveKubelet: ServeKubelet;
  readonly serveProxy: ServeProxy;
  /** Can one listen on this port of the loopback interface now? */
  isPortFree(port: number): boolean;
  /** Variables that processes inherit. */
  environment(): Readonly<Record<string, string>>;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** In Go's words: "linux", "darwin". */
  readonly operatingSystem: string;
  /** In Go's words: "amd64", "arm64". */
  readonly architecture: string;
  /** Such as "deno://2.9.6". */
  readonly runtime: string;
}

/** Variables that a process gets from the node: enough to find programs and caches, no proxies and no credentials. */
const inherited = ["PATH", "HOME", "DENO_DIR", "TMPDIR", "LANG", "SystemRoot"] as const;

/** The machine that this process runs on. */
export function localMachine(): Machine {
  return {
    processes: denoProcesses,
    files: denoFiles,
    callProbe: networkProbe,
    serveKubelet,
    serveProxy,
    isPortFree,
    environment: () =>
      Object.fromEntries(inherited.flatMap((name) => {
        const value = Deno.env.get(name);
        return value === undefined ? [] : [[name, value]];
      })),
    cpus: availableParallelism(),
    memory: totalmem(),
    operatingSystem: Deno.build.os,
    architecture: Deno.build.arch === "x86_64" ? "amd64" : "arm64",
    runtime: `deno://${Deno.version.deno}`,
  };
}

function isPortFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
