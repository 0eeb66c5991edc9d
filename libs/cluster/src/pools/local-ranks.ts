import { DATA_PARALLEL_ANNOTATION, type Pod } from '@penstock/contracts';

/** The data-parallel ranks of an engine that run in one pod. */
export interface LocalRanks {
  /** Rank of the first one within the whole engine: vLLM adds a rank to the ports of its events. */
  readonly first: number;
  readonly count: number;
}

type Container = NonNullable<Pod['spec']>['containers'][number];

/** More in one pod than any node has accelerators is a mistake. */
const MAX_RANKS = 64;

/**
 * How many data-parallel ranks a pod runs, by its annotation `penstock.dev/data-parallel-size`, else by the arguments of
 * vLLM in its containers (`--data-parallel-size`, `-size-local`, `-start-rank`, `-rank` and their short forms). One rank
 * when neither says anything usable.
 */
export function localRanksOf(pod: Pod): LocalRanks {
  const words = (pod.spec?.containers ?? []).flatMap(wordsOf);
  const argument = (...names: string[]) => argumentOf(words, names);
  // Each rank is a server of its own, in a pod of its own.
  const single = argument('--data-parallel-rank', '-dpn');
  if (single !== undefined) return { first: single, count: 1 };
  const first = argument('--data-parallel-start-rank', '-dpr') ?? 0;
  const annotated = wholeNumber(pod.metadata.annotations?.[DATA_PARALLEL_ANNOTATION]);
  const local = argument('--data-parallel-size-local', '-dpl');
  const count = annotated ?? local ?? argument('--data-parallel-size', '-dp') ?? 1;
  return { first, count: count >= 1 && count <= MAX_RANKS ? count : 1 };
}

/** A command line may be several words, or one script. `$(NAME)` is a variable of the container, as Kubernetes has it. */
function wordsOf({ command = [], args = [], env = [] }: Container): string[] {
  const values = new Map(env.map(({ name, value }) => [name, value ?? '']));
  const text = [...command, ...args].join(' ');
  return text.replace(/\$\(([A-Za-z_]\w*)\)/g, (whole, name) => values.get(name) ?? whole).split(/[\s=]+/);
}

function argumentOf(words: readonly string[], names: readonly string[]): number | undefined {
  const at = words.findIndex((word) => names.includes(word));
  return at < 0 ? undefined : wholeNumber(words[at + 1]);
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}
