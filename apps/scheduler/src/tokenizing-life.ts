import type { TokenizerWorkers } from '@penstock/engine';
import type { HttpEngineTokens } from './adapters/http-engine-tokens.js';
import type { TokenizerStore } from './adapters/tokenizer-store.js';
import type { TokenizerParity } from './application/tokenizing/tokenizer-parity.js';

const PARITY_INTERVAL_MS = 1000;
const FILES_INTERVAL_MS = 5000;

/** What of tokenising has to be started and stopped. */
export class TokenizingLife {
  constructor(
    readonly tokenizers: TokenizerStore,
    readonly parity: TokenizerParity,
    readonly engines: HttpEngineTokens,
    /** Null when there are none. */
    readonly threads: TokenizerWorkers | null,
  ) {}

  start({ compare }: { readonly compare: boolean }): void {
    this.tokenizers.start(FILES_INTERVAL_MS);
    if (compare) this.parity.start(PARITY_INTERVAL_MS);
  }

  async stop(): Promise<void> {
    await Promise.all([this.parity.stop(), this.tokenizers.stop(), this.threads?.close()]);
    await this.engines.close();
  }
}
