import type { JSONValue, KubernetesTunnel, RequestOptions, RestClient } from "./contract.ts";
import { ApiError, type Status } from "./errors.ts";

/**
 * A client for those who log errors and must not tell what is in objects: refusals come without the words that may quote
 * the object. An admission webhook, a policy or a schema says what it does not like, such as `spec.password: Invalid
 * value: "hunter2"`; what stays is who refused, and which fields are meant. Refusals for want of rights are kept whole.
 */
export class DiscreetClient implements RestClient {
  readonly #client: RestClient;

  /** It belongs to nobody: the client inside is closed by whoever made it. */
  constructor(client: RestClient) {
    this.#client = client;
  }

  get defaultNamespace(): string {
    return this.#client.defaultNamespace ?? "default";
  }

  /** Opens a two-way connection, as exec, attach and port-forward have it. */
  performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<KubernetesTunnel>;
  /** Sends a request whose answer comes value by value, such as a watch. */
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  /** Sends a request whose answer is wanted byte by byte as it arrives, such as a log. */
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  /** Sends a request whose answer is one JSON value. */
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  /** Sends a request and gives the bytes of its answer. */
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  async performRequest(
    opts: RequestOptions,
  ): Promise<KubernetesTunnel | ReadableStream<JSONValue> | ReadableStream<Uint8Array> | JSONValue | Uint8Array> {
    try {
      return await this.#client.performRequest(opts);
    } catch (error) {
      throw error instanceof ApiError ? withoutObject(error) : error;
    }
  }

  /** Does nothing: the client below belongs to somebody else. */
  [Symbol.dispose](): void {}
}

/** Status codes with which validation and admission refuse an object. */
const refusals: readonly number[] = [400, 403, 422];

/** The error without what it may quote of the object; errors that quote nothing are given back as they are. */
export function withoutObject(error: ApiError): ApiError {
  const { request, status } = error;
  const message = publicWords(status);
  if (message === status.message) return error;
  const causes = status.causes.map(({ field, reason }) => ({
    ...(field === undefined ? {} : { field }),
    ...(reason === undefined ? {} : { reason }),
  }));
  return new ApiError(request, { ...status, message, causes });
}

function publicWords({ code, message, causes }: Status): string {
  // The words of RBAC name the user, the verb and the resource.
  const isPublic = !refusals.includes(code) || /: User "[^"]*" cannot /.test(message);
  // A webhook chooses the code itself.
  if (isPublic && !/ denied (the )?request: /.test(message)) return message;
  // The object's name and who refused stand before it; names have no quotes or colons and blanks.
  const [head = "the object was refused"] =
    /^(?:[^\s"]+ "[^"]*" is (?:invalid|forbidden)(?:: \w+ '[^']*' with binding '[^']*' denied request)?|admission webhook "[^"]*" denied the request)/
      .exec(message) ?? [];
  const fields = [...new Set(causes.map(({ field }) => field).filter((field) => field !== undefined))];
  const about = fields.length === 0 ? "" : ` for ${fields.join(", ")}`;
  return `${head}${about} (further words are left out, as they may quote the object)`;
}
