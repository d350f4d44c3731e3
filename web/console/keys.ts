/** Idempotency keys: one for each thing that is sent, however often it is sent. */

/** Keeps the key of a body until that was accepted; another body has another key. */
export class Keys {
  private body = '';
  private key = '';

  /** Return the key to send with a body. */
  for(body: string): string {
    if (body !== this.body || this.key === '') {
      this.body = body;
      this.key = crypto.randomUUID();
    }
    return this.key;
  }

  /** Forget the key: what was sent is written, and the same text may be sent anew. */
  done(): void {
    this.key = '';
  }
}
