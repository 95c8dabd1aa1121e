import { Counter, Histogram, type Registry } from "./prom_client.ts";
import type { RequestObserver } from "../../k8s/client/mod.ts";

/** client-go's buckets of request durations, in seconds. */
const durations = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** Counts and times the requests to the API server under client-go's names. */
export function clientMetrics(registry: Registry): RequestObserver {
  const registers = [registry];
  const requests = new Counter({
    name: "rest_client_requests_total",
    help: "Number of HTTP requests, partitioned by status code, method, and host.",
    labelNames: ["code", "method", "host"],
    registers,
  });
  const seconds = new Histogram({
    name: "rest_client_request_duration_seconds",
    help: "Request latency in seconds. Broken down by verb, and host.",
    labelNames: ["verb", "host"],
    buckets: durations,
    registers,
  });
  return {
    onRequest(outcome): void {
      const { code, method, host } = outcome;
      requests.inc({ code: String(code), method, host });
      // client-go means the HTTP method by "verb" here.
      seconds.observe({ verb: method, host }, outcome.seconds);
    },
  };
}
