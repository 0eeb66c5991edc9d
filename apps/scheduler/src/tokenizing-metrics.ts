import type { Gauge } from 'prom-client';
import type { TokenizerStore } from './adapters/tokenizer-store.js';
import type { ParityView } from './application/tokenizing/tokenizer-parity.js';

export interface TokenizingSources {
  readonly tokenizers: Pick<TokenizerStore, 'list'>;
  readonly parity: ParityView;
  /** Null when there are none. */
  readonly threads: { readonly queued: number } | null;
}

type DeclareGauge = <L extends string>(
  name: string,
  help: string,
  labelNames: L[],
  collect: (gauge: Gauge<L>) => void,
) => void;

const OUTCOMES = ['match', 'drift', 'unknown'] as const;
const CUTS = ['words', 'controls', 'none'] as const;

/** Metrics of tokenizers: what they share, and whether they are the engines'. The sources are asked for when scraped. */
export function observeTokenizing(gauge: DeclareGauge, sources: () => TokenizingSources): void {
  gauge(
    'penstock_scheduler_tokenizer_parity',
    'What comparing tokens with the engines of a model came to, by kind of prompt: 1 for the outcome that applies',
    ['model', 'prompt', 'outcome'],
    (g) => {
      for (const { model, kind, outcome } of sources().parity.list())
        for (const each of OUTCOMES) g.set({ model, prompt: kind, outcome: each }, each === outcome ? 1 : 0);
    },
  );
  gauge(
    'penstock_scheduler_tokenizer_sharing',
    'How prompts that begin alike share work, 1 for what applies: cut between words, before control tokens, or not at all',
    ['model', 'cuts'],
    (g) => {
      for (const [model, { tokenizer }] of sources().tokenizers.list())
        for (const cuts of CUTS) g.set({ model, cuts }, cuts === tokenizer.sharing.cuts ? 1 : 0);
    },
  );
  gauge(
    'penstock_scheduler_tokenized_chars',
    'Characters of prompts since the tokenizer was loaded, by whether they were remembered or had to be encoded',
    ['model', 'state'],
    (g) => {
      for (const [model, { tokenizer }] of sources().tokenizers.list()) {
        const { chars, newChars } = tokenizer.memo;
        g.set({ model, state: 'remembered' }, chars - newChars);
        g.set({ model, state: 'encoded' }, newChars);
      }
    },
  );
  gauge('penstock_scheduler_tokenize_queue', 'Prompts that wait for a tokenizer thread', [], (g) =>
    g.set(sources().threads?.queued ?? 0),
  );
}
