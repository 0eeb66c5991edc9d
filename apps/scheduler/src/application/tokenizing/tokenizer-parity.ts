import type { EnginePrompt } from '@penstock/engine';
import type { Fleet, FleetEndpoint } from '../fleet.js';
import type { LoadedTokenizer, ModelTokenizers } from './model-tokenizers.js';

/** Whether our tokens are the engine's: `unknown` until an engine was asked, and where none can say. */
export type Parity = 'match' | 'drift' | 'unknown';
export type PromptKind = EnginePrompt['kind'];
const KINDS: readonly PromptKind[] = ['text', 'chat'];

/** Parity of one model's prompts of one kind. */
export interface ModelParity {
  readonly model: string;
  readonly kind: PromptKind;
  readonly outcome: Parity;
  /** Of a drift: what differs, and on which engine. */
  readonly detail?: string;
}

export interface ParityView {
  of(model: string, kind: PromptKind): Parity;
  list(): readonly ModelParity[];
}

/** Written to show what tokenizers, their settings and their versions differ in. */
export const PROBES: readonly EnginePrompt[] = [
  {
    kind: 'text',
    text: "The gate opens at 06:30, doesn't it?\n\n\tNaïve café: 1234567 m³ of 水 🚰 — two  spaces, HTMLParser_v2.\r\n",
  },
  { kind: 'text', text: ' leading space, e\u0301 in two parts, trailing space ' },
  {
    kind: 'chat',
    addGenerationPrompt: true,
    messages: [
      { role: 'user', content: 'Open gate 12, please.' },
      { role: 'assistant', content: 'Gate 12 is open.' },
      { role: 'user', content: ' How  high\nis the water? 水' },
    ],
  },
];

export interface ParityDependencies {
  readonly fleet: Fleet;
  readonly tokenizers: ModelTokenizers;
  /** Tokens of a prompt from the engine at an address. */
  readonly ask: (address: string, model: string, prompt: EnginePrompt) => Promise<Uint32Array>;
  readonly nowMs: () => number;
  /** Called when a model's outcome changes. */
  readonly onChange: (parity: ModelParity) => void;
}

interface Checked {
  readonly model: string;
  /** Life of the engine and files of the tokenizer that were compared. */
  readonly of: string;
  readonly atMs: number;
  readonly outcomes: Readonly<Record<PromptKind, { readonly outcome: Parity; readonly detail?: string }>>;
}

/** An engine that could not say is asked again after this time. */
const RETRY_MS = 60_000;
const CHECKS_AT_ONCE = 4;

/**
 * Compares our tokens of fixed prompts with the engines': every engine once when it appears or restarts, and again when the
 * tokenizer's files change. One engine that differs is enough: keys of its blocks would never match, so its model's prompts
 * are then tokenised by the engines.
 */
export class TokenizerParity implements ParityView {
  private readonly checked = new Map<string, Checked>();
  private readonly outcomes = new Map<string, ModelParity>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly deps: ParityDependencies) {}

  of(model: string, kind: PromptKind): Parity {
    return this.outcomes.get(idOf(model, kind))?.outcome ?? 'unknown';
  }

  list(): readonly ModelParity[] {
    return [...this.outcomes.values()];
  }

  start(intervalMs: number): void {
    this.timer = setInterval(() => {
      this.running ??= this.check().finally(() => {
        this.running = undefined;
      });
    }, intervalMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** Looks at every engine that was not compared as it is now. */
  async check(): Promise<void> {
    const engines = this.deps.fleet.pools().flatMap((pool) => pool.endpoints);
    const known = new Set(engines.map(({ engineId }) => engineId));
    for (const engineId of this.checked.keys()) if (!known.has(engineId)) this.checked.delete(engineId);
    const due = engines.filter((engine) => this.isDue(engine));
    const next = async (): Promise<void> => {
      for (let engine = due.pop(); engine; engine = due.pop()) await this.compare(engine);
    };
    await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, next));
    this.sum();
  }

  private isDue(engine: FleetEndpoint): boolean {
    const { answers, baseModel, engineId } = engine;
    if (!answers || baseModel === undefined) return false;
    const loaded = this.deps.tokenizers.of(baseModel);
    if (!loaded) return false;
    const before = this.checked.get(engineId);
    if (before?.of !== comparisonOf(engine, baseModel, loaded)) return true;
    const unknown = KINDS.every((kind) => before.outcomes[kind].outcome === 'unknown');
    return unknown && this.deps.nowMs() - before.atMs >= RETRY_MS;
  }

  private async compare(engine: FleetEndpoint): Promise<void> {
    const { baseModel: model, address, engineId } = engine;
    const loaded = model === undefined ? undefined : this.deps.tokenizers.of(model);
    if (model === undefined || !loaded) return;
    const of = comparisonOf(engine, model, loaded);
    const results = await Promise.all(PROBES.map((probe) => this.probe(address, model, probe, loaded)));
    const outcomeOf = (kind: PromptKind) => {
      const ofKind = results.filter((_, i) => PROBES[i]?.kind === kind);
      const drift = ofKind.find(({ outcome }) => outcome === 'drift');
      if (drift) return { outcome: drift.outcome, detail: `engine ${engineId}: ${drift.detail}` };
      return { outcome: ofKind.some(({ outcome }) => outcome === 'match') ? 'match' : 'unknown' } as const;
    };
    const outcomes = { text: outcomeOf('text'), chat: outcomeOf('chat') };
    this.checked.set(engineId, { model, of, atMs: this.deps.nowMs(), outcomes });
  }

  private async probe(
    address: string,
    model: string,
    probe: EnginePrompt,
    { tokenizer }: LoadedTokenizer,
  ): Promise<{ outcome: Parity; detail?: string }> {
    let ours: Uint32Array;
    try {
      if (probe.kind === 'text') ours = tokenizer.encode(probe.text);
      else ours = tokenizer.encodeChat(probe.messages as never);
    } catch {
      // Our template refuses the chat: then every chat is tokenised by the engines anyway.
      return { outcome: 'unknown' };
    }
    try {
      const theirs = await this.deps.ask(address, model, probe);
      const at = ours.findIndex((id, i) => id !== theirs[i]);
      if (at < 0 && ours.length === theirs.length) return { outcome: 'match' };
      const where = at < 0 ? ours.length : at;
      const detail = `${ours.length} tokens here and ${theirs.length} there, token ${where} is ${ours[where] ?? 'none'} here and ${theirs[where] ?? 'none'} there`;
      return { outcome: 'drift', detail };
    } catch {
      return { outcome: 'unknown' };
    }
  }

  /** Models keep their outcome while no engine of theirs is there. */
  private sum(): void {
    for (const kind of KINDS) {
      const models = new Map<string, ModelParity>();
      for (const { model, outcomes } of this.checked.values()) {
        const { outcome, detail } = outcomes[kind];
        const before = models.get(model)?.outcome;
        if (before === 'drift' || (before === 'match' && outcome === 'unknown')) continue;
        models.set(model, { model, kind, outcome, ...(detail === undefined ? {} : { detail }) });
      }
      for (const parity of models.values()) {
        const id = idOf(parity.model, kind);
        const changed = this.outcomes.get(id)?.outcome !== parity.outcome;
        this.outcomes.set(id, parity);
        if (changed) this.deps.onChange(parity);
      }
    }
  }
}

const idOf = (model: string, kind: PromptKind): string => `${kind} ${model}`;

function comparisonOf(
  { address, lives = 0 }: FleetEndpoint,
  model: string,
  { source }: LoadedTokenizer,
): string {
  return JSON.stringify([address, lives, model, source.dir, source.version]);
}
