import { formatKey, keyOf, type ObjectKey } from "../../k8s/types.ts";
import type { Logger } from "../../util/log.ts";
import type { Service, ServicePort } from "../kinds/mod.ts";
import { endpoints, type LocalPod, selects, servicePort } from "./endpoints.ts";
import type { ProxyServer, ServeProxy } from "./proxy_server.ts";

/** A service cannot be called. The message says what is missing. */
export class ServiceUnavailableError extends Error {
  override readonly name = "ServiceUnavailableError";
}

/** An address on this machine. */
export interface ServiceAddress {
  readonly host: string;
  readonly port: number;
}

/** Settings of {@link ServiceProxies}. */
export interface ServiceProxiesOptions {
  readonly serve: ServeProxy;
  /** The pods of this node. */
  readonly pods: () => readonly LocalPod[];
  /**
   * Port of the loopback interface at which a port of a service has to be, such as for a webhook that is configured
   * by URL. @default any free one
   */
  readonly fixedPort?: ((service: ObjectKey, port: number) => number | undefined) | undefined;
  readonly logger: Logger;
}

const loopback = "127.0.0.1";

/** What listens for one port of a service. */
interface Proxy {
  readonly server: Promise<ProxyServer>;
  service: Service;
  port: ServicePort;
  next: number;
}

/**
 * Makes the services of local pods reachable: for each TCP port of a service that selects pods of this node, a port of
 * the loopback interface that forwards to one ready pod after another. A port stays as long as its service.
 */
export class ServiceProxies {
  readonly #options: ServiceProxiesOptions;
  readonly #services = new Map<string, Service>();
  /** By key of the service and number of the port. */
  readonly #proxies = new Map<string, Proxy>();
  #closed = false;

  constructor(options: ServiceProxiesOptions) {
    this.#options = options;
  }

  /** A service was created or has changed. */
  put(service: Service): void {
    const key = formatKey(keyOf(service));
    this.#services.set(key, service);
    const wanted = new Set(tcpPorts(service).map((port) => proxyKey(key, port.port)));
    for (const name of this.#proxies.keys()) {
      if (name.startsWith(`${key}:`) && !wanted.has(name)) this.#stop(name);
    }
    this.#follow(key, service);
  }

  /** A service was deleted. */
  remove(service: Service): void {
    const key = formatKey(keyOf(service));
    this.#services.delete(key);
    for (const name of [...this.#proxies.keys()]) if (name.startsWith(`${key}:`)) this.#stop(name);
  }

  /** The pods have changed: services may have got their first one. */
  podsChanged(): void {
    for (const [key, service] of this.#services) this.#follow(key, service);
  }

  /**
   * Address of a port of a service on this machine.
   * @throws ServiceUnavailableError when there is no such service or port, or no pod of it is ready.
   */
  async resolve(namespace: string, name: string, port: number | string): Promise<ServiceAddress> {
    const key = formatKey({ namespace, name });
    const service = this.#services.get(key);
    if (service === undefined) throw new ServiceUnavailableError(`service ${key} does not exist`);
    const found = servicePort(service, port);
    if (found === undefined) throw new ServiceUnavailableError(`service ${key} has no port ${port}`);
    const proxy = this.#proxies.get(proxyKey(key, found.port));
    if (proxy === undefined || endpoints(service, found, this.#options.pods()).length === 0) {
      throw new ServiceUnavailableError(`service ${key} has no ready pods on this node`);
    }
    try {
      return { host: loopback, port: (await proxy.server).port };
    } catch (cause) {
      throw new ServiceUnavailableError(`service ${key} has no port on this machine`, { cause });
    }
  }

  /** Stops to listen. */
  async close(): Promise<void> {
    this.#closed = true;
    const servers = [...this.#proxies.values()].map((proxy) => proxy.server);
    this.#proxies.clear();
    await Promise.all(servers.map((server) => server.then((each) => each.close(), () => undefined)));
  }

  #follow(key: string, service: Service): void {
    if (this.#closed) return;
    const isLocal = this.#options.pods().some(({ pod }) => selects(service, pod));
    for (const port of tcpPorts(service)) {
      const proxy = this.#proxies.get(proxyKey(key, port.port));
      if (proxy !== undefined) Object.assign(proxy, { service, port });
      else if (isLocal) this.#start(key, service, port);
    }
  }

  #start(key: string, service: Service, port: ServicePort): void {
    const { serve, fixedPort, logger } = this.#options;
    let refused = false;
    const server = serve({
      port: fixedPort?.(keyOf(service), port.port) ?? 0,
      targets: () => {
        const targets = endpoints(proxy.service, proxy.port, this.#options.pods());
        if (targets.length > 0) refused = false;
        const first = proxy.next++ % Math.max(1, targets.length);
        return [...targets.slice(first), ...targets.slice(0, first)];
      },
      onRefused: (reason) => {
        if (!refused) logger.warn("a connection to a service was cut", { service: key, port: port.port, reason });
        refused = true;
      },
    });
    const proxy: Proxy = { server, service, port, next: 0 };
    this.#proxies.set(proxyKey(key, port.port), proxy);
    server.then(
      (each) => logger.debug("a service can be reached", { service: key, port: port.port, at: each.port }),
      (error) => {
        logger.error("a service cannot be reached: its port is taken", { service: key, port: port.port, error });
        // The next change of the service or of its pods tries again.
        if (this.#proxies.get(proxyKey(key, port.port)) === proxy) this.#proxies.delete(proxyKey(key, port.port));
      },
    );
  }

  #stop(name: string): void {
    const proxy = this.#proxies.get(name);
    this.#proxies.delete(name);
    proxy?.server.then((server) => server.close(), () => undefined);
  }
}

function tcpPorts({ spec }: Service): readonly ServicePort[] {
  return (spec.ports ?? []).filter(({ protocol = "TCP" }) => protocol === "TCP");
}

function proxyKey(service: string, port: number): string {
  return `${service}:${port}`;
}
