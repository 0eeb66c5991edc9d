import type { ASTNode, Environment, ParseError, ParseResult } from '@marcbachmann/cel-js';
import { goRegExp } from '../go-reg-exp.js';
import { compileProblem, problemAt, runtimeProblem } from './cel-problems.js';
import { GO_MATCHES } from './string-library.js';

export interface CelVariables {
  readonly self: unknown;
  readonly oldSelf?: unknown;
}

/** A compiled CEL expression. */
export class CelExpression {
  private constructor(
    private readonly run: ParseResult,
    /** Whether it looks at the value from before the change. */
    readonly usesOldSelf: boolean,
  ) {}

  /** @returns the expression, or why it cannot be used, in the words of the API server */
  static compile(
    environment: Environment,
    source: string,
    wanted: 'bool' | 'string',
  ): CelExpression | { readonly problem: string } {
    const nodes = parse(environment, source);
    if (typeof nodes === 'string') return { problem: nodes };
    const meant = withGoPatterns(source, nodes);
    const { valid, type, error } = environment.check(meant);
    if (!valid) return { problem: compileProblem(source, error) };
    // A field that may be null has no known type here.
    if (type !== wanted && type !== 'dyn') {
      const problem =
        wanted === 'bool'
          ? 'cel expression must evaluate to a bool'
          : 'messageExpression must evaluate to a string';
      return { problem };
    }
    const problem = fieldProblem(environment, source, meant, nodes) ?? patternProblem(source, nodes);
    if (problem) return { problem };
    return new CelExpression(
      environment.parse(meant),
      nodes.some((node) => node.op === 'id' && node.args === 'oldSelf'),
    );
  }

  /** @throws Error in the words of the API server */
  evaluate(variables: CelVariables): unknown {
    try {
      return this.run({ ...variables });
    } catch (error) {
      throw new Error(runtimeProblem(error), { cause: error });
    }
  }
}

/** The function that stands for `has` where fields are checked: the library lets `has` ask for any field. */
export const CHECKED_HAS = '_ha';

/** @returns all parts of an expression, or why it is none */
function parse(environment: Environment, source: string): ASTNode[] | string {
  try {
    return allNodes(environment.parse(source).ast);
  } catch (error) {
    return compileProblem(source, error as ParseError);
  }
}

/** The same expression with Go's regular expressions in place of JavaScript's, of the same length. */
function withGoPatterns(source: string, nodes: readonly ASTNode[]): string {
  return nodes.reduce((text, node) => {
    if (node.op !== 'rcall' || node.args[0] !== 'matches') return text;
    const at = text.indexOf('matches', node.args[1].end);
    return text.slice(0, at) + GO_MATCHES + text.slice(at + GO_MATCHES.length);
  }, source);
}

function fieldProblem(
  environment: Environment,
  source: string,
  meant: string,
  nodes: readonly ASTNode[],
): string | undefined {
  const asked = nodes.filter((node) => node.op === 'call' && node.args[0] === 'has');
  if (asked.length === 0) return undefined;
  // The same length, so that positions stay true.
  const strict = asked.reduce(
    (text, { start }) => `${text.slice(0, start)}${CHECKED_HAS}${text.slice(start + CHECKED_HAS.length)}`,
    meant,
  );
  const { valid, error } = environment.check(strict);
  if (valid) return undefined;
  const itself = asked.find(({ end }) => end - 1 === error?.range?.end && error?.code === 'no_such_key');
  if (!itself) return compileProblem(source, error);
  const field = error?.summary.replace(/^No such key: /, '');
  return problemAt(source, itself.start + 'has'.length, `undefined field '${field}'`);
}

/** A regular expression that is written out and is none. */
function patternProblem(source: string, nodes: readonly ASTNode[]): string | undefined {
  for (const node of nodes) {
    if (node.op !== 'rcall' || !['matches', 'find', 'findAll'].includes(node.args[0])) continue;
    const [pattern] = node.args[2];
    if (pattern?.op !== 'value' || typeof pattern.args !== 'string') continue;
    try {
      goRegExp(pattern.args);
    } catch {
      return problemAt(source, pattern.start, `invalid ${node.args[0]} argument`);
    }
  }
  return undefined;
}

function allNodes(root: ASTNode): ASTNode[] {
  const nodes: ASTNode[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (isNode(value)) {
      nodes.push(value);
      visit(value.args);
    }
  };
  visit(root);
  return nodes;
}

const isNode = (value: unknown): value is ASTNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
