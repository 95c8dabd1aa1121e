import { X509Certificate } from "node:crypto";
import { CertificateError } from "./check_pair.ts";

/** Intermediate certificates that are followed at most. */
const longestChain = 10;

/**
 * Why a client that trusts these authorities does not trust this server certificate: a part of a sentence, without times
 * that change. Undefined when it does. Names are not looked at.
 * @param served the certificate, followed by the intermediate ones (PEM)
 * @param authorities whom the client trusts (PEM)
 * @param now milliseconds since the epoch
 * @throws CertificateError when one of both holds no readable certificate
 */
export function distrust(served: string, authorities: string, now: number): string | undefined {
  const [leaf, ...between] = readAll(served, "the served certificate");
  const trusted = readAll(authorities, "the bundle of authorities");
  if (leaf === undefined) return "there is none";
  if (leaf.validToDate.getTime() <= now) return `it expired at ${leaf.validToDate.toISOString()}`;
  if (leaf.validFromDate.getTime() > now) return `it is not valid before ${leaf.validFromDate.toISOString()}`;
  let current = leaf;
  for (let step = 0; step < longestChain; step++) {
    const certificate = current;
    if (trusted.some((authority) => authority.raw.equals(certificate.raw) || isIssuedBy(certificate, authority))) {
      return undefined;
    }
    const issuer = between.find((candidate) => candidate !== certificate && isIssuedBy(certificate, candidate));
    if (issuer === undefined) break;
    current = issuer;
  }
  return `none of the authorities has issued it, but "${oneLine(current.issuer)}" has`;
}

function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.issuer === authority.subject && certificate.verify(authority.publicKey);
}

function readAll(pem: string, what: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new CertificateError(`${what} holds something that is no certificate`, { cause });
  }
}

/** Names of several parts come one to a line. */
function oneLine(name: string): string {
  return name.trim().replaceAll("\n", ", ");
}
