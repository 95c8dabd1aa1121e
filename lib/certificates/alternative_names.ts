import { isIP, isIPv4 } from "node:net";
import { CertificateError } from "./check_pair.ts";
import { sequence, tagged } from "./der.ts";

/** By what a server is called. */
export interface ServerNames {
  readonly dnsNames?: readonly string[];
  /** IPv4 or IPv6. */
  readonly ipAddresses?: readonly string[];
}

/** Tags of the kinds of names that certificates have here. */
const [dnsName, ipAddress] = [2, 7];

/**
 * The value of a certificate's extension that says for which names it is (RFC 5280, section 4.2.1.6).
 * @throws CertificateError when there is no name, or an IP address is none.
 */
export function alternativeNames({ dnsNames = [], ipAddresses = [] }: ServerNames): Uint8Array {
  const wrong = ipAddresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) {
    throw new CertificateError(`cannot issue a certificate for "${wrong}": it is no IP address; is it a DNS name?`);
  }
  if (dnsNames.length + ipAddresses.length === 0) {
    throw new CertificateError("cannot issue a serving certificate for no names: give a DNS name or an IP address");
  }
  const encoder = new TextEncoder();
  return sequence(
    ...dnsNames.map((name) => tagged(dnsName, encoder.encode(name))),
    ...ipAddresses.map((address) => tagged(ipAddress, isIPv4(address) ? ipv4(address) : ipv6(address))),
  );
}

function ipv4(address: string): Uint8Array {
  return Uint8Array.from(address.split("."), Number);
}

function ipv6(address: string): Uint8Array {
  // A URL brings all its forms into one: groups of hexadecimal digits, with one "::" at most.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [left, right] = [head, tail ?? ""].map((part) => part === "" ? [] : part.split(":"));
  const missing = 8 - (left?.length ?? 0) - (right?.length ?? 0);
  const groups = [...left ?? [], ...Array.from({ length: missing }, () => "0"), ...right ?? []];
  return Uint8Array.fromHex(groups.map((group) => group.padStart(4, "0")).join(""));
}
