import type { RestClient } from "../../../lib/k8s/contract.ts";
import type { Kubectl } from "../kubectl.ts";
import { getTables, type TableRequest } from "./tables.ts";
import { type Teller } from "./teller.ts";
import { UnmetError } from "./until_met.ts";

/** What {@link Hands} work with. */
export interface HandsOptions {
  readonly client: RestClient;
  /** Undefined where there is none: then the API is used directly. */
  readonly kubectl: Kubectl | undefined;
  readonly teller: Teller;
}

/** Does what a person would do with kubectl: with kubectl where there is one, else with the same requests. */
export class Hands {
  readonly #options: HandsOptions;

  constructor(options: HandsOptions) {
    this.#options = options;
  }

  /**
   * Changes something.
   * @param args of kubectl. @param otherwise does the same without it, and says what kubectl would print.
   * @returns what was printed. @throws UnmetError when kubectl refuses.
   */
  async act(args: readonly string[], otherwise: () => Promise<string>, signal: AbortSignal): Promise<string> {
    const { kubectl, teller } = this.#options;
    teller.did(commandText(args));
    const output = kubectl === undefined ? await otherwise() : await this.#run(kubectl, args, signal);
    teller.shows(output);
    return output;
  }

  /** Shows collections as `kubectl get` prints them. @param labels those of `-L`. */
  async show(
    args: readonly string[],
    requests: readonly TableRequest[],
    labels: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const { client } = this.#options;
    const columns = labels.length === 0 ? [] : ["-L", labels.join(",")];
    await this.act([...args, ...columns], () => getTables(client, requests, labels, signal), signal);
  }

  async #run(kubectl: Kubectl, args: readonly string[], signal: AbortSignal): Promise<string> {
    const { code, stdout, stderr } = await kubectl.run(args, signal);
    if (code === 0) return stdout;
    throw new UnmetError(`${commandText(args)} succeeds`, `exit code ${code}: ${stderr.trim()}`);
  }
}

/** As a person types it. */
export function commandText(args: readonly string[]): string {
  return ["kubectl", ...args.map((arg) => /^[\w@%+=:,./~-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`)]
    .join(" ");
}
