/** A serving certificate with its private key. */
export interface CertificatePair {
  /** The certificate, followed by the intermediate ones if there are any (PEM). */
  readonly certificate: string;
  /** Its private key (PEM). */
  readonly key: string;
}

/** Where a server gets its certificate from: files, a Secret, or a certificate that never changes. */
export interface CertificateSource {
  /** The certificate to serve with now; undefined while there is none yet. */
  current(): CertificatePair | undefined;
  /**
   * The certificate as soon as there is one, then each one that takes its place. Never throws: a source that cannot get
   * a new certificate reports that and stays with the old one. Ends when `signal` aborts.
   */
  changes(signal: AbortSignal): AsyncIterable<CertificatePair>;
}

/** A certificate that stays as it is. */
export function fixedSource(pair: CertificatePair): CertificateSource {
  return {
    current: () => pair,
    async *changes(signal: AbortSignal): AsyncGenerator<CertificatePair, void, undefined> {
      if (signal.aborted) return;
      yield pair;
      if (signal.aborted) return;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    },
  };
}
