import type { CertificatePair, CertificateSource } from "../../../lib/certificates/mod.ts";
import { issueSelfSigned } from "../../../lib/certificates/self_signed.ts";
import { type Clock, sleep } from "../../../lib/util/clock/mod.ts";

const day = 24 * 3_600_000;

/** Milliseconds that a certificate is valid, and after which the next one takes its place. */
const [validity, renewal] = [365 * day, 180 * day];

/**
 * A certificate that nobody can check, so that a connection is at least encrypted, as the reference's metrics server has it
 * where it is given no files. It is renewed long before it expires.
 */
export function selfSignedSource(names: readonly string[], clock: Clock): CertificateSource {
  let current: CertificatePair | undefined;
  return {
    current: () => current,
    async *changes(signal): AsyncGenerator<CertificatePair, void, undefined> {
      while (!signal.aborted) {
        const options = { name: "controller-sharding", dnsNames: names, ipAddresses: ["127.0.0.1"], validity };
        const { serving } = issueSelfSigned({ ...options, now: clock.now() });
        current = serving;
        yield serving;
        await sleep(clock, renewal, signal).catch(() => undefined); // It only rejects when the signal aborts.
      }
    },
  };
}
