import type { JSONValue, KubernetesTunnel, RequestOptions, RestClient } from "../../../lib/k8s/contract.ts";

/** A RestClient whose JSON answers come from a function. */
export function scriptedClient(answer: (request: RequestOptions) => Promise<JSONValue>): RestClient {
  function performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<KubernetesTunnel>;
  function performRequest(
    opts: RequestOptions & { expectStream: true; expectJson: true },
  ): Promise<ReadableStream<JSONValue>>;
  function performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  function performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  function performRequest(opts: RequestOptions): Promise<Uint8Array>;
  async function performRequest(
    opts: RequestOptions,
  ): Promise<KubernetesTunnel | ReadableStream<JSONValue> | ReadableStream<Uint8Array> | JSONValue | Uint8Array> {
    if (opts.expectStream === true) throw new Error("only JSON answers are scripted");
    return await answer(opts);
  }
  return { performRequest, [Symbol.dispose]: () => undefined };
}
