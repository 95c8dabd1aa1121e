import { Leash } from "./leash.ts";
import { denoFiles } from "../../../lib/workloads/node/files.ts";
import { localMachine, type Machine } from "../../../lib/workloads/node/machine.ts";

/**
 * A private folder for all files of a demo, and the machine on which its pods run: they end, and the folder goes, with
 * the demo, however that ends. Dispose of it after everything that uses it.
 */
export class DemoFolder implements AsyncDisposable {
  readonly path: string;
  readonly machine: Machine;
  readonly #leash: Leash;

  private constructor(path: string) {
    const machine = localMachine();
    this.path = path;
    this.#leash = new Leash(path);
    this.machine = {
      ...machine,
      processes: this.#leash.hold(machine.processes),
      files: { ...denoFiles, makeTemporaryFolder: (prefix) => Deno.makeTempDir({ dir: path, prefix }) },
    };
  }

  /** Makes the folder, which only this user may enter. */
  static async create(): Promise<DemoFolder> {
    return new DemoFolder(await Deno.makeTempDir({ prefix: "sharding-demo-" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leash[Symbol.asyncDispose]();
  }
}
