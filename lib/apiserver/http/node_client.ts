import { NodeTransport } from "../../k8s/client/node_transport.ts";
import type { DialNode } from "../handlers/log.ts";

/** How a {@link NodeClient} trusts nodes. */
export interface NodeClientOptions {
  /**
   * The authority (PEM) that issued the nodes' certificates. Without it they are not verified, as by a kube-apiserver
   * without `--kubelet-certificate-authority`.
   */
  readonly certificateAuthority?: string;
}

/**
 * Asks nodes (kubelets) over HTTPS. Give its {@link NodeClient.dial} to the API server as `dialNode`, and dispose of it
 * after that.
 */
export class NodeClient implements Disposable {
  readonly #transport: NodeTransport;

  constructor({ certificateAuthority }: NodeClientOptions = {}) {
    this.#transport = new NodeTransport(
      certificateAuthority === undefined ? { insecureSkipTlsVerify: true } : { certificateAuthority },
    );
  }

  /** @throws Error when the node cannot be reached */
  readonly dial: DialNode = async ({ host, port }, path, signal) => {
    const url = `https://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
    const response = await this.#transport.send({ method: "GET", url, headers: [], signal, whenOver }, undefined);
    return {
      code: response.status,
      contentType: response.headers.get("content-type") ?? "text/plain",
      body: response.body ?? new Blob([]).stream(),
    };
  };

  [Symbol.dispose](): void {
    this.#transport.close();
  }
}

/** NodeTransport counts no requests. */
function whenOver(): void {}
