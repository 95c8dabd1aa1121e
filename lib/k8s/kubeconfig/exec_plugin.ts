import { type Clock, deadline } from "../../util/clock/mod.ts";
import { Fields } from "../../util/fields.ts";
import { describeError } from "../../util/log.ts";
import { abortable } from "../abortable.ts";
import { type Credentials, CredentialsError, type UserIdentity } from "./cluster_access.ts";
import { resolvePath } from "./files.ts";
import type { Host, HostCommandResult } from "./host.ts";
import { fieldError } from "./kubeconfig_error.ts";
import type { ExecEntry } from "./kubeconfig_file.ts";

const apiVersions: readonly string[] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/** A plugin that waits for somebody at a terminal must not hang the program. */
const longestRun = 60_000;

/** After a refusal the plugin runs again at most this often, in milliseconds: the user may really have no access. */
const refusalInterval = 10_000;

interface Issued {
  readonly identity: UserIdentity;
  /** Wall-clock time in milliseconds; Infinity when the credentials have no end of their own. */
  readonly expires: number;
  readonly issuedAt: number;
}

/**
 * Credentials from a program (KEP-541, `client.authentication.k8s.io` v1 and v1beta1). It runs when credentials are
 * first needed, when they have expired, and after the server refused them; never with a terminal.
 */
export class ExecPlugin implements Credentials {
  readonly #entry: ExecEntry;
  readonly #command: string;
  readonly #apiVersion: string;
  readonly #clusterInfo: unknown;
  readonly #host: Host;
  readonly #clock: Clock;
  #issued: Issued | undefined;
  #running: Promise<Issued> | undefined;

  /**
   * @param clusterInfo the `spec.cluster` for a plugin that wants it
   * @throws KubeconfigError when the entry is incomplete or needs a terminal
   */
  constructor(entry: ExecEntry, clusterInfo: unknown, { host, clock }: { readonly host: Host; readonly clock: Clock }) {
    const { command, apiVersion, interactiveMode } = entry;
    if (command === undefined) throw fieldError(entry, "command", "is missing");
    if (apiVersion === undefined || !apiVersions.includes(apiVersion)) {
      const got = apiVersion === undefined ? "is missing" : `"${apiVersion}" is not supported`;
      throw fieldError(entry, "apiVersion", `${got}: use one of ${apiVersions.join(", ")}`);
    }
    if (interactiveMode === undefined && apiVersion === apiVersions[0]) {
      throw fieldError(entry, "interactiveMode", "is missing: set Never or IfAvailable");
    }
    if (interactiveMode === "Always") {
      throw fieldError(entry, "interactiveMode", "is Always, but there is no terminal here: use other credentials");
    }
    this.#entry = entry;
    // A bare name is looked up in PATH, a path begins at the file.
    this.#command = /[\\/]/.test(command) ? resolvePath(entry, command) : command;
    this.#apiVersion = apiVersion;
    this.#clusterInfo = entry.provideClusterInfo ? clusterInfo : undefined;
    this.#host = host;
    this.#clock = clock;
  }

  async identify(signal?: AbortSignal): Promise<UserIdentity> {
    if (this.#issued === undefined || this.#clock.now() >= this.#issued.expires) {
      this.#running ??= this.#run().finally(() => this.#running = undefined);
      return (await abortable(this.#running, signal)).identity;
    }
    return this.#issued.identity;
  }

  refused(identity: UserIdentity): void {
    const issued = this.#issued;
    if (issued === undefined || issued.identity.authorization !== identity.authorization) return;
    if (this.#clock.monotonic() - issued.issuedAt >= refusalInterval) this.#issued = undefined;
  }

  async #run(): Promise<Issued> {
    const { args, env, installHint } = this.#entry;
    const spec = { interactive: false, ...(this.#clusterInfo === undefined ? {} : { cluster: this.#clusterInfo }) };
    const info = JSON.stringify({ apiVersion: this.#apiVersion, kind: "ExecCredential", spec });
    using limit = deadline(this.#clock, longestRun, `the credential plugin "${this.#command}"`);
    let result: HostCommandResult | undefined;
    try {
      const command = { program: this.#command, args, env: { ...env, KUBERNETES_EXEC_INFO: info } };
      // Not only ended but also given up: its output stays open as long as a child of it lives.
      result = await abortable(this.#host.run({ ...command, signal: limit.signal }), limit.signal);
    } catch (cause) {
      if (limit.signal.aborted) throw this.#late();
      throw this.#error(`cannot be run: ${describeError(cause)}`, cause);
    }
    if (limit.signal.aborted) throw this.#late();
    if (result === undefined) {
      throw this.#error(`is not installed${installHint === undefined ? "" : `: ${installHint.trim()}`}`);
    }
    if (result.code !== 0) throw this.#error(`ended with exit code ${result.code}: ${lastLine(result.stderr)}`);
    this.#issued = this.#parse(result.stdout);
    return this.#issued;
  }

  #parse(output: string): Issued {
    let value: unknown;
    try {
      value = JSON.parse(output);
    } catch {
      // Neither quoted nor with the parser's words, which quote it too: it may hold a token.
      throw this.#error("printed something that is not JSON");
    }
    const problems: string[] = [];
    const root = new Fields(value, "", problems);
    root.choice("kind", ["ExecCredential"]);
    if (root.string("apiVersion") !== this.#apiVersion) root.problem("apiVersion", `must be ${this.#apiVersion}`);
    const status = root.object("status");
    const token = status.string("token");
    const certificate = status.string("clientCertificateData");
    const key = status.string("clientKeyData");
    const expiration = status.string("expirationTimestamp");
    const expires = expiration === undefined ? Infinity : Date.parse(expiration);
    if (Number.isNaN(expires)) status.problem("expirationTimestamp", "is no time");
    if ((certificate === undefined) !== (key === undefined)) {
      status.problem("clientKeyData", "comes together with clientCertificateData or not at all");
    }
    if (token === undefined && certificate === undefined) {
      status.problem("token", "is missing, and no certificate either");
    }
    if (problems.length > 0) throw this.#error(`printed faulty credentials: ${problems.join("; ")}`);
    return {
      identity: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(certificate === undefined || key === undefined ? {} : { certificate: { certificate, key } }),
      },
      expires,
      issuedAt: this.#clock.monotonic(),
    };
  }

  #late(): CredentialsError {
    return this.#error(`took longer than ${longestRun / 1_000} s and was ended`);
  }

  #error(what: string, cause?: unknown): CredentialsError {
    const { file, path } = this.#entry;
    return new CredentialsError(`credential plugin "${this.#command}" (kubeconfig ${file}: ${path}) ${what}`, {
      cause,
    });
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
