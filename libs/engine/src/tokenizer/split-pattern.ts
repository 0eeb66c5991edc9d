/** What may stand in a row in a match: a letter on the left of the boundary, and the character on its right. */
interface Reach {
  readonly left: boolean;
  readonly right: boolean;
  /** Matches the empty text too. */
  readonly empty: boolean;
  /** Left characters that this matches all by themselves. */
  readonly alone: ReadonlySet<string>;
  readonly looksAhead: boolean;
}

class NotUnderstood extends Error {}

const NOTHING: Reach = { left: false, right: false, empty: true, alone: new Set(), looksAhead: false };
const QUANTIFIER = /(?:[*+?]|\{(\d+)(,?)(\d*)\})[+?]?/y;
const GROUP = /\((?:\?(?:(i)?:|([=!])))?/y;
// A class without nested ones, an escape of one character, or a character that stands for itself.
const ATOM =
  /\[\^?(?:\\.(?:\{[^}]*\})?|[^\]\\[])+\]|\\(?:[pP]\{[^}]*\}|[dDwWsSrntfv]|[^A-Za-z0-9])|[^\\[\](){}|*+?^$]/uy;

/**
 * Whether a pattern of a pre-tokenizer ends its matches between each left and each right character, wherever they meet in
 * a text:
 *
 * - `splits`: always; one match ends before the boundary and what follows is found as if the text began there
 * - `passes`: no match lies across it, but the boundary may be inside of what the pattern leaves unmatched
 * - undefined: it may not, or the pattern has something that is not judged here (lookbehind, anchors, …)
 *
 * A match crosses where one of its parts can take a left character and the same part again, or a later one, a right
 * character. Lookaheads are taken where nothing before them is a left character: they never look past the boundary.
 */
export function judgeSplitPattern(
  source: string,
  lefts: readonly string[],
  rights: readonly string[],
): 'splits' | 'passes' | undefined {
  try {
    const parser = new Parser(source, lefts, rights);
    const reach = parser.alternatives(false);
    if (!parser.atEnd || reach.empty) return undefined;
    return lefts.every((left) => reach.alone.has(left)) ? 'splits' : 'passes';
  } catch (error) {
    if (error instanceof NotUnderstood || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

class Parser {
  private at = 0;

  constructor(
    private readonly source: string,
    private readonly lefts: readonly string[],
    private readonly rights: readonly string[],
  ) {}

  get atEnd(): boolean {
    return this.at === this.source.length;
  }

  alternatives(ignoreCase: boolean): Reach {
    let all = this.sequence(ignoreCase);
    while (this.source[this.at] === '|') {
      this.at++;
      const next = this.sequence(ignoreCase);
      all = {
        left: all.left || next.left,
        right: all.right || next.right,
        empty: all.empty || next.empty,
        alone: new Set([...all.alone, ...next.alone]),
        looksAhead: all.looksAhead || next.looksAhead,
      };
    }
    return all;
  }

  private sequence(ignoreCase: boolean): Reach {
    let all = NOTHING;
    while (!this.atEnd && this.source[this.at] !== '|' && this.source[this.at] !== ')') {
      const next = this.repeated(this.item(ignoreCase));
      if (all.left && next.right) throw new NotUnderstood();
      all = {
        left: all.left || next.left,
        right: all.right || next.right,
        empty: all.empty && next.empty,
        alone: new Set([...(next.empty ? all.alone : []), ...(all.empty ? next.alone : [])]),
        looksAhead: all.looksAhead || next.looksAhead,
      };
      if (all.looksAhead && all.left) throw new NotUnderstood();
    }
    return all;
  }

  private item(ignoreCase: boolean): Reach {
    if (this.source[this.at] !== '(') return this.atom(ignoreCase);
    const [opening, insensitive, lookahead] = this.take(GROUP);
    if (opening === '(' && this.source[this.at] === '?') throw new NotUnderstood();
    const inside = lookahead
      ? this.atom(ignoreCase)
      : this.alternatives(ignoreCase || insensitive !== undefined);
    if (this.source[this.at++] !== ')') throw new NotUnderstood();
    return lookahead ? { ...NOTHING, looksAhead: true } : inside;
  }

  private atom(ignoreCase: boolean): Reach {
    const [atom] = this.take(ATOM);
    const pattern = new RegExp(`^(?:${atom})$`, ignoreCase ? 'iu' : 'u');
    const alone = new Set(this.lefts.filter((left) => pattern.test(left)));
    const right = this.rights.some((character) => pattern.test(character));
    return { left: alone.size > 0, right, empty: false, alone, looksAhead: false };
  }

  private repeated(item: Reach): Reach {
    QUANTIFIER.lastIndex = this.at;
    const found = QUANTIFIER.exec(this.source);
    if (!found) return item;
    this.at = QUANTIFIER.lastIndex;
    const [text, least, comma, most] = found;
    const min = least === undefined ? (text.startsWith('+') ? 1 : 0) : Number(least);
    const max = least === undefined ? (text.startsWith('?') ? 1 : 2) : comma ? Number(most || 2) : min;
    if (item.looksAhead || (max > 1 && item.left && item.right)) throw new NotUnderstood();
    return { ...item, empty: item.empty || min === 0, alone: min > 1 ? new Set() : item.alone };
  }

  private take(expected: RegExp): RegExpExecArray {
    expected.lastIndex = this.at;
    const found = expected.exec(this.source);
    if (!found) throw new NotUnderstood();
    this.at = expected.lastIndex;
    return found;
  }
}
