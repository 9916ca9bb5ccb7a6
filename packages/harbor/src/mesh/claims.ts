import type { Handle } from '@skynet/core';

/** Something that whoever decides is asked for. */
export interface Claim {
  readonly what: 'claim' | 'release';
  readonly name: string;
  readonly handle: Handle;
  /** Who has to have the name; 0 for nobody. */
  readonly expected: Handle;
}

interface OpenClaim extends Claim {
  readonly resolve: (owner: Handle) => void;
  readonly reject: (error: Error) => void;
}

/** What a node has asked whoever decides and has no answer to yet. */
export class Claims {
  readonly #put: (request: number, claim: Claim) => void;
  readonly #open = new Map<number, OpenClaim>();
  #next = 1;

  /** @param put - puts a question to whoever decides by now; its answer comes to {@link decided} or {@link failed}. */
  constructor(put: (request: number, claim: Claim) => void) {
    this.#put = put;
  }

  /** Asks. Resolves to who has the name then. */
  ask(claim: Claim): Promise<Handle> {
    return new Promise((resolve, reject) => {
      const request = this.#next++;
      this.#open.set(request, { ...claim, resolve, reject });
      this.#put(request, claim);
    });
  }

  decided(request: number, owner: Handle): void {
    this.#take(request)?.resolve(owner);
  }

  failed(request: number, error: Error): void {
    this.#take(request)?.reject(error);
  }

  /** Somebody else decides: what was not answered is asked again. */
  again(): void {
    for (const [request, claim] of [...this.#open]) this.#put(request, claim);
  }

  /** Nobody will answer. */
  failAll(error: Error): void {
    for (const request of [...this.#open.keys()]) this.failed(request, error);
  }

  #take(request: number): OpenClaim | undefined {
    const claim = this.#open.get(request);
    this.#open.delete(request);
    return claim;
  }
}
