/** Hears what an elector does; measurements hang here. */
export interface ElectionObserver {
  /** Leads now, or does not. Called once at the beginning and after each change. */
  onLeading(election: string, leading: boolean): void;
  /** A renewal had to read the Lease first. */
  onSlowPath(election: string): void;
}
