import { createAuthority, issueServingCertificate } from "./issue.ts";
import type { CertificatePair } from "./source.ts";

/** What a short-lived server is called by. */
export interface SelfSignedOptions {
  /** Beginning of the authority's name; a random part follows, so that no two authorities have the same name. */
  readonly name: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** The time, in milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds until both certificates expire. @default a year */
  readonly validity?: number;
}

/** A serving certificate with the authority that signed it. */
export interface SelfSigned {
  /** What clients have to trust, PEM. Its key is forgotten, so that it never signs anything else. */
  readonly authority: string;
  readonly serving: CertificatePair;
}

/**
 * Issues a serving certificate by a new authority, for a server that lives as long as a test.
 * @throws CertificateError when no name is given, or an IP address is none.
 */
export function issueSelfSigned(options: SelfSignedOptions): SelfSigned {
  const { validity = 365 * 24 * 3_600_000 } = options;
  const authority = createAuthority({ ...options, validity });
  return { authority: authority.certificate, serving: issueServingCertificate(authority, { ...options, validity }) };
}
